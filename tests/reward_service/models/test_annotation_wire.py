"""What goes to annotator processes and comes back: pieces of batches, and documents in columns."""

from __future__ import annotations

import pickle

import pytest

from reward_service.models.annotation_pieces import Piece, SubmittedBatch, cut
from reward_service.models.annotation_wire import pack, unpack
from reward_service.models.annotator import SpacyAnnotator
from reward_service.models.fake_syntax import annotate
from reward_service.types import EMPTY_DOCUMENT, Annotate, Document
from tests.reward_service.models.test_annotator import PROSE

TEXTS = (
    "Karl Marx wrote it in 1867. The state, they say, rules.",
    "value",
    "",
    "…",
    "Nobody\n- reads\n- lists",
)


def batch_of(*lengths: int) -> SubmittedBatch:
    return SubmittedBatch([Annotate("x" * length) for length in lengths])


def ranges(pieces: list[Piece]) -> list[tuple[int, int]]:
    return [(piece.first, piece.last) for piece in pieces]


def test_documents_come_back_as_they_were() -> None:
    documents = [*map(annotate, TEXTS), EMPTY_DOCUMENT, Document(" ")]
    assert documents[0].entities
    texts = [document.text for document in documents]
    assert unpack(texts, [pack(documents)]) == documents
    assert unpack(texts, [pack(documents[:2]), pack(documents[2:])]) == documents
    back = unpack(texts, [pack(documents)])[0]
    assert [type(value) for value in back.tokens[0]] == [type(value) for value in documents[0].tokens[0]]
    assert [type(value) for value in back.chunks[0]] == [type(value) for value in documents[0].chunks[0]]


def test_equal_words_are_one_string() -> None:
    one, two = unpack(["The state.", "The state."], [pack([annotate("The state.")]) for _ in range(2)])
    assert one.tokens[1].text is two.tokens[1].text
    assert one.tokens[1].lemma is two.tokens[1].lemma


def test_columns_are_smaller_than_documents(annotator: SpacyAnnotator) -> None:
    documents = annotator.run(annotator.prepare([PROSE]))
    assert len(pack(documents)) < 0.7 * len(pickle.dumps(documents, protocol=pickle.HIGHEST_PROTOCOL))


def test_texts_and_documents_must_match() -> None:
    with pytest.raises(ValueError, match="shorter"):
        unpack(["The state.", "one more"], [pack([annotate("The state.")])])


@pytest.mark.parametrize(
    ("lengths", "count", "expected"),
    [
        ((), 4, []),
        ((5,), 4, [(0, 1)]),
        ((5, 5, 5, 5), 4, [(0, 1), (1, 2), (2, 3), (3, 4)]),
        ((5, 5, 5, 5), 2, [(0, 2), (2, 4)]),
        ((100, 1, 1, 1), 2, [(0, 1), (1, 4)]),
        ((100, 1, 1, 1), 3, [(0, 1), (1, 2), (2, 4)]),
        ((3,) * 10, 4, [(0, 3), (3, 6), (6, 8), (8, 10)]),
        ((0, 0), 2, [(0, 1), (1, 2)]),
    ],
)
def test_pieces_are_about_equal(
    lengths: tuple[int, ...], count: int, expected: list[tuple[int, int]]
) -> None:
    assert ranges(cut(batch_of(*lengths), count)) == expected


def test_a_batch_is_complete_with_its_last_piece_in_any_order() -> None:
    batch = batch_of(3, 3, 3)
    first, *rest = cut(batch, 3)
    for piece in reversed(rest):
        batch.add(piece, b"%d" % piece.first)
        assert not batch.done.done()
    batch.add(first, b"0")
    assert batch.done.result() == [b"0", b"1", b"2"]
    batch.fail("too late")
    assert batch.done.exception() is None


def test_a_failed_batch_stays_failed() -> None:
    batch = batch_of(3)
    batch.fail("why")
    (piece,) = cut(batch, 1)
    batch.add(piece, b"late")
    with pytest.raises(RuntimeError, match="why"):
        batch.done.result()


def test_an_empty_batch_is_complete() -> None:
    assert batch_of().done.result() == []


def test_after_a_death_texts_go_one_by_one() -> None:
    (piece,) = cut(batch_of(1, 1, 1), 1)
    again = piece.one_by_one()
    assert ranges(again) == [(0, 1), (1, 2), (2, 3)]
    assert {one.deaths for one in again} == {1}
    assert [item for one in again for item in one.items] == piece.items
