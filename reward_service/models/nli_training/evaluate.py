"""Measures the model as it is served: every evaluation set, what hypotheses alone give away, agreement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from reward_service.models.judging import judge
from reward_service.models.nli import WindowedNli
from reward_service.models.nli_training import hypothesis_only, phases, sources
from reward_service.quality.labelled import LABEL_IDS, NOT_ENTAILMENT, LabelledPair, read_labelled
from reward_service.quality.metrics import report
from reward_service.types import Verdict

THREE_WAY = ("lingnli_dev", "wikinli_dev", "cad_dev", "conj_dev")
TWO_WAY = ("rte_dev", "fever_symmetric")
"""Sets judged as entailment against everything else."""


def evaluation_sets(folders: phases.Folders, seed: int) -> Mapping[str, Sequence[LabelledPair]]:
    """Name → pairs of every set that no training reads.

    Of the public sets without a split of their own, it is the fifth that was kept (`sources.split_whole`).
    """
    sets: dict[str, Sequence[LabelledPair]] = {"own_test": sources.own_pairs(folders.own, "test")}
    for name in (*THREE_WAY, *TWO_WAY):
        sets[name] = read_labelled(folders.nli / f"{name}.jsonl")
    for public in sources.PUBLIC_SETS:
        if public.whole:
            kept = sources.split_whole(read_labelled(folders.nli / f"{public.name}.jsonl"))[1]
            sets[f"{public.name}_kept"] = kept
    for name in (*TWO_WAY, *(f"{public.name}_kept" for public in sources.PUBLIC_SETS if public.whole)):
        sets[name] = [two_way(pair) for pair in sets[name]]
    sets["derived_dev"] = phases.curated_by_rule(folders, seed, held_out=True)
    return sets


def two_way(pair: LabelledPair) -> LabelledPair:
    """The pair with neutral and contradiction as one label."""
    return pair if pair.label == 0 else replace(pair, label=LABEL_IDS[NOT_ENTAILMENT])


def evaluate_sets(
    nli: WindowedNli, sets: Mapping[str, Sequence[LabelledPair]], console: Console
) -> dict[str, Any]:
    """A report on each set, as plain values, with ``labels``: three, or entailment against the rest."""
    figures: dict[str, Any] = {}
    for name, pairs in sets.items():
        found = report(np.array(verdicts(nli, pairs), dtype=np.float64), pairs)
        merged = any(pair.label == LABEL_IDS[NOT_ENTAILMENT] for pair in pairs)
        labels = "entailment against the rest" if merged else "three labels"
        figures[name] = {"labels": labels, **found.as_json()}
        console.print(f"{name}: {found.accuracy:.1%} of {found.n}, ECE {found.ece:.3f}", highlight=False)
    return figures


def baselines(folders: phases.Folders, base: Path) -> dict[str, float]:
    """Accuracy on the own test split of models that see hypotheses alone."""
    train, test = (sources.own_pairs(folders.own, split) for split in ("train", "test"))
    return {
        "words": round(hypothesis_only.words_baseline(train, test), 4),
        "embeddings": round(hypothesis_only.embedding_baseline(train, test, base), 4),
    }


def agreement(one: WindowedNli, other: WindowedNli, pairs: Sequence[LabelledPair]) -> dict[str, float | int]:
    """How far two forms of one model say the same: share of equal verdicts, and the largest difference."""
    first, second = (np.array(verdicts(nli, pairs)) for nli in (one, other))
    return {
        "n": len(pairs),
        "verdicts": round(float((first.argmax(axis=1) == second.argmax(axis=1)).mean()), 4),
        "largest_difference": round(float(np.abs(first - second).max()), 4),
    }


def verdicts(nli: WindowedNli, pairs: Sequence[LabelledPair]) -> list[Verdict]:
    """The model's verdicts on labelled pairs, their texts normalised as the server does."""
    return judge(nli, [pair.pair for pair in pairs])
