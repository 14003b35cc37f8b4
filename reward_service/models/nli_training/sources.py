"""Reads the labelled pairs and curated questions that the NLI model is trained, calibrated and tested on."""

from __future__ import annotations

import hashlib
import json
import random
from dataclasses import dataclass
from pathlib import Path

LABEL_IDS = {"entailment": 0, "neutral": 1, "contradiction": 2, "not_entailment": 3}
"""Class numbers; ``not_entailment`` (two-way sets) stands for neutral or contradiction."""

CALIBRATION_FOLDS = 5
"""One question in this many is kept for calibration and never gives a training pair."""


@dataclass(frozen=True)
class LabelledPair:
    """A premise and a hypothesis with a class number of ``LABEL_IDS`` and the set or rule it comes from."""

    premise: str
    hypothesis: str
    label: int
    origin: str


@dataclass(frozen=True)
class Question:
    """A curated question and its reference answer."""

    question: str
    answer: str


@dataclass(frozen=True)
class TrainingSet:
    """A file of pairs to train on; ``limit`` draws that many by the seed, None takes all."""

    name: str
    limit: int | None = None


TRAINING_SETS = (
    TrainingSet("lingnli_train"),
    TrainingSet("wikinli_train"),
    TrainingSet("cad_train"),
    TrainingSet("conj_train", limit=4000),
    TrainingSet("rte_train"),
)


def read_pairs(path: Path) -> list[LabelledPair]:
    """The pairs of a JSON-lines file with ``premise``, ``hypothesis`` and ``label``.

    Raises ValueError naming file and line for a record that lacks a field or has an unknown label.
    """
    pairs: list[LabelledPair] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            record = json.loads(line)
            label = LABEL_IDS[record["label"]]
            pairs.append(LabelledPair(str(record["premise"]), str(record["hypothesis"]), label, path.stem))
        except (json.JSONDecodeError, KeyError, TypeError) as error:
            raise ValueError(f"{path.name}, line {number}: not a labelled pair ({error!r})") from error
    return pairs


def training_pairs(nli_dir: Path, seed: int) -> list[LabelledPair]:
    """All pairs of ``TRAINING_SETS`` in the folder ``nli_dir``."""
    pairs: list[LabelledPair] = []
    for wanted in TRAINING_SETS:
        found = read_pairs(nli_dir / f"{wanted.name}.jsonl")
        if wanted.limit is not None and len(found) > wanted.limit:
            found = random.Random(f"{seed}:{wanted.name}").sample(found, wanted.limit)
        pairs.extend(found)
    return pairs


def read_questions(path: Path) -> list[Question]:
    """The questions of a curated JSON-lines file with ``instruction`` and ``response``."""
    records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [Question(str(record["instruction"]), str(record["response"])) for record in records]


def is_for_calibration(question: str) -> bool:
    """Whether a question is of the fifth kept for calibration: SHA-256 of its folded text modulo 5 is 0."""
    folded = " ".join(question.casefold().split())
    return int(hashlib.sha256(folded.encode("utf-8")).hexdigest(), 16) % CALIBRATION_FOLDS == 0
