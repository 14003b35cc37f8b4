"""What other forms of the finished weights would give: eight bits, low ranks, means of checkpoints.

    python -m reward_service.models.nli_training.finished --data DIR [--checkpoints DIR]

Measured on the dev sets, after training.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import torch
from rich.console import Console
from torch import Tensor
from transformers import AutoTokenizer

from reward_service.models.cross_encoder import CrossEncoder, apply_delta, compact_delta
from reward_service.models.nli_training import phases
from reward_service.models.nli_training import train as training
from reward_service.models.nli_training.base import CHECKPOINTS, OWN, base_dir

State = Mapping[str, Tensor]
RANKS = (32, 64, 128)
MEANS = (2, 3)


def forms(trained: State, base: State, checkpoints: Sequence[State]) -> Iterator[tuple[str, State]]:
    """Name → weights; ``checkpoints`` are those of the last phase, the newest last."""
    yield "as trained", trained
    yield "difference in eight bits", apply_delta(base, compact_delta(trained, base))
    for rank in RANKS:
        yield f"difference of rank {rank}", low_rank(trained, base, rank)
    for count in MEANS:
        if len(checkpoints) >= count:
            yield f"mean of the last {count} checkpoints", mean(checkpoints[-count:])


def low_rank(trained: State, base: State, rank: int) -> State:
    """``base`` plus the best approximation of rank ``rank`` of each matrix's difference."""
    found = {}
    for name, value in trained.items():
        difference = value - base[name]
        if difference.dim() == 2 and not name.startswith("head.") and bool(difference.any()):
            left, scales, right = torch.linalg.svd(difference, full_matrices=False)
            difference = (left[:, :rank] * scales[:rank]) @ right[:rank]
        found[name] = base[name] + difference
    return found


def mean(states: Sequence[State]) -> State:
    """The mean of weights of one shape."""
    return {name: torch.stack([state[name] for state in states]).mean(dim=0) for name in states[0]}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure every form on the dev sets, print a line for each, write all to a JSON file."""
    options = _parser().parse_args(arguments)
    torch.set_num_threads(options.threads)
    console = Console(width=200)
    tokenizer = AutoTokenizer.from_pretrained(str(base_dir()), local_files_only=True)
    plan = training.TrainingPlan()
    dev = {
        name: training.encode_pairs(pairs, tokenizer, plan.max_length)
        for name, pairs in phases.dev_sets(phases.Folders(options.data, options.own), plan.seed).items()
    }
    model = CrossEncoder.from_base(base_dir())
    torch.nn.init.zeros_(model.head.weight)
    torch.nn.init.zeros_(model.head.bias)
    base = {name: value.clone() for name, value in model.state_dict().items()}
    files = sorted(
        options.checkpoints.glob(f"{phases.READING}-*.pt"), key=lambda path: int(path.stem.split("-")[1])
    )
    checkpoints = [torch.load(path, weights_only=True) for path in files[-max(MEANS) :]]
    trained = torch.load(options.checkpoints / f"{phases.READING}.pt", weights_only=True)
    found = {}
    for name, state in forms(trained, base, checkpoints):
        model.load_state_dict(state)
        found[name] = training.accuracies(model, dev, plan)
        console.print(name, found[name], highlight=False)
    path = options.checkpoints / "finished.json"
    path.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="nli_training.finished", description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--own", type=Path, default=OWN)
    parser.add_argument("--checkpoints", type=Path, default=CHECKPOINTS)
    parser.add_argument("--threads", type=int, default=2)
    return parser


if __name__ == "__main__":
    main()
