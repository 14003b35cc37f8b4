"""Measures the model as it is stored: accuracy on every evaluation set, calibration error, agreement."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from reward_service.models.cross_encoder import LABELS, CrossEncoder
from reward_service.models.nli_training.sources import LABEL_IDS, LabelledPair, read_pairs
from reward_service.models.nli_training.train import accuracy, encode_pairs, predict

THREE_WAY = ("lingnli_dev", "wikinli_dev", "cad_dev", "conj_dev")
ENTAILMENT_OR_REST = ("rte_dev", "fever_symmetric", "med", "monli", "dnc_verbnet")
"""Sets with two labels, or judged so: entailment against everything else."""

_BINS = 10


def evaluate_sets(
    model: CrossEncoder,
    tokenizer: PreTrainedTokenizerBase,
    nli_dir: Path,
    derived_dev: Sequence[LabelledPair],
    max_length: int,
    temperature: float,
    console: Console,
) -> dict[str, Any]:
    """Figures of each evaluation set: n, accuracy, for three-way sets confusion and calibration error."""
    figures: dict[str, Any] = {}
    for name in (*THREE_WAY, *ENTAILMENT_OR_REST, "derived_dev"):
        pairs = list(derived_dev) if name == "derived_dev" else read_pairs(nli_dir / f"{name}.jsonl")
        labels = [pair.label for pair in pairs]
        started = time.monotonic()
        logits = predict(model, encode_pairs(pairs, tokenizer, max_length))
        entry: dict[str, Any] = {"n": len(pairs)}
        if name in ENTAILMENT_OR_REST:
            rest = LABEL_IDS["not_entailment"]
            entry["accuracy"] = round(
                accuracy(logits, [label if label == 0 else rest for label in labels]), 4
            )
            entry["labels"] = "entailment against the rest"
        else:
            entry["accuracy"] = round(accuracy(logits, labels), 4)
            entry["confusion"] = confusion(logits, labels)
            entry["ece"] = round(calibration_error((logits / temperature).softmax(dim=1), labels), 4)
        if name == "derived_dev":
            entry["by_rule"] = by_origin(logits, pairs)
        figures[name] = entry
        pace = len(pairs) / (time.monotonic() - started)
        console.print(
            f"{name}: {entry['accuracy']:.3f} of {len(pairs)} ({pace:.0f} pairs/s)", highlight=False
        )
    return figures


def confusion(logits: Tensor, labels: Sequence[int]) -> dict[str, dict[str, int]]:
    """True label → predicted label → count, for three-way labels."""
    found = logits.argmax(dim=1).tolist()
    table = {true: dict.fromkeys(LABELS, 0) for true in LABELS}
    for label, guess in zip(labels, found, strict=True):
        table[LABELS[label]][LABELS[guess]] += 1
    return table


def by_origin(logits: Tensor, pairs: Sequence[LabelledPair]) -> dict[str, float]:
    """Accuracy of each origin's pairs."""
    right = logits.argmax(dim=1) == torch.tensor([pair.label for pair in pairs])
    origins = sorted({pair.origin for pair in pairs})
    chosen = {origin: torch.tensor([pair.origin == origin for pair in pairs]) for origin in origins}
    return {origin: round(float(right[mask].float().mean()), 3) for origin, mask in chosen.items()}


def calibration_error(probabilities: Tensor, labels: Sequence[int]) -> float:
    """Expected calibration error of probabilities (n, 3), ten equal bins of confidence (Guo et al. 2017)."""
    confidence, found = probabilities.max(dim=1)
    right = (found == torch.tensor(list(labels))).float()
    bins = (confidence * _BINS).long().clamp(max=_BINS - 1)
    error = 0.0
    for index in range(_BINS):
        inside = bins == index
        if bool(inside.any()):
            gap = (confidence[inside].mean() - right[inside].mean()).abs()
            error += float(gap) * float(inside.float().mean())
    return error


def agreement(one: Tensor, other: Tensor) -> dict[str, float]:
    """How far two models' logits (n, 3) for the same pairs give the same verdicts."""
    same = (one.argmax(dim=1) == other.argmax(dim=1)).float().mean()
    gap = (one.softmax(dim=1) - other.softmax(dim=1)).abs().max()
    return {"n": len(one), "verdicts": round(float(same), 4), "largest_gap": round(float(gap), 4)}
