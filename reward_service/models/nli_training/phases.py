"""What each phase of training reads, and how long it takes."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from reward_service.models.nli_training import derive, sources
from reward_service.models.nli_training.mix import Share
from reward_service.models.rewriting.corpus import load_parser, parse_corpus
from reward_service.quality.answers import Question, read_questions
from reward_service.quality.labelled import LabelledPair, read_labelled

PUBLIC, READING = "public", "reading"
"""The names of the phases."""
PUBLIC_STEPS = 2400
READING_STEPS = 10_000

CURATED = "curated_qa_dev.jsonl"
CURATED_PAIRS = 15_000
PUBLIC_PAIRS = 24_000
DERIVED_DEV_PAIRS = 600
PREMISES = {"wikinli_train": 3000, "cad_train": 2000, "conj_train": 2000, "lingnli_train": 1500}
"""Public premises that the rules rewrite."""
DEV_LIMITS = {"lingnli_dev": 800, "wikinli_dev": 500, "cad_dev": 500, "conj_dev": 400}
"""Samples of the dev sets that the curve is measured on."""

READING_WEIGHTS = {
    "own": 1.6,
    "derived": 0.4,
    "derived_public": 0.3,
    "lingnli_train": 0.6,
    "wikinli_train": 0.6,
    "cad_train": 1.0,
    "conj_train": 0.25,
    "rte_train": 0.4,
    "med": 0.4,
    "monli": 0.6,
    "dnc_verbnet": 0.2,
}
"""How often each set comes up in a round of the second phase."""


@dataclass(frozen=True)
class Folders:
    """Where the data lies: ``data`` holds the curated questions and ``nli/``, ``own`` our own pairs."""

    data: Path
    own: Path

    @property
    def nli(self) -> Path:
        return self.data / "nli"


def public(folders: Folders) -> list[Share[LabelledPair]]:
    """The first phase: the public sets, each by its weight."""
    found = sources.public_pairs(folders.nli)
    return [Share(wanted.name, found[wanted.name], wanted.weight) for wanted in sources.PUBLIC_SETS]


def reading(folders: Folders, seed: int) -> list[Share[LabelledPair]]:
    """The second phase: our own pairs, pairs by rule, and less of the public sets."""
    sets: dict[str, Sequence[LabelledPair]] = {
        **sources.public_pairs(folders.nli),
        "own": sources.own_pairs(folders.own, "train"),
        "derived": curated_by_rule(folders, seed, held_out=False),
        "derived_public": public_by_rule(folders, seed),
    }
    return [Share(name, sets[name], weight) for name, weight in READING_WEIGHTS.items()]


def curated_by_rule(folders: Folders, seed: int, *, held_out: bool) -> list[LabelledPair]:
    """Pairs by rule from curated answers: of four fifths of the questions, or of the fifth kept for dev."""
    questions = [
        question
        for question in read_questions(folders.data / CURATED)
        if sources.is_for_calibration(question.question) == held_out
    ]
    limit = DERIVED_DEV_PAIRS if held_out else CURATED_PAIRS
    return _by_rule(questions, seed, limit, "derived")


def public_by_rule(folders: Folders, seed: int) -> list[LabelledPair]:
    """Pairs by rule from premises of the public training sets; none that an evaluation set uses too."""
    measured = {pair.premise for pair in sources.evaluation_pairs(folders.nli)}
    rng = random.Random(f"premises:{seed}")
    premises: list[str] = []
    for name, count in PREMISES.items():
        found = sorted({pair.premise for pair in read_labelled(folders.nli / f"{name}.jsonl")} - measured)
        premises.extend(rng.sample(found, min(count, len(found))))
    questions = [Question("", premise) for premise in premises]
    return _by_rule(questions, seed, PUBLIC_PAIRS, "public")


def _by_rule(questions: Sequence[Question], seed: int, limit: int, name: str) -> list[LabelledPair]:
    """Balanced pairs from the texts of ``questions``, their origin ``name``, a colon and the rule."""
    corpus = parse_corpus(questions, load_parser())
    return derive.sample_balanced(derive.derive_pairs(corpus, seed, name), limit)


def dev_sets(folders: Folders, seed: int) -> Mapping[str, Sequence[LabelledPair]]:
    """What the dev curve is measured on."""
    found: dict[str, Sequence[LabelledPair]] = {"own_dev": sources.own_pairs(folders.own, "dev")}
    for name, limit in DEV_LIMITS.items():
        pairs = read_labelled(folders.nli / f"{name}.jsonl")
        found[name] = random.Random(seed).sample(pairs, min(limit, len(pairs)))
    found["derived_dev"] = curated_by_rule(folders, seed, held_out=True)
    return found
