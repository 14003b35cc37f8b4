"""Files of scores → everything that a report says, as plain JSON values.  Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reward_service.errors import RequestError
from reward_service.report.compare import Duel, compare
from reward_service.report.describe import describe, edges_of, rounded
from reward_service.report.pairing import pair
from reward_service.report.scores import ScoreFile
from reward_service.report.statistics import CONFIDENCE, DRAWS, FEWEST

SCHEMA = 1
OWN_PLACE = ("fingerprint", "rewards")
"""What is noted of a run and stands elsewhere in a report."""


def build(
    files: Sequence[ScoreFile], rewards: Sequence[str], baseline: str | None, seed: int
) -> dict[str, Any]:
    """All figures of a report.

    Args:
        files: in the order in which they are shown, such as that of the checkpoints; labels differ.
        rewards: which to look at; all that every file holds where none is named.
        baseline: the label of the file that the others are compared with; the first where it is None.
        seed: of everything that is drawn.

    Raises:
        RequestError: the files have no reward in common, one lacks a reward that was asked for, or no file
            has the baseline's label.
    """
    names = _common(files, rewards)
    labels = [file.label for file in files]
    if baseline is not None and baseline not in labels:
        raise RequestError(f"--baseline: no file is called {baseline!r}, only {', '.join(labels)}")
    base = next((file for file in files if file.label == baseline), files[0])
    duels = {file.label: Duel(file, base, pair(file, base)) for file in files if file is not base}
    return {
        "schema": SCHEMA,
        "confidence": CONFIDENCE,
        "draws": DRAWS,
        "fewest": FEWEST,
        "seed": seed,
        "baseline": base.label if duels else None,
        "comparable": comparable(files),
        "warnings": [*_fingerprint_warnings(files), *_pairing_warnings(duels)],
        "files": [_about(file, names) for file in files],
        "rewards": {name: _under(files, duels, name, seed) for name in names},
    }


def comparable(files: Sequence[ScoreFile]) -> bool:
    """Whether all scores came about under one fingerprint, and it is known."""
    if len(files) == 1:
        return len(files[0].fingerprints) < 2
    named = {fingerprint for file in files for fingerprint in file.fingerprints}
    return len(named) == 1 and all(file.fingerprints for file in files)


def _common(files: Sequence[ScoreFile], asked: Sequence[str]) -> list[str]:
    for name in asked:
        for file in files:
            if name not in file.scores:
                there = ", ".join(file.scores)
                raise RequestError(f"--reward {name}: {file.file} doesn't hold it; it holds {there}")
    if asked:
        return list(dict.fromkeys(asked))
    common = [name for name in files[0].scores if all(name in file.scores for file in files)]
    if not common:
        held = "; ".join(f"{file.file}: {', '.join(file.scores)}" for file in files)
        raise RequestError(f"the files have no reward in common ({held})")
    return common


def _fingerprint_warnings(files: Sequence[ScoreFile]) -> list[str]:
    mixed = [file.label for file in files if len(file.fingerprints) > 1]
    unknown = [file.label for file in files if not file.fingerprints]
    named = {fingerprint for file in files for fingerprint in file.fingerprints}
    found = []
    if mixed:
        found.append(
            f"Scores of different fingerprints stand in one file ({', '.join(mixed)}): "
            "they don't compare with each other."
        )
    if len(named) > 1 and len(files) > 1:
        found.append(
            "The files were scored under different fingerprints (other models, rewards, lexicon or "
            "thresholds). Their scores don't compare: a difference may come from the scoring. Score them "
            "anew with one server."
        )
    if unknown and len(files) > 1:
        found.append(
            f"No fingerprint is noted for {', '.join(unknown)}, so it isn't known whether the scores compare."
        )
    return found


def _pairing_warnings(duels: Mapping[str, Duel]) -> list[str]:
    found = []
    for label, duel in duels.items():
        pairing, against = duel.pairing, f"{label} and {duel.theirs.label}"
        if pairing.by is None:
            found.append(f"{against} have no id and no question in common, so nothing is paired.")
        elif pairing.clash is not None:
            found.append(
                f"In {against} the id {pairing.clash!r} stands for different questions, so they are "
                "paired by question."
            )
    return found


def _about(file: ScoreFile, rewards: Sequence[str]) -> dict[str, Any]:
    return {
        "label": file.label,
        "file": file.file,
        "rows": len(file),
        "questions": len(set(file.groups)),
        "fingerprints": list(file.fingerprints),
        "noted": {name: value for name, value in file.about.items() if name not in OWN_PLACE},
        "left_out": [name for name in file.scores if name not in rewards],
    }


def _under(files: Sequence[ScoreFile], duels: Mapping[str, Duel], reward: str, seed: int) -> dict[str, Any]:
    edges = edges_of([file.scores[reward] for file in files])
    return {
        "edges": None if edges is None else [rounded(edge) for edge in edges],
        "files": {file.label: describe(file, reward, edges, seed) for file in files},
        "comparisons": {label: compare(duel, reward, seed) for label, duel in duels.items()},
    }
