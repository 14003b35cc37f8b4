"""plain(): what a reader sees of Markdown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reward_service.markdown import plain
from tests.support.timing import quickest


@pytest.mark.parametrize(
    ("marked", "seen"),
    [
        ("The state is a tool.", "The state is a tool."),
        ("# The state\nIt rules.", "The state\nIt rules."),
        ("It rules:\n- by law\n* by force", "It rules:\n\nby law\n\nby force"),
        ("1. First.\n2) Second.\n(3) Third.", "First.\n\nSecond.\n\nThird."),
        ("  - [x] **done**", "done"),
        ("> Quoted **strong** and *light* words", "Quoted strong and light words"),
        ("`code` and __strong__ and _light_", "code and strong and light"),
        ("See [Capital](https://example.org/c1).", "See Capital."),
        ("| claim | verdict |\n|---|:-:|\n| rent | high |", "claim verdict\n\nrent high"),
        ("Seen. <!-- hidden\nover lines --> Seen too.", "Seen.  Seen too."),
        ("Seen. <!-- never closed", "Seen. "),
        ("Wages do ~~not~~ fall.", "Wages do  fall."),
        ("snake_case, 3*4 and 1917. A year", "snake_case, 3*4 and 1917. A year"),
        ("In 1917.\n1917. The year", "In 1917.\n1917. The year"),
        ("Surplus-value – unpaid labour – is", "Surplus-value – unpaid labour – is"),
        ("", ""),
    ],
)
def test_examples(marked: str, seen: str) -> None:
    assert plain(marked) == seen


def test_a_list_item_never_runs_into_the_sentence_above() -> None:
    assert plain("three causes\n- wages fell\n- prices rose").split("\n\n") == [
        "three causes",
        "wages fell",
        "prices rose",
    ]


@given(st.text(alphabet="ab .\n", max_size=200))
def test_text_without_marks_keeps_its_words(text: str) -> None:
    assert plain(text).split() == text.split()


@pytest.mark.parametrize("part", ["*", "_", "[", "~~", "<!--", "|-", "> ", "- ", "`", "[a]("])
def test_hostile_repetition_takes_no_time(part: str) -> None:
    assert quickest(lambda: (plain(part * 20_000), plain(("x" + part) * 10_000))) < 3
