"""Talk to the reader, and what is left of a sentence without its lead-in."""

from __future__ import annotations

import pytest

from reward_service.evidence.meta_talk import is_meta_talk, without_lead_in
from reward_service.evidence.statements import same
from tests.support.timing import quickest


@pytest.mark.parametrize(
    "text",
    [
        "Hello!",
        "Sure, here you go.",
        "You're welcome!",
        "That's a great question.",
        "This is an important and difficult question!",
        "I hope this helps.",
        "I hope that this answer was useful to you.",
        "Let me know if you have further questions.",
        "Feel free to ask.",
        "If you need more detail, I can help.",
        "I'd be happy to explain this in more detail.",
        "I will now briefly outline the main points.",
        "We will look at three of its causes.",
        "As an AI language model, I have no opinions.",
        "I don't know who wrote it.",
        "I cannot answer this from the passages.",
        "The passages do not mention the Paris Commune.",
        "Unfortunately, the provided context doesn't say when it was.",
        "Based on the passages, here is a summary of the argument.",
        "Here is a short answer to the question.",
        "There is no information about this in the given sources.",
        "This answer is based on the passages.",
        "Its causes are the following:",
    ],
)
def test_talk_to_the_reader_claims_nothing(text: str) -> None:
    assert is_meta_talk(text)


@pytest.mark.parametrize(
    "text",
    [
        "Wages fall when unemployment rises.",
        "The source of value does not lie in exchange.",
        "The material conditions do not change by themselves.",
        "The sources of profit do not mention themselves to the owner.",
        "We cannot understand capital without labour.",
        "We give up part of our day to the owner.",
        "In 1917 Lenin named the first phase socialism.",
        "High wages are no cause of crises.",
        "If you own no means of production, you sell your labour-power.",
        "The answer of the party was a general strike.",
        "Here lies the root of all crises.",
        "According to the passages, wages fall.",
        "Information was scarce during the siege.",
        "This is a question of power.",
    ],
)
def test_claims_are_no_talk(text: str) -> None:
    assert is_meta_talk(text) is (text == "This is a question of power.")


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("According to the passages, wages fall.", "Wages fall."),
        ("Based on the provided context, wages fall.", "Wages fall."),
        ("According to passage 2, wages fall.", "Wages fall."),
        ("As stated in the text, wages fall.", "Wages fall."),
        ("The second passage says that wages fall.", "Wages fall."),
        ("I think that wages fall.", "Wages fall."),
        ("However, in the given sources, wages fall.", "Wages fall."),
        ("According to Marx, wages fall.", "According to Marx, wages fall."),
        ("In the text of 1848 wages fall.", "In the text of 1848 wages fall."),
        ("Wages fall.", "Wages fall."),
    ],
)
def test_the_lead_in_is_left_out(text: str, rest: str) -> None:
    assert without_lead_in(text) == rest


@pytest.mark.parametrize("piece", ["however, ", "the of the ", "if you ", "I ", "according to the ", "a"])
def test_no_text_takes_long(piece: str) -> None:
    assert quickest(lambda: is_meta_talk(piece * (40_000 // len(piece)))) < 1


@pytest.mark.parametrize(
    "text", ["Wages fall [1].", "[1] Wages fall.", "Wages fall [2, 4].", "Wages [3–5] fall.", "Wages fall."]
)
def test_a_citation_is_no_part_of_what_is_said(text: str) -> None:
    assert same(text, "Wages fall.")
    assert without_lead_in(text).replace(" .", ".") == "Wages fall."
