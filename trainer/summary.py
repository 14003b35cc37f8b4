"""What came of a run: the table of its rewards, and `summary.json`."""

from __future__ import annotations

import importlib.metadata
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich import box
from rich.table import Table

from trainer.runfolder import write_whole
from trainer.tracking.record import Spread, StepRecord

PACKAGES = ("torch", "transformers", "trl", "peft", "accelerate", "datasets", "unsloth", "vllm")
MOST_STEPS = 12
"""A longer run shows this many steps, spread evenly; `metrics.jsonl` has all."""


def reward_table(records: Sequence[StepRecord]) -> Table:
    """Rewards and their parts by step, with the share of groups that have no spread."""
    shown = _evenly(records, MOST_STEPS)
    title = "Rewards by step and part"
    if len(shown) < len(records):
        title += f" ({len(shown)} of {len(records)} steps)"
    table = Table(
        title=title, title_justify="left", caption_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0)
    )
    table.caption = (
        "no spread: share of groups whose completions all got the same score, and so taught nothing"
    )
    table.add_column("reward / part", overflow="fold")
    for heading in ("step", "mean", "std", "min", "max", "no spread"):
        table.add_column(heading, justify="right", no_wrap=True)
    for indent, kind in (("", "rewards"), ("· ", "parts")):
        names = dict.fromkeys(name for record in shown for name in getattr(record, kind))
        for name in names:
            table.add_section()
            last = name.rpartition("/")[2]  # `full/robust` where the part is a variant of its own
            label = indent + (name if last in names else last)
            for number, record in enumerate(record for record in shown if name in getattr(record, kind)):
                cells = _cells(getattr(record, kind)[name])
                table.add_row(label if number == 0 else "", str(record.step), *cells)
    return table


def step_line(record: StepRecord, steps: int) -> str:
    """One step in one line, for a console."""
    trained = record.trainer
    parts = [f"step {record.step} of {steps}"]
    if "reward" in trained:
        parts.append(f"reward {trained['reward']:+.2f}")
    parts += [
        f"{name} {_number(spread.mean)} ± {_number(spread.std)}" for name, spread in record.rewards.items()
    ]
    for key, label in (("loss", "loss"), ("kl", "kl"), ("completions/mean_length", "tokens")):
        if key in trained:
            parts.append(f"{label} {trained[key]:.3g}")
    parts.append(f"{record.seconds:.0f} s, {record.reward_seconds:.1f} s of it the reward server")
    return " · ".join(parts)


def write_summary(path: Path, records: Sequence[StepRecord], **facts: Any) -> dict[str, Any]:
    """Write `summary.json` whole and return what it holds.

    Args:
        path: where.
        records: every step, those before a resume included.
        facts: what the run knows of itself: status, settings, server, adapter, …
    """
    names = dict.fromkeys(name for record in records for name in record.rewards)
    summary = {
        **facts,
        "steps": len(records),
        "seconds": round(sum(record.seconds for record in records), 3),
        "reward_seconds": round(sum(record.reward_seconds for record in records), 3),
        "requests": sum(record.requests for record in records),
        "fingerprints": list(dict.fromkeys(mark for record in records for mark in record.fingerprints)),
        "zero_spread": {
            name: _mean(r.rewards[name].zero_spread for r in records if name in r.rewards) for name in names
        },
        "by_step": [json.loads(record.line()) for record in records],
        "versions": versions(),
    }
    write_whole(path, json.dumps(summary, indent=2, ensure_ascii=False, allow_nan=False) + "\n")
    return summary


def versions() -> Mapping[str, str]:
    """The installed versions of the training stack."""
    found = {}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _cells(spread: Spread) -> list[str]:
    share = "–" if spread.zero_spread is None else f"{spread.zero_spread:.0%}"
    return [*(_number(value) for value in (spread.mean, spread.std, spread.low, spread.high)), share]


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _evenly(records: Sequence[StepRecord], most: int) -> list[StepRecord]:
    if len(records) <= most:
        return list(records)
    return [records[round(index * (len(records) - 1) / (most - 1))] for index in range(most)]
