"""The fakes keep to the protocols and say something sensible, always the same."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reward_service.models.fakes import FakeAnnotator, FakeEmbedder, FakeNli, fake_pack
from reward_service.models.protocols import ModelPack
from reward_service.types import Pair, Verdict


@given(st.text(max_size=200))
def test_documents_keep_the_promises_of_types(text: str) -> None:
    (document,) = FakeAnnotator().run([text])
    covered = "".join(sentence.text for sentence in document.sentences)
    assert "".join(covered.split()) == "".join(text.split())
    position = 0
    for sentence in document.sentences:
        assert sentence.first == position < sentence.last
        assert document.tokens[sentence.root].head == sentence.root
        assert all(
            sentence.first <= token.head < sentence.last
            for token in document.tokens[sentence.first : sentence.last]
        )
        position = sentence.last
    assert position == len(document.tokens)
    for span in (*document.sentences, *document.chunks, *document.entities):
        assert text[span.start : span.end] == span.text
        assert span.first <= span.root < span.last
    for token in document.tokens:
        assert text[token.start : token.end] == token.text


def test_a_plain_sentence_has_its_roles() -> None:
    (document,) = FakeAnnotator().run(["The bourgeoisie exploits the working class. Word soup base."])
    roles = {token.text: token.dep for token in document.tokens}
    assert (roles["bourgeoisie"], roles["exploits"], roles["class"]) == ("nsubj", "ROOT", "dobj")
    assert [any(t.finite for t in document.tokens[s.first : s.last]) for s in document.sentences] == [
        True,
        False,
    ]
    assert "working class" in {chunk.text for chunk in document.chunks}


def test_vectors_are_close_where_words_are_shared() -> None:
    state, near, far, empty = FakeEmbedder().run(
        ["the state is a tool of class rule", "the state is a tool", "bananas are yellow", ""]
    )
    assert np.linalg.norm(state) == pytest.approx(1.0)
    assert state @ near > 0.6 > 0.3 > state @ far
    assert not empty.any()


def test_verdicts_follow_overlap_and_negation() -> None:
    claim = "The state is a tool of class rule"
    entailed, contradicted, open_ = FakeNli().run(
        [
            Pair(claim + ".", "The state is a tool"),
            Pair("The state is not a tool of class rule", claim),
            Pair("Bananas are yellow", claim),
        ]
    )
    assert entailed.entailment > 0.9
    assert contradicted.contradiction > 0.9
    assert open_.neutral > 0.8
    for verdict in (entailed, contradicted, open_):
        assert sum(verdict) == pytest.approx(1.0)


def test_given_verdicts_win() -> None:
    pair, verdict = Pair("a", "b"), Verdict(0.1, 0.2, 0.7)
    assert FakeNli({pair: verdict}).run([pair]) == [verdict]


def test_a_pack_of_fakes_and_its_options() -> None:
    pack: ModelPack = fake_pack(embedder=FakeEmbedder(fail_on=["poison"]))
    assert [spec.role for spec in pack.specs] == ["annotator", "embedder", "nli"]
    with pytest.raises(RuntimeError, match="poison"):
        pack.embedder.run(pack.embedder.prepare(["fine", "poison"]))
