"""What each finder makes of a reward's evidence; the rewards are real where they need no model."""

from __future__ import annotations

import re
from typing import Any

import pytest

from reward_service.checks.small_talk import asks_about_something
from reward_service.rewards import reward_classes
from reward_service.types import Sample, Score
from shared.completion import split
from tests.reward_service.checks.looking import (
    BODY,
    CONSISTENCY,
    DEPTH,
    FAITHFULNESS,
    FINDERS,
    STRUCTURE,
    TOPIC,
    broken,
    look,
    one,
)

# --- what all of them keep to -----------------------------------------------------------------------------


@pytest.mark.parametrize("code", FINDERS)
def test_a_finder_has_a_plain_code_a_unit_a_docstring_and_reads_rewards_that_exist(code: str) -> None:
    finder = FINDERS[code]
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", code)
    assert finder.unit
    assert (type(finder).__doc__ or "").strip()
    assert finder.rewards <= {cls.name for cls in reward_classes()}
    assert finder.most > 0


@pytest.mark.parametrize("code", sorted(FINDERS))
@pytest.mark.parametrize("completion", ["", "…", "Yes.", BODY, "<think>never closed"])
def test_scores_that_are_missing_are_no_fault(code: str, completion: str) -> None:
    sample = Sample("0", "", split(completion), None)
    scores = {reward: Score.unscorable("not today") for reward in FINDERS[code].rewards}
    for given in (scores, {}):
        found = list(FINDERS[code].find(sample, given))
        assert found == [] or not FINDERS[code].rewards


# --- form -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "completion", ["", " \n ", "…", "---", "<think>Let me see.</think>", "<think>Let me see"]
)
def test_nothing_or_punctuation_is_no_answer(completion: str) -> None:
    assert one(look("empty", completion)).measure == 1.0


@pytest.mark.parametrize("completion", ["No.", "42", "👍", "سلام"])
def test_little_is_an_answer(completion: str) -> None:
    assert look("empty", completion) == []


def test_reasoning_that_is_not_closed() -> None:
    assert "never closed" in one(look("unclosed_reasoning", "<think>Let me see")).message
    assert look("unclosed_reasoning", f"<think>Let me see.</think>{BODY}") == []
    assert look("stray_tags", "<think>Let me see") == []


def test_tags_out_of_order_are_named() -> None:
    found = one(look("stray_tags", f"Well. <think>a</think><think>b</think>{BODY}"))
    assert found.measure == 3.0
    assert "several <think>, several </think>, text in front of <think>" in found.message
    for fine in (BODY, f"<think>a</think>{BODY}", f"a</think>{BODY}"):
        assert look("stray_tags", fine) == []


# --- broken output, by the real reward --------------------------------------------------------------------


def test_a_loop_is_measured_and_shown() -> None:
    text = f"{BODY} " + "The state withers away. " * 12
    found = one(look("loop", text, broken(text)))
    assert found.measure > 0.6
    assert found.span is not None
    assert split(text).answer[slice(*found.span)].startswith("The state withers away")
    assert "12 times" in found.message


def test_a_little_repetition_counts_in_proportion() -> None:
    text = "No, no, no! That is wrong."
    assert all(found.measure < 0.2 for found in look("loop", text, broken(text)))
    assert look("loop", BODY, broken(BODY)) == []


def test_a_cut_end_is_quoted_from_a_whole_word_on() -> None:
    text = f"{BODY} This is why the capitalist who owns the"
    found = one(look("cut_off", text, broken(text)))
    assert found.measure == 1.0
    assert "“…This is why the capitalist who owns the”" in found.message
    assert found.span is not None
    assert text[slice(*found.span)] == "who owns the"
    assert look("cut_off", BODY, broken(BODY)) == []
    unclosed = "<think>and so"
    assert look("cut_off", unclosed, broken(unclosed)) == [], "it has a code of its own"


def test_broken_characters_are_counted_and_shown() -> None:
    text = "The workersâ€™ wage isnâ€™t the value of their labour \ufffd."
    found = one(look("broken_encoding", text, broken(text)))
    assert found.measure >= 10
    assert "“â€™” (mojibake)" in found.message
    assert len(found.evidence["places"]) == 3
    assert look("broken_encoding", BODY, broken(BODY)) == []


# --- what it says -----------------------------------------------------------------------------------------


def pair(first: str, second: str, probability: float) -> dict[str, Any]:
    return {
        "first": first,
        "second": second,
        "contradiction": probability,
        "forward": 0.99,
        "back": probability,
    }


def test_each_contradicting_pair_is_a_finding_with_the_span_of_its_second_sentence() -> None:
    answer = "Rent is profit. Wages rise. Rent is not profit. Wages do not rise."
    pairs = [
        pair("Rent is profit.", "Rent is not profit.", 0.97),
        pair("Wages rise.", "Wages do not rise.", 0.93),
    ]
    evidence = {"threshold": 0.9, "contradictions": pairs, "strongest": pairs[0]}
    first, second = look("contradicts_itself", answer, {CONSISTENCY: evidence})
    assert (first.measure, second.measure) == (0.97, 0.93)
    assert first.span is not None
    assert answer[slice(*first.span)] == "Rent is not profit."
    assert first.message == "“Rent is not profit.” contradicts “Rent is profit.”."
    assert first.evidence["first"] == "Rent is profit."


def test_below_the_threshold_the_strongest_pair_is_one_finding() -> None:
    strongest = pair("Wages rise.", "Wages may fall.", 0.6)
    evidence = {"threshold": 0.9, "contradictions": [], "strongest": strongest}
    found = one(look("contradicts_itself", "Wages rise. Wages may fall.", {CONSISTENCY: evidence}))
    assert found.measure == 0.6
    assert "may contradict" in found.message
    evidence["strongest"] = None
    assert look("contradicts_itself", BODY, {CONSISTENCY: evidence}) == []


def topic(text: str, share: float) -> dict[str, Any]:
    return {"topic": text, "share": share}


def test_topics_that_are_not_taken_up_are_named() -> None:
    evidence = {"topics": [topic("surplus value", 0.0), topic("rent", 1.0)], "share": 0.5}
    found = one(look("off_topic", BODY, {TOPIC: evidence}))
    assert found.measure == 0.5
    assert "“surplus value”" in found.message
    assert "rent" not in found.message
    evidence["share"] = 1.0
    assert look("off_topic", BODY, {TOPIC: evidence}) == []


@pytest.mark.parametrize("topics", [["Thanks"], ["lot"], ["Good morning"], ["explain"], ["one sentence"], []])
def test_courtesies_and_remarks_on_the_conversation_ask_about_nothing(topics: list[str]) -> None:
    evidence = {TOPIC: {"topics": [topic(text, 0.0) for text in topics], "share": 0.0}}
    assert look("off_topic", BODY, evidence) == []
    assert look("too_short", "You're welcome.", evidence) == []
    assert not asks_about_something({TOPIC: Score.unscorable("the question names no topic")})


def test_a_short_reply_to_a_question_is_measured_by_the_words_that_are_missing() -> None:
    evidence = {TOPIC: {"topics": ["Lenin"], "note": "under 20 characters"}}
    found = one(look("too_short", "In 1924.", evidence))
    assert (found.measure, found.message) == (18.0, "The answer has only 2 words.")
    assert look("off_topic", "In 1924.", evidence) == [], "a short answer is not off topic for it"
    assert look("too_short", BODY + " " + BODY, evidence) == []
    assert one(look("too_short", "👍", evidence)).message == "The answer has no words."


def test_an_answer_without_a_sentence_is_measured_by_its_words() -> None:
    evidence = {STRUCTURE: {"sentences": 1, "complete_sentences": 0}}
    assert one(look("no_sentences", "wage labour rent profit", evidence)).measure == 4.0
    assert look("incoherent", "wage labour rent profit", evidence) == []


def test_fragments_are_a_share_of_at_least_three_sentences() -> None:
    found = one(look("incoherent", BODY, {STRUCTURE: {"sentences": 4, "complete_sentences": 1}}))
    assert found.measure == 0.75
    for sentences, complete in ((2, 1), (4, 4), (4, 0)):
        evidence = {STRUCTURE: {"sentences": sentences, "complete_sentences": complete}}
        assert look("incoherent", BODY, evidence) == []


def match(text: str, start: int) -> dict[str, Any]:
    return {"entry": text, "text": text, "start": start, "end": start + len(text)}


def test_hollow_phrases_and_bare_terms_are_rates() -> None:
    evidence = {
        "words": 50,
        "words_per_concept": 10.0,
        "buzzwords": [match("at the end of the day", 3), match("multifaceted", 40)],
        "concepts": [
            match(word, at) for at, word in enumerate(("wage", "rent", "profit", "capital", "class"))
        ],
    }
    hollow = one(look("hollow", BODY, {DEPTH: evidence}))
    assert (hollow.measure, hollow.span) == (4.0, (3, 24))
    shallow = one(look("shallow", BODY, {DEPTH: evidence}))
    assert shallow.measure == 10.0
    assert "“wage”, “rent”, “profit” and 2 more" in shallow.message
    evidence["buzzwords"] = [match("multifaceted", 40)]
    assert look("hollow", BODY, {DEPTH: evidence}) == [], "one alone is a slip"
    assert look("shallow", "Yes.", {DEPTH: {"words": 1, "note": "under 20 words"}}) == []


# --- passages ---------------------------------------------------------------------------------------------


def claim(sentence: str, start: int, verdict: str, contradiction: float = 0.0) -> dict[str, Any]:
    return {
        "sentence": sentence,
        "start": start,
        "end": start + len(sentence),
        "verdict": verdict,
        "passage": 1 if verdict != "unsupported" else None,
        "support": "…" if verdict == "supported" else None,
        "against": "The congress met in London." if verdict == "contradicted" else None,
        "entailment": 0.5,
        "contradiction": contradiction,
    }


def test_unsupported_and_contradicted_claims_are_one_finding_each() -> None:
    evidence = {
        "sentences": [
            claim("It met in 1905.", 0, "supported"),
            claim("It met in Rome.", 16, "contradicted", 0.8),
            claim("It met in Paris.", 32, "contradicted", 0.95),
            claim("All sang.", 49, "unsupported"),
        ],
        "unknown": [],
    }
    unsupported = one(look("unsupported", BODY, {FAITHFULNESS: evidence}))
    assert (unsupported.measure, unsupported.span) == (0.25, (49, 58))
    assert "1 of 4 claims" in unsupported.message
    contradicted = one(look("contradicted", BODY, {FAITHFULNESS: evidence}))
    assert (contradicted.measure, contradicted.span) == (2.0, (32, 48))
    assert contradicted.message == (
        "Passage 2 says “The congress met in London.”, and so contradicts “It met in Paris.” "
        "(2 claims in all)."
    )
    assert [each["sentence"] for each in contradicted.evidence["sentences"]] == [
        "It met in Paris.",
        "It met in Rome.",
    ]
    assert look("unknown_names", BODY, {FAITHFULNESS: evidence}) == []


def test_unknown_names_are_counted_once_each_even_where_there_is_no_claim() -> None:
    unknown = [
        {"text": "Paris", "kind": "name", "start": 3, "end": 8},
        {"text": "1911", "kind": "date", "start": 12, "end": 16},
        {"text": "Paris", "kind": "name", "start": 20, "end": 25},
    ]
    sample = Sample("0", "", split("In Paris in 1911, Paris."), None, ("A passage.",))
    score = Score.unscorable("the answer makes no claim", sentences=[], unknown=unknown)
    found = one(list(FINDERS["unknown_names"].find(sample, {FAITHFULNESS: score})))
    assert (found.measure, found.span) == (2.0, (3, 8))
    assert found.message == "No passage mentions “Paris” and “1911”."
