"""The claims of an answer, the premises that passages give, and what comes of the verdicts.

Real syntax; vectors and verdicts are given, since models are not what is tested here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from reward_service.evidence.answer_claims import claim_sentences
from reward_service.evidence.faithfulness import next_pairs, pairs, readings
from reward_service.models.annotator import SpacyAnnotator
from reward_service.models.fakes import FakeEmbedder
from reward_service.types import AnnotatedSample, Calibration, Pair, Sample, Vector, Verdict, Verdicts
from shared.completion import split

STATE = "The state serves the rule of one class."
ORIGIN = "It arose when society split into hostile classes."
END = "Under communism the state will wither away for good."
BREAD = "Bread was dear in Paris before the harvest."
PARAPHRASE = "One class uses the state to rule all others."

ENTAILED = Verdict(0.9, 0.08, 0.02)
OPPOSED = Verdict(0.02, 0.08, 0.9)
OPEN = Verdict(0.1, 0.8, 0.1)
CALIBRATION = Calibration(claim_entailed=0.5, claim_contradicted=0.5)


@pytest.fixture(scope="module")
def annotator() -> SpacyAnnotator:
    return SpacyAnnotator()


def annotated(
    annotator: SpacyAnnotator, answer: str, passages: Sequence[str], close: Sequence[Sequence[str]] = ()
) -> AnnotatedSample:
    """A sample as the engine would build it; texts of one group in `close` get the vector of its first."""
    read, *given = annotator.run(annotator.prepare([answer, *passages]))
    embedder = FakeEmbedder()
    spans = [span for document in (read, *given) for span in document.sentences]
    vectors: dict[str, Vector] = {span.text: embedder.answer(span.text) for span in spans}
    for group in close:
        vectors |= dict.fromkeys(group, vectors[group[0]])
    sample = Sample("a", "?", split(answer), None, tuple(passages))
    return AnnotatedSample(sample, answer=read, passages=tuple(given), vectors=vectors)


def judged(sample: AnnotatedSample, said: Mapping[Pair, Verdict] | None = None) -> Verdicts:
    """Verdicts on exactly the pairs that are asked for; what `said` leaves out is open."""
    return Verdicts({pair: (said or {}).get(pair, OPEN) for pair in pairs(sample)}, CALIBRATION)


def step_by_step(sample: AnnotatedSample, said: Mapping[Pair, Verdict]) -> Verdicts:
    """Verdicts on no more pairs than `next_pairs` wants."""
    verdicts = Verdicts({}, CALIBRATION)
    while wanted := next_pairs(sample, verdicts):
        verdicts = verdicts.joined((pair, said.get(pair, OPEN)) for pair in wanted)
    return verdicts


def claimed(annotator: SpacyAnnotator, answer: str) -> list[str]:
    (document,) = annotator.run(annotator.prepare([answer]))
    return [span.text for span in claim_sentences(document)]


# --- what makes a claim ---------------------------------------------------------------------------------


def test_claims_are_the_sentences_that_state_something(annotator: SpacyAnnotator) -> None:
    answer = (
        f"Hello!\n\nThe origin of the state\n\n{STATE} What is it for? "
        f"It may be the case that nobody needs it. {ORIGIN} {STATE.upper()} That is right. I hope this helps."
    )
    assert claimed(annotator, answer) == [STATE, ORIGIN]


def test_that_somebody_says_something_is_a_claim_and_what_is_denied_is_none(
    annotator: SpacyAnnotator,
) -> None:
    say_so = "Some critics claim that the state is eternal."
    assert claimed(annotator, say_so) == [say_so]
    assert claimed(annotator, f"“{STATE}” This is false.") == []


def test_a_sentence_that_the_parser_takes_for_a_fragment_is_a_claim_if_it_ends_like_one(
    annotator: SpacyAnnotator,
) -> None:
    misread = "In 1917 Lenin named the first phase socialism and the second communism."
    assert claimed(annotator, misread) == [misread]
    assert claimed(annotator, "Lenin's two phases of communism") == []


@pytest.mark.parametrize(
    "answer", ["", "  ", "...", "Yes.", "the of capital and to. labour is which the by."]
)
def test_where_nothing_is_said_there_is_no_claim(annotator: SpacyAnnotator, answer: str) -> None:
    assert claimed(annotator, answer) == []


# --- what is read against it ----------------------------------------------------------------------------


def test_premises_are_the_closest_sentences_that_bear_on_the_claim_and_the_closest_with_its_neighbours(
    annotator: SpacyAnnotator,
) -> None:
    sample = annotated(annotator, PARAPHRASE, [f"{STATE} {ORIGIN}", BREAD, END], [(PARAPHRASE, STATE, END)])
    forward = [pair.premise for pair in pairs(sample) if pair.hypothesis == PARAPHRASE]
    assert forward == [STATE, END, f"{STATE} {ORIGIN}"]


def test_what_no_passage_speaks_about_asks_no_model(annotator: SpacyAnnotator) -> None:
    sample = annotated(annotator, BREAD, [STATE])
    (reading,) = readings(sample, judged(sample))
    assert pairs(sample) == ()
    assert (reading.verdict, reading.passage, reading.closest) == ("unsupported", None, STATE)


@pytest.mark.parametrize("lead", ["Therefore, ", "(2) And so ", ""])
def test_a_copy_is_supported_without_a_model(annotator: SpacyAnnotator, lead: str) -> None:
    answer = f"{lead}{STATE[0].lower()}{STATE[1:-1]}!"
    sample = annotated(annotator, answer, [BREAD, f"{END} {STATE}"])
    (reading,) = readings(sample, judged(sample))
    assert pairs(sample) == ()
    assert (reading.verdict, reading.passage, reading.support) == ("supported", 1, STATE)
    assert answer[reading.start : reading.end] == reading.sentence


@pytest.mark.parametrize(
    "passage",
    [
        f"“{STATE}” This is false.",
        "Does the state serve the rule of one class?",
        "Is it true? " + STATE[:-1] + "?",
    ],
)
def test_what_a_passage_denies_or_asks_supports_nothing(annotator: SpacyAnnotator, passage: str) -> None:
    sample = annotated(annotator, STATE, [passage])
    everything = dict.fromkeys(pairs(sample), ENTAILED)
    (reading,) = readings(sample, judged(sample, everything))
    assert reading.verdict != "supported"


def test_a_denied_copy_contradicts(annotator: SpacyAnnotator) -> None:
    sample = annotated(annotator, STATE, [f"“{STATE}” This is false."])
    (reading,) = readings(sample, judged(sample))
    assert (reading.verdict, reading.passage) == ("contradicted", 0)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ("The workers of Paris rose against the government in March 1917.", "number"),
        ("The workers of Paris did not rise against the government in March 1871.", "negation"),
        ("The workers of Vienna rose against the government in March 1871.", "name"),
    ],
)
def test_a_false_copy_is_contradicted_whatever_a_model_says(
    annotator: SpacyAnnotator, answer: str, kind: str
) -> None:
    passage = "The workers of Paris rose against the government in March 1871."
    sample = annotated(annotator, answer, [BREAD, passage])
    everything = dict.fromkeys(pairs(sample), ENTAILED)
    (reading,) = readings(sample, judged(sample, everything))
    assert (reading.verdict, reading.against, reading.passage) == ("contradicted", passage, 1)
    assert reading.differs is not None
    assert reading.differs.kind == kind


# --- what comes of the verdicts -------------------------------------------------------------------------


def test_the_best_premise_supports_and_its_passage_is_named(annotator: SpacyAnnotator) -> None:
    sample = annotated(annotator, PARAPHRASE, [BREAD, STATE, END], [(PARAPHRASE, STATE, END)])
    (reading,) = readings(sample, judged(sample, {Pair(END, PARAPHRASE): ENTAILED}))
    assert (reading.verdict, reading.support, reading.passage) == ("supported", END, 2)
    assert reading.entailment == pytest.approx(0.9)


def test_what_is_neither_entailed_nor_contradicted_is_unsupported(annotator: SpacyAnnotator) -> None:
    sample = annotated(annotator, PARAPHRASE, [STATE], [(PARAPHRASE, STATE)])
    (reading,) = readings(sample, judged(sample))
    assert (reading.verdict, reading.support, reading.against) == ("unsupported", None, None)


@pytest.mark.parametrize(
    ("back", "verdict"), [(OPPOSED, "contradicted"), (OPEN, "contradicted"), (ENTAILED, "unsupported")]
)
def test_a_models_contradiction_needs_both_directions(
    annotator: SpacyAnnotator, back: Verdict, verdict: str
) -> None:
    sample = annotated(annotator, PARAPHRASE, [STATE], [(PARAPHRASE, STATE)])
    said = {Pair(STATE, PARAPHRASE): OPPOSED, Pair(PARAPHRASE, STATE): back}
    (reading,) = readings(sample, judged(sample, said))
    assert reading.verdict == verdict
    assert reading.against == (STATE if verdict == "contradicted" else None)


def test_only_the_closest_sentence_contradicts(annotator: SpacyAnnotator) -> None:
    sample = annotated(annotator, PARAPHRASE, [STATE, END], [(PARAPHRASE, STATE, END)])
    said = dict.fromkeys((Pair(END, PARAPHRASE), Pair(PARAPHRASE, END)), OPPOSED)
    (reading,) = readings(sample, judged(sample, said))
    assert reading.verdict == "unsupported"


def test_the_source_is_no_part_of_what_is_claimed(annotator: SpacyAnnotator) -> None:
    answer = f"According to the passages, {PARAPHRASE[0].lower()}{PARAPHRASE[1:]}"
    sample = annotated(annotator, answer, [STATE], [(answer, STATE)])
    (reading,) = readings(sample, judged(sample, {Pair(STATE, PARAPHRASE): ENTAILED}))
    assert (reading.verdict, reading.sentence) == ("supported", answer)


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ({Pair(STATE, PARAPHRASE): ENTAILED}, 1),
        ({Pair(END, PARAPHRASE): ENTAILED}, 3),
        ({Pair(STATE, PARAPHRASE): OPPOSED, Pair(PARAPHRASE, STATE): OPPOSED}, 4),
        ({Pair(STATE, PARAPHRASE): OPPOSED, Pair(END, PARAPHRASE): ENTAILED}, 4),
        ({}, 3),
    ],
)
def test_fewer_pairs_come_to_the_same(
    annotator: SpacyAnnotator, said: Mapping[Pair, Verdict], asked: int
) -> None:
    sample = annotated(annotator, PARAPHRASE, [f"{STATE} {ORIGIN}", END], [(PARAPHRASE, STATE, END)])
    lazily = step_by_step(sample, said)
    assert len(lazily.by_pair) == asked
    assert readings(sample, lazily) == readings(sample, judged(sample, said))
    assert set(lazily.by_pair) <= set(pairs(sample))


def test_readings_are_plain_json(annotator: SpacyAnnotator) -> None:
    sample = annotated(annotator, f"{STATE} {BREAD}", [STATE, ""])
    for reading in readings(sample, judged(sample)):
        json.dumps(reading.evidence(), allow_nan=False)


def test_passages_without_words_give_no_reading(annotator: SpacyAnnotator) -> None:
    sample = annotated(annotator, STATE, ["...", ""])
    assert readings(sample, judged(sample)) == ()


def test_the_same_sentence_in_two_passages_is_read_once(annotator: SpacyAnnotator) -> None:
    sample = annotated(annotator, PARAPHRASE, [STATE, STATE, BREAD], [(PARAPHRASE, STATE)])
    assert [pair for pair in pairs(sample) if pair.hypothesis == PARAPHRASE] == [Pair(STATE, PARAPHRASE)]
    assert np.isclose(sample.vectors[STATE] @ sample.vectors[PARAPHRASE], 1.0)
