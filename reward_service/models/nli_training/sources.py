"""The labelled pairs that the NLI model is trained on, and what of them is kept for measuring."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from reward_service.quality.labelled import LabelledPair, read_labelled

_WORDS = re.compile(r"\w+")

HELD_OUT_PART = 5
"""One pair in about this many of a public set without a split is kept for measuring."""

CALIBRATION_FOLDS = 5
"""One question in this many is kept for calibration and never gives a training pair."""


@dataclass(frozen=True)
class PublicSet:
    """A public file of pairs to train on, and how often each pair comes up in one round of the first phase.

    A set without a split of its own is ``whole``: a fifth of it is kept for measuring (`split_whole`).
    """

    name: str
    weight: float = 1.0
    whole: bool = False


PUBLIC_SETS = (
    PublicSet("lingnli_train"),
    PublicSet("wikinli_train"),
    PublicSet("cad_train", weight=1.5),
    PublicSet("conj_train", weight=0.5),
    PublicSet("rte_train"),
    PublicSet("med", whole=True),
    PublicSet("monli", whole=True),
    PublicSet("dnc_verbnet", weight=0.7, whole=True),
)


def read_set(path: Path) -> list[LabelledPair]:
    """The pairs of a public file, with its name as their origin; errors as of `read_labelled`."""
    return [replace(pair, origin=path.stem) for pair in read_labelled(path)]


def public_pairs(nli_dir: Path) -> dict[str, list[LabelledPair]]:
    """The training pairs of each of ``PUBLIC_SETS`` in the folder ``nli_dir``, by the set's name.

    Pairs that an evaluation set holds too are left out, whatever file they stand in: all of RTE's dev set
    stands in its training file as it is distributed here, and two pairs of ConjNLI's.
    """
    measured = {_key(pair) for pair in evaluation_pairs(nli_dir)}
    found: dict[str, list[LabelledPair]] = {}
    for wanted in PUBLIC_SETS:
        pairs = read_set(nli_dir / f"{wanted.name}.jsonl")
        if wanted.whole:
            pairs = split_whole(pairs)[0]
        found[wanted.name] = [pair for pair in pairs if _key(pair) not in measured]
    return found


def evaluation_pairs(nli_dir: Path) -> list[LabelledPair]:
    """The pairs of every public set that is for measuring alone."""
    paths = [*sorted(nli_dir.glob("*_dev.jsonl")), nli_dir / "fever_symmetric.jsonl"]
    return [pair for path in paths for pair in read_labelled(path)]


def _key(pair: LabelledPair) -> tuple[str, str]:
    """The words of both texts, whatever their case, spacing and punctuation."""
    premise, hypothesis = (
        " ".join(_WORDS.findall(text.casefold())) for text in (pair.premise, pair.hypothesis)
    )
    return premise, hypothesis


def own_pairs(folder: Path, split: str) -> list[LabelledPair]:
    """A split (train, dev or test) of our own pairs; their origin is the phenomenon that decides them."""
    return read_labelled(folder / f"{split}.jsonl")


def split_whole(pairs: Sequence[LabelledPair]) -> tuple[list[LabelledPair], list[LabelledPair]]:
    """Pairs for training and the fifth that is kept for measuring, so that no text stands in both.

    Pairs that share a premise or a hypothesis, by whatever chain, stay together. The groups are put into the
    order of a hash of their first text and kept for measuring until a fifth of the pairs is reached; a group
    of over a tenth of all pairs is always for training.
    """
    leader: dict[str, str] = {}

    def lead(text: str) -> str:
        while leader.setdefault(text, text) != text:
            leader[text] = leader[leader[text]]
            text = leader[text]
        return text

    for pair in pairs:
        one, two = sorted((lead(pair.premise), lead(pair.hypothesis)))
        leader[two] = one
    groups: dict[str, list[LabelledPair]] = {}
    for pair in pairs:
        groups.setdefault(lead(pair.premise), []).append(pair)
    train: list[LabelledPair] = []
    kept: list[LabelledPair] = []
    for first in sorted(groups, key=lambda text: hashlib.sha256(text.encode()).hexdigest()):
        group = groups[first]
        room = len(pairs) / HELD_OUT_PART - len(kept)
        (kept if len(group) <= min(room, len(pairs) / 10) else train).extend(group)
    return train, kept


def is_for_calibration(question: str) -> bool:
    """Whether a question is of the fifth kept for calibration: SHA-256 of its folded text modulo 5 is 0."""
    folded = " ".join(question.casefold().split())
    return int(hashlib.sha256(folded.encode("utf-8")).hexdigest(), 16) % CALIBRATION_FOLDS == 0
