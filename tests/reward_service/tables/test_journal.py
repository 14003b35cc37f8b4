"""The journal: what it keeps, what it recovers, and what it refuses."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from reward_service.errors import ConfigurationError
from reward_service.tables.journal import ENDING, Header, Journal
from shared.schema import Detail, ItemResult, Layer

DIGESTS = [bytes([number]) * 16 for number in range(5)]
HEADER = Header("input", ("r",), Detail.EVIDENCE)


def result(number: int) -> ItemResult:
    """With text that JSON, UTF-8 or a line might trip over."""
    layer = Layer(score=1 / 3 + number, evidence={"said": "a\nb\u2028 \ud800 é"})
    return ItemResult(id=f"row\n{number}", rewards={"r": 1 / 3 + number}, layers={"r": layer})


def begun(output: Path, rows: int = 3) -> Path:
    """A journal with some rows, as an interrupted run leaves it."""
    with Journal.opened(output, HEADER, DIGESTS) as journal:
        journal.bind("f00d")
        journal.add({number: result(number) for number in range(rows)})
    return output.with_name(output.name + ENDING)


def test_results_come_back_as_they_were_in_the_order_of_the_rows(tmp_path: Path) -> None:
    with Journal.opened(tmp_path / "out", HEADER, DIGESTS) as journal:
        journal.bind("f00d")
        journal.add({4: result(4), 3: result(3)})
        journal.add({0: result(0)})
    with Journal.opened(tmp_path / "out", HEADER, DIGESTS) as journal:
        journal.bind("f00d")
        assert len(journal) == 3
        assert [journal.todo(row) for row in range(5)] == [False, True, True, False, False]
        assert list(journal.results()) == [(number, result(number)) for number in (0, 3, 4)]
        journal.add({1: result(1)})  # behind what was read
        assert [row for row, _ in journal.results()] == [0, 1, 3, 4]
        assert journal.dropped == 0


@pytest.mark.parametrize("cut", [1, 30, 200])
def test_a_torn_last_line_is_dropped_and_scored_again(tmp_path: Path, cut: int) -> None:
    path = begun(tmp_path / "out")
    whole = path.read_bytes()
    path.write_bytes(whole[:-cut])
    with Journal.opened(tmp_path / "out", HEADER, DIGESTS) as journal:
        journal.bind("f00d")
        assert [row for row, _ in journal.results()] == [0, 1]
        assert journal.dropped > 0
        journal.add({2: result(2)})
    assert path.read_bytes() == whole


def test_nothing_counts_from_a_damaged_line_on(tmp_path: Path) -> None:
    path = begun(tmp_path / "out")
    lines = path.read_bytes().splitlines(keepends=True)
    lines[2] = lines[2].replace(b"rewards", b"rewords")
    path.write_bytes(b"".join(lines))
    with Journal.opened(tmp_path / "out", HEADER, DIGESTS) as journal:
        assert [row for row, _ in journal.results()] == [0]


@pytest.mark.parametrize(
    ("header", "says"),
    [
        (replace(HEADER, input="other"), "was begun for another input, or rows were changed since"),
        (replace(HEADER, rewards=("r", "s")), "was begun with --reward r --detail evidence"),
        (replace(HEADER, detail=Detail.SCORES), "was begun with --reward r --detail evidence"),
        (replace(HEADER, version=2), "was begun by another version"),
    ],
)
def test_a_journal_of_something_else_is_refused_and_left_alone(
    tmp_path: Path, header: Header, says: str
) -> None:
    path = begun(tmp_path / "out")
    before = path.read_bytes()
    with (
        pytest.raises(ConfigurationError, match=f"{says}.*--restart"),
        Journal.opened(tmp_path / "out", header, DIGESTS),
    ):
        pass
    assert path.read_bytes() == before
    with Journal.opened(tmp_path / "out", header, DIGESTS, restart=True) as journal:
        assert len(journal) == 0
        journal.bind("f00d")
        journal.add({0: result(0)})
    with Journal.opened(tmp_path / "out", header, DIGESTS) as journal:
        assert len(journal) == 1


def test_a_journal_of_another_fingerprint_is_refused_before_anything_is_added(tmp_path: Path) -> None:
    path = begun(tmp_path / "out")
    before = path.read_bytes()
    with (
        Journal.opened(tmp_path / "out", HEADER, DIGESTS) as journal,
        pytest.raises(ConfigurationError, match=r"fingerprint f00d, and what scores now has beef.*--restart"),
    ):
        journal.bind("beef")
    assert path.read_bytes() == before


def test_a_row_whose_text_was_changed_does_not_count(tmp_path: Path) -> None:
    begun(tmp_path / "out")
    with Journal.opened(tmp_path / "out", HEADER, [DIGESTS[0], b"changed" * 2, *DIGESTS[2:]]) as journal:
        assert [row for row, _ in journal.results()] == [0]


@pytest.mark.parametrize("content", [b"notes\n", b"notes", b'{"a": 1}\n', b"[]\n", b"\xff\n"])
def test_a_file_that_is_no_journal_is_never_overwritten(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / f"out{ENDING}"
    path.write_bytes(content)
    with (
        pytest.raises(ConfigurationError, match="holds something else"),
        Journal.opened(tmp_path / "out", HEADER, DIGESTS),
    ):
        pass
    assert path.read_bytes() == content


def test_a_run_that_was_killed_before_its_first_row_is_in_nobodys_way(tmp_path: Path) -> None:
    path = begun(tmp_path / "out")
    first = path.read_bytes().splitlines(keepends=True)[0]
    for content in (b"", first[:10], first[:-1], first, first + b'{"row'):
        path.write_bytes(content)
        with Journal.opened(tmp_path / "out", replace(HEADER, input="other"), DIGESTS) as journal:
            journal.bind("beef")
            assert len(journal) == 0
        assert not path.exists()  # an empty journal is no litter


def test_two_processes_do_not_write_one_journal(tmp_path: Path) -> None:
    with (
        Journal.opened(tmp_path / "out", HEADER, DIGESTS),
        pytest.raises(ConfigurationError, match="another process is writing"),
        Journal.opened(tmp_path / "out", HEADER, DIGESTS, restart=True),
    ):
        pass
