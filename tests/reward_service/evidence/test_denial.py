"""Which sentences a text denies, and which it only seems to."""

from __future__ import annotations

import pytest

from reward_service.evidence.denial import denials
from reward_service.models.fakes import FakeAnnotator
from reward_service.types import Document, Span
from tests.support.timing import quickest

ONE = "The state is an instrument of class rule."
TWO = "It arose when society split into classes."
PASSAGE = f"{ONE} {TWO}"


def denied(text: str) -> dict[int, str]:
    """Index of each denied sentence → what is denied, in lower case and without its full stop."""
    found = denials(FakeAnnotator().answer(text))
    return {index: denial.said.casefold().rstrip(".?") for index, denial in found.items()}


STATED = ONE.casefold().rstrip(".")


@pytest.mark.parametrize(
    "text",
    [
        f"{ONE} This is false. It is neutral.",
        f"{ONE} That is completely wrong. It is neutral.",
        f"{ONE} But this is not true. It is neutral.",
        f"{ONE} That isn't the case. It is neutral.",
        f"{ONE} This view must be rejected. It is neutral.",
        f"{ONE} Nothing could be further from the truth. It is neutral.",
        f"{ONE} Nonsense. It is neutral.",
        f"{ONE} I reject this. It is neutral.",
        f"It is false that {ONE}",
        f"It is not true that {ONE}",
        f"It is a mistake to believe that {ONE}",
        f"The claim that {ONE[:-1]} is a myth.",
        f'"{ONE[:-1]}" is false.',
        f"{ONE[:-1]}, but this is wrong.",
        f"{ONE[:-1]} – that is untrue.",
        f"False: {ONE}",
        f"However, I deny that {ONE}",
        f"Lenin refused to accept that {ONE}",
        f"Lenin never believed that {ONE}",
        f"He contested the view that {ONE}",
        f"Marx called it a myth that {ONE}",
        f"The following is false: {ONE}",
        f'It is wrong to say: "{ONE}" In reality the state is neutral.',
        f"{ONE[:-1]}? No. It is neutral.",
    ],
)
def test_a_denied_statement_is_found(text: str) -> None:
    assert denied(text)[0] == STATED


@pytest.mark.parametrize(
    "text",
    [
        f"Myths\n\n{PASSAGE}",
        f"Common misconceptions about the state:\n\n{PASSAGE}",
        f"The following statements are all false:\n\n{PASSAGE}",
        f"What the theory does NOT say:\n\n{PASSAGE}",
        f"It is often said: “{PASSAGE}” Every one of these statements is false.",
        f"{PASSAGE} Do not believe a word of it.",
        f"{PASSAGE} None of this ever happened.",
        f"{PASSAGE} Correction: please disregard the paragraph above.",
        f"{PASSAGE} I take all of that back.",
        f"{ONE[:-1]} (false). {TWO[:-1]} (this is wrong).",
    ],
)
def test_a_heading_or_an_aside_denies_too(text: str) -> None:
    assert set(denied(text).values()) >= {STATED, TWO.casefold().rstrip(".")}


@pytest.mark.parametrize(
    "text",
    [
        f"The errors of the Second International:\n\n{PASSAGE}",
        f"What the theory says:\n\n{PASSAGE}",
        f"Misconceptions about the state are common. {PASSAGE}",
    ],
)
def test_other_headings_deny_nothing(text: str) -> None:
    assert denied(text) == {}


@pytest.mark.parametrize(
    "text",
    [
        f'"{PASSAGE}" This is false. The state is neutral.',
        f"“{PASSAGE}” That is a lie. The state is neutral.",
        f"{PASSAGE} None of this is true. The state is neutral.",
        f"{PASSAGE} All of the above is incorrect. The state is neutral.",
        f"{PASSAGE} Everything stated above is false. The state is neutral.",
        f"{PASSAGE} I disagree with all of this. The state is neutral.",
        f"{PASSAGE} These claims are false. The state is neutral.",
        f"{PASSAGE} This is false.",
        f"{PASSAGE} That's not true.",
    ],
)
def test_a_denial_reaches_the_whole_passage(text: str) -> None:
    assert {0, 1} <= denied(text).keys()
    assert 3 not in denied(text), "what follows is asserted"


def test_an_announcement_reaches_what_follows_until_the_writer_speaks_again() -> None:
    assert set(denied(f"The following is false. {PASSAGE} In reality the state is neutral.")) == {1, 2}
    assert set(denied(f'I reject the following. "{PASSAGE}" The state is neutral.')) == {1, 2}
    assert set(denied(f"Nothing in this text is true. {PASSAGE}")) == {1, 2}


@pytest.mark.parametrize(
    "text",
    [
        f"{PASSAGE} This is false consciousness. It is taught in schools.",
        f"{PASSAGE} This is not only true today. It was so in Rome.",
        f"Imperialism was wrong. {PASSAGE}",
        f"No. {PASSAGE}",
        f"The theory of marginal utility is false. {PASSAGE}",
        f"{PASSAGE} It is true that it will wither away.",
        f"{PASSAGE} This is not false.",
        f"{PASSAGE} On the contrary, it serves one class.",
        "",
        "This is false.",
    ],
)
def test_what_is_asserted_is_not_denied(text: str) -> None:
    assert denied(text) == {}


@pytest.mark.parametrize("denial", ["None of this is true.", "This is false."])
def test_a_denial_behind_a_reported_view_reaches_that_view_alone(denial: str) -> None:
    found = denials(FakeAnnotator().answer(f"{ONE} According to liberals, it is neutral. {denial} {TWO}"))
    assert [(index, one.view) for index, one in found.items()] == [(1, True)]


@pytest.mark.parametrize("ending", [" None of this is true.", "\n\nThis is false."])
def test_an_ending_that_denies_all_reaches_all_whoever_said_it(ending: str) -> None:
    found = denials(FakeAnnotator().answer(f"{ONE} According to Lenin, it will wither away.{ending}"))
    assert [(index, one.view) for index, one in found.items()] == [(0, False), (1, False)]


def test_a_single_denial_in_the_middle_reaches_one_sentence() -> None:
    assert set(denied(f"{ONE} {TWO} This is false. The state is neutral.")) == {1}


def test_the_cue_is_the_sentence_that_denies() -> None:
    found = denials(FakeAnnotator().answer(f"{ONE} This is false. It is neutral."))
    assert found[0].cue == "This is false."
    assert not found[0].within


@pytest.mark.parametrize(
    "text",
    ["a" * 30_000, "it is " + "really " * 5000, "this " * 6000, '"' * 30_000, "the claim that " * 2000,
     ": " * 15_000, "all of " * 5000, "so, " * 7500, "none of this " * 2300, "x, this is " * 2700,
     "it is false that " * 1700],
)  # fmt: skip
def test_no_text_makes_it_slow(text: str) -> None:
    sentence = Span(text, 0, len(text), 0, 0, 0)
    document = Document(text, sentences=(Span("Well.", 0, 0, 0, 0, 0), sentence))
    assert quickest(lambda: denials(document)) < 2
