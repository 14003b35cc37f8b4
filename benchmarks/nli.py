"""Pairs a second of the embedded NLI model, by number format and length of the pairs.

python -m benchmarks.nli [--threads 2] [--tokens 20 40 80] [--runs 5] [--out FILE]
"""

from __future__ import annotations

import argparse
import json
import platform
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from reward_service.models.nli_training.speed import pace
from reward_service.models.pack import has_fast_bfloat16, load_nli

RESULTS = Path("runs/benchmarks/nli.json")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print a table, write the figures of every run."""
    options = _parser().parse_args(arguments)
    console = Console()
    table = Table(title=f"embedded NLI model, {options.threads} threads, pairs a second")
    for heading in ("format", "tokens a pair", "median", "lowest", "highest"):
        table.add_column(heading, justify="left" if heading == "format" else "right")
    measured = []
    for dtype in ("float32", "bfloat16"):
        nli = load_nli("embedded", device="cpu", dtype=dtype, threads=options.threads)
        for tokens in options.tokens:
            with console.status(f"{dtype}, {tokens} tokens …"):
                found = pace(nli, tokens=tokens, pairs=options.pairs, runs=options.runs)
            figures = (found.median, min(found.runs), max(found.runs))
            table.add_row(dtype, str(tokens), *(f"{figure:.0f}" for figure in figures))
            measured.append({"dtype": dtype, "tokens": tokens, "median": found.median, "runs": found.runs})
    console.print(table)
    default = load_nli("embedded", device="cpu").spec.dtype
    console.print(f"default here: {default} (bfloat16 in hardware: {has_fast_bfloat16()})", highlight=False)
    machine = {"threads": options.threads, "processor": platform.processor() or platform.machine()}
    told = {**machine, "default_dtype": default, "pairs": options.pairs, "measured": measured}
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    console.print(f"written to {options.out}", highlight=False, soft_wrap=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="benchmarks.nli", description=__doc__)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--tokens", type=int, nargs="+", default=[20, 40, 80], help="tokens of a pair")
    parser.add_argument("--pairs", type=int, default=512, help="distinct pairs of one run")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--out", type=Path, default=RESULTS)
    return parser


if __name__ == "__main__":
    main()
