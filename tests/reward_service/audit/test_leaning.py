"""Which sentences lean on the one before them."""

from __future__ import annotations

import pytest

from reward_service.audit.leaning import blocks, leans


@pytest.mark.parametrize(
    "text",
    ["This is so.", "However, wages fell.", "In contrast, rent rose.", "(2) Rent rose.", "He said so.", ""],
)
def test_leaning(text: str) -> None:
    assert leans(text)


@pytest.mark.parametrize("text", ["Wages fell.", "In 1848 wages fell.", "The state rules.", "“Wages” fell."])
def test_standing_alone(text: str) -> None:
    assert not leans(text)


def test_a_block_is_a_sentence_with_those_that_lean_on_it() -> None:
    assert blocks(["This is first.", "Rent rose.", "It fell.", "Thus it went.", "Wages fell."]) == [
        "This is first.",
        "Rent rose. It fell. Thus it went.",
        "Wages fell.",
    ]
