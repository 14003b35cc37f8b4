"""Short trials of one change at a time, to find out what helps before the long run.

    python -m reward_service.models.nli_training.trials --data DIR --start FILE [--steps N] [--only NAME …]

Each trial trains the second phase for a few steps from the same checkpoint, the learning rate falling to
zero, and is measured on the dev sets alone. Small differences between trials are chance: two seeds of the
plain one differ too.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from transformers import AutoTokenizer

from reward_service.models.cross_encoder import CrossEncoder
from reward_service.models.nli_training import phases
from reward_service.models.nli_training import train as training
from reward_service.models.nli_training.base import CHECKPOINTS, OWN, base_dir
from reward_service.models.nli_training.mix import Share
from reward_service.quality.labelled import LABEL_IDS, LabelledPair

Shares = Sequence[Share[LabelledPair]]
BOTH_WAYS = ("own", "lingnli_train", "wikinli_train", "cad_train")


def _same(shares: Shares) -> Shares:
    return shares


def _both_ways(shares: Shares) -> Shares:
    """Contradictions are also read from hypothesis to premise."""
    turned = [
        Share(
            f"{share.name}:turned",
            [
                replace(pair, premise=pair.hypothesis, hypothesis=pair.premise)
                for pair in share.items
                if pair.label == LABEL_IDS["contradiction"]
            ],
            share.weight / 2,
        )
        for share in shares
        if share.name in BOTH_WAYS
    ]
    return [*shares, *turned]


def _without(prefix: str) -> Callable[[Shares], Shares]:
    return lambda shares: [share for share in shares if not share.name.startswith(prefix)]


@dataclass(frozen=True)
class Trial:
    """One change: to the plan, to what is read, or to which weights are trained."""

    plan: dict[str, Any] = field(default_factory=dict)
    shares: Callable[[Shares], Shares] = _same
    train_embeddings: bool = False


TRIALS: dict[str, Trial] = {
    "plain": Trial(),
    "another seed": Trial(plan={"seed": 7}),
    "without own pairs": Trial(shares=_without("own")),
    "without pairs by rule": Trial(shares=_without("derived")),
    "contradictions both ways": Trial(shares=_both_ways),
    "label smoothing 0.1": Trial(plan={"label_smoothing": 0.1}),
    "half the learning rate": Trial(plan={"learning_rate": 6e-5}),
    "double the learning rate": Trial(plan={"learning_rate": 2.4e-4}),
    "embeddings trained": Trial(train_embeddings=True),
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the trials that the command line names, print a line for each, write all to a JSON file."""
    options = _parser().parse_args(arguments)
    torch.set_num_threads(options.threads)
    console = Console(width=200)
    tokenizer = AutoTokenizer.from_pretrained(str(base_dir()), local_files_only=True)
    folders = phases.Folders(options.data, options.own)
    read = phases.reading(folders, training.TrainingPlan.seed)
    dev = {
        name: training.encode_pairs(pairs, tokenizer, training.TrainingPlan.max_length)
        for name, pairs in phases.dev_sets(folders, training.TrainingPlan.seed).items()
    }
    found: dict[str, Any] = {}
    for name in options.only or TRIALS:
        trial = TRIALS[name]
        plan = replace(training.TrainingPlan(warmup=30), **trial.plan)
        model = CrossEncoder.from_base(base_dir())
        model.load_state_dict(torch.load(options.start, weights_only=True))
        if trial.train_embeddings:
            model.requires_grad_(True)
        shares = [
            Share(share.name, training.encode_pairs(share.items, tokenizer, plan.max_length), share.weight)
            for share in trial.shares(read)
        ]
        phase = training.Phase(name, shares, options.steps, decay=1.0, evaluations=1)
        curve = training.train(model, [phase], dev, plan, lambda *_: None, Console(quiet=True))
        found[name] = curve[-1]
        console.print(name, found[name], highlight=False)
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="nli_training.trials", description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--own", type=Path, default=OWN)
    parser.add_argument("--start", type=Path, required=True, help="weights to start each trial from")
    parser.add_argument("--steps", type=int, default=250)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--only", nargs="+", choices=list(TRIALS), help="these trials alone")
    parser.add_argument("--out", type=Path, default=CHECKPOINTS / "trials.json")
    return parser


if __name__ == "__main__":
    main()
