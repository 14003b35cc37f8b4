"""Pairs a second of the embedded NLI model, by number format and length of the pairs, and its padding.

python -m benchmarks.nli [--threads 2] [--formats float32 bfloat16 int8] [--tokens 20 40 80] [--runs 5]
"""

from __future__ import annotations

import argparse
import json
import platform
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from reward_service.models.formats import has_fast_bfloat16, has_fast_int8, helped_formats
from reward_service.models.nli_training.speed import pace
from reward_service.models.pack import load_nli
from reward_service.models.windowed_nli import WindowedNli
from reward_service.types import Pair

RESULTS = Path("runs/benchmarks/nli.json")
SPECIAL = 3
"""Special tokens of a pair."""
CPU_FORMATS = ("float32", "bfloat16", "int8")
SPREAD = 0.6
"""Real pairs differ in length: padding is that of pairs within this share below and above the length."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print a table, write the figures of every run."""
    options = _parser().parse_args(arguments)
    console = Console()
    table = Table(title=f"embedded NLI model, {options.threads} threads, pairs a second")
    for heading in ("format", "tokens a pair", "median", "lowest", "highest", "padding"):
        table.add_column(heading, justify="left" if heading == "format" else "right")
    measured = []
    for dtype in options.formats:
        nli = load_nli("embedded", device="cpu", dtype=dtype, threads=options.threads)
        for tokens in options.tokens:
            with console.status(f"{dtype}, {tokens} tokens …"):
                found = pace(nli, tokens=tokens, pairs=options.pairs, runs=options.runs)
            figures = (found.median, min(found.runs), max(found.runs))
            padding = padding_of(nli, tokens)
            table.add_row(dtype, str(tokens), *(f"{figure:.0f}" for figure in figures), f"{padding:.1%}")
            measured.append(
                {
                    "dtype": dtype,
                    "tokens": tokens,
                    "median": found.median,
                    "runs": found.runs,
                    "padding": padding,
                }
            )
    console.print(table)
    default = load_nli("embedded", device="cpu").spec.dtype
    hardware = {"bfloat16": has_fast_bfloat16(), "int8": has_fast_int8()}
    told_hardware = ", ".join(f"{name} {'yes' if there else 'no'}" for name, there in hardware.items())
    console.print(f"default here: {default} (in hardware: {told_hardware})", highlight=False)
    machine = {"threads": options.threads, "processor": platform.processor() or platform.machine()}
    told = {
        **machine,
        "default_dtype": default,
        "in_hardware": hardware,
        "pairs": options.pairs,
        "measured": measured,
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    console.print(f"written to {options.out}", highlight=False, soft_wrap=True)


def padding_of(nli: WindowedNli, tokens: int) -> float:
    """Padding as a share of the real tokens, over one pair of each length around ``tokens``."""
    prepared = nli.prepare(
        [
            Pair("the " * (length // 2), "state " * (length - length // 2 - SPECIAL))
            for length in range(round(tokens * (1 - SPREAD)), round(tokens * (1 + SPREAD)) + 1)
        ]
    )
    padded = sum(call.inputs["input_ids"].numel() for call in nli.collate(prepared).calls)
    return padded / sum(map(nli.cost, prepared)) - 1.0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="benchmarks.nli", description=__doc__)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument(
        "--formats",
        nargs="+",
        default=helped_formats("cpu"),
        choices=CPU_FORMATS,
        help="float32 and those that this CPU multiplies in by itself, where none are named",
    )
    parser.add_argument("--tokens", type=int, nargs="+", default=[20, 40, 80], help="tokens of a pair")
    parser.add_argument("--pairs", type=int, default=512, help="distinct pairs of one run")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--out", type=Path, default=RESULTS)
    return parser


if __name__ == "__main__":
    main()
