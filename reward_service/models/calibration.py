"""Calibrates an NLI model: temperature on labelled pairs, thresholds on honest and attacked answers.

The evidence on claims is gathered by `reward_service.evidence.claims`, exactly as the rewards gather it.
Every other question chooses the thresholds, the rest reports what they do.  Contradictions within an answer
are looked for between neighbours, without the filters by which `reward_service.evidence.consistency` spares
pairs that can't contradict each other: the threshold errs on the side of silence.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from reward_service.evidence import claims
from reward_service.evidence.consistency import NEIGHBOURS
from reward_service.models.judging import judge
from reward_service.models.nli import WindowedNli
from reward_service.models.protocols import Annotator, Embedder
from reward_service.models.rewriting.corpus import load_parser, parse_corpus, sentences_of
from reward_service.models.rewriting.variants import negated, variants
from reward_service.needs import normalised
from reward_service.quality.answers import Question
from reward_service.quality.labelled import LabelledPair
from reward_service.quality.metrics import fit_temperature
from reward_service.quality.thresholds import (
    CALLS,
    KINDS,
    Evidence,
    choose_sentence_threshold,
    choose_thresholds,
)
from reward_service.text import normalise
from reward_service.types import AnnotatedSample, Calibration, Document, Pair, Sample, Verdict, Verdicts
from shared.completion import split

BLATANT = 3
"""The first sentences of each reference that are put beside their own negation."""

Advance = Callable[[int], None]


@dataclass(frozen=True)
class Case:
    """An answer of one kind with its reference, and the verdicts on the pairs that its claims ask for."""

    kind: str
    sample: AnnotatedSample
    verdicts: Mapping[Pair, Verdict]


@dataclass(frozen=True)
class Gathered:
    """What the questions gave: the cases of each, and P(contradiction), in the weaker of both directions,
    …"""

    cases: list[list[Case]]
    within: list[float]
    """… of the pair of sentences of each reference that contradict each other most."""
    blatant: list[float]
    """… of sentences beside their own rule-made negation."""


@dataclass(frozen=True)
class Reader:
    """The models that read answers."""

    annotator: Annotator
    embedder: Embedder
    nli: WindowedNli


def temperature_of(nli: WindowedNli, pairs: Sequence[LabelledPair], advance: Advance) -> float:
    """The temperature with the least cross-entropy on labelled pairs."""
    verdicts = judge(nli, [pair.pair for pair in pairs], advance)
    factor = fit_temperature(np.array(verdicts, dtype=np.float64), pairs)
    return round(nli.calibration.temperature * factor, 3)


def gather(questions: Sequence[Question], reader: Reader, seed: int, advance: Advance) -> Gathered:
    """Answers of every kind to each question, judged; ``advance`` is called after each question."""
    corpus = parse_corpus(questions, load_parser())
    rng = random.Random(f"calibrate:{seed}")
    found = Gathered([], [], [])
    for index, question in enumerate(questions):
        doc = corpus.docs[index]
        other = corpus.docs[(index + 1 + rng.randrange(max(1, len(questions) - 1))) % len(questions)]
        answers = {**variants(doc, other, corpus.participles, rng), **question.by_hand}
        found.cases.append([_case(kind, question, answer, reader) for kind, answer in answers.items()])
        sentences = sentences_of(doc)
        texts = [normalise(sentence.text.strip()) for sentence in sentences]
        near = [
            pair for apart in range(1, NEIGHBOURS + 1) for pair in zip(texts, texts[apart:], strict=False)
        ]
        found.within.append(max(_two_way(reader.nli, near), default=0.0))
        denied = [normalise(text) for text in negated(sentences[:BLATANT])]
        found.blatant.extend(_two_way(reader.nli, list(zip(texts[:BLATANT], denied, strict=True))))
        advance(1)
    return found


def choose(gathered: Gathered, temperature: float, source: str) -> tuple[Calibration, dict[str, Any]]:
    """Thresholds from every other question, and the figures on the rest.

    Args:
        gathered: of two questions or more.
        temperature: at which they were judged.
        source: on what this was done, in words.
    """
    choosing = [case for cases in gathered.cases[::2] for case in cases]
    reporting = [case for cases in gathered.cases[1::2] for case in cases]
    sentence = choose_sentence_threshold(gathered.within)
    chosen = replace(
        choose_thresholds(_evidence(choosing)),
        temperature=temperature,
        sentence_contradicted=sentence,
        source=source,
    )
    figures = {
        "questions": len(gathered.cases),
        "chosen_on": verdict_table(choosing, chosen),
        "reported_on": verdict_table(reporting, chosen),
        "references_flagged_as_inconsistent": _share(gathered.within, sentence),
        "blatant_negations_caught": _share(gathered.blatant, sentence),
    }
    return chosen, figures


def verdict_table(cases: Sequence[Case], calibration: Calibration) -> dict[str, dict[str, float]]:
    """Kind of answer → the number of answers and the share of each verdict that `claims` gives on them."""
    table: dict[str, dict[str, float]] = {}
    for kind in KINDS:
        calls: list[str] = [
            claims.decide(claims.readings(case.sample, Verdicts(case.verdicts, calibration)), calibration)
            for case in cases
            if case.kind == kind
        ]
        if calls:
            shares = {call: round(calls.count(call) / len(calls), 3) for call in CALLS}
            table[kind] = {"n": len(calls), **shares}
    return table


def _case(kind: str, question: Question, answer: str, reader: Reader) -> Case:
    clean = normalised(Sample("calibration", question.question, split(answer), question.answer))
    said, reference = reader.annotator.run(
        reader.annotator.prepare([clean.completion.answer, clean.reference or ""])
    )
    spans = (span.text for document in (said, reference) for span in document.sentences)
    texts = list(dict.fromkeys([clean.question, *spans]))
    vectors = reader.embedder.run(reader.embedder.prepare(texts))
    sample = AnnotatedSample(
        clean,
        question=Document(clean.question),
        answer=said,
        reference=reference,
        vectors=dict(zip(texts, vectors, strict=True)),
    )
    wanted = claims.pairs(sample)
    return Case(kind, sample, dict(zip(wanted, judge(reader.nli, wanted), strict=True)))


def _two_way(nli: WindowedNli, near: Sequence[tuple[str, str]]) -> list[float]:
    """For each pair of sentences the lower P(contradiction) of the two directions."""
    forward = judge(nli, [Pair(one, two) for one, two in near])
    back = judge(nli, [Pair(two, one) for one, two in near])
    return [
        min(first.contradiction, second.contradiction) for first, second in zip(forward, back, strict=True)
    ]


def _evidence(cases: Sequence[Case]) -> Evidence:
    everything = Calibration(claim_contradicted=0.0)  # what counts is for the search to say
    readings = [claims.readings(case.sample, Verdicts(case.verdicts, everything)) for case in cases]
    return Evidence(
        entailment=np.array([reading.entailment for read in readings for reading in read]),
        contradiction=np.array([reading.contradiction for read in readings for reading in read]),
        starts=np.array(list(_starts(readings)), dtype=np.int64),
        kinds=tuple(case.kind for case in cases),
    )


def _starts(groups: Sequence[Sequence[object]]) -> Iterator[int]:
    first = 0
    for group in groups:
        yield first
        first += len(group)


def _share(values: Sequence[float], threshold: float) -> float:
    return round(float(np.mean(np.array(values) >= threshold)), 4)
