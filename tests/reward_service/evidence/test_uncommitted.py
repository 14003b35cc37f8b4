"""Which sentences utter a statement without standing for it."""

from __future__ import annotations

import pytest

from reward_service.evidence.uncommitted import is_uncommitted
from tests.support.timing import quickest


@pytest.mark.parametrize(
    "text",
    [
        "Is it true that wages fall?",
        "“Do wages fall?”",
        "It may or may not be the case that wages fall.",
        "It is not known whether wages fall.",
        "It remains an open question whether wages fall.",
        "Nobody can say whether wages fall.",
        "One might wonder whether wages fall.",
        "A few writers have wondered whether wages fall.",
        "Some critics claim that wages fall.",
        "But its opponents say that wages fall.",
        "Critics of the theory allege that wages fall.",
        "It is sometimes supposed that wages fall.",
        "According to one disputed account, wages fall.",
        "Whether wages fall is an open question.",
        "Suppose that wages fall.",
        "Rumour has it that wages fall.",
    ],
)
def test_a_statement_that_nobody_stands_for(text: str) -> None:
    assert is_uncommitted(text)


@pytest.mark.parametrize(
    "text",
    [
        "Wages fall.",
        "Marx argues that wages fall.",
        "According to Lenin, wages fall.",
        "Marx asked whether wages fall, and answered that they do.",
        "The critics of the programme were expelled in 1903.",
        "Whether wages fall depends on the strength of the unions.",
        "It is known that wages fall.",
        "Some writers of the Second International joined the war cabinets.",
        "People make their own history.",
        "It may be said with Engels that wages fall.",
    ],
)
def test_a_statement_that_is_made(text: str) -> None:
    assert not is_uncommitted(text)


def test_endless_sentences_take_no_time() -> None:
    texts = (
        "whether " * 5_000,
        "some critics of " * 5_000,
        "it is not clear " * 5_000,
        "people " * 9_000,
    )
    assert quickest(lambda: [is_uncommitted(text) for text in texts]) < 1
