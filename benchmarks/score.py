"""The server against the ceiling of its NLI model, and against reward functions as they are commonly written.

python -m benchmarks.score [--short] [--only embedded|bart] [--layers 12] [--runs 3]

Compared on one load (see `load.py`), for the embedded pack and for random weights of BART-large's shape:
- server, 1 client and 8 clients: a real process, real HTTP, full_coherence_reward, each run on a fresh
  server after a warm-up with other texts; 8 clients send equal shares of the load at once;
- ceiling: the pairs that the server judged for this load, tokenised and sorted beforehand, through the NLI
  model alone, in the server's number format and in float32;
- naive: one pair a call, nothing shared between reward functions, in float32, on one completion of each
  prompt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from benchmarks.compare import Comparison, compare
from benchmarks.load import Size
from benchmarks.report import material_of, parser, print_reaches, runs_of, write
from benchmarks.serving import Setup
from benchmarks.shape import Shape, add_options, shaped_model
from benchmarks.tables import pace_table, reaches, stage_table

LOADS = {("embedded", False): Size(), ("embedded", True): Size(4, 4)}
"""(setup, short) → load of the embedded pack."""
SHAPE_LOADS = {False: Size(2, 4), True: Size(2, 2, 80, 120)}
"""Small: a CPU's core makes about 0.1 TFLOP/s, and a token of BART-large's shape takes 0.8 GFLOP."""
SHORT_LAYERS = 2


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the tables, write all runs."""
    made = parser("score", __doc__)
    made.add_argument("--only", choices=("embedded", "bart"), help="one of the two models")
    made.add_argument("--clients", type=int, nargs="+", default=[1, 8])
    made.add_argument("--prompts", type=int, help="another number of prompts, for both models")
    made.add_argument("--completions", type=int, help="another number of completions of a prompt")
    made.add_argument("--words", type=int, nargs=2, metavar=("LOW", "HIGH"), help="another length")
    add_options(made)
    options = made.parse_args(arguments)
    console, material = Console(), material_of(options)
    layers = options.layers or (SHORT_LAYERS if options.short else Shape().layers)
    jobs: list[tuple[Setup, Size]] = []
    if options.only != "bart":
        jobs.append((Setup("embedded pack", {"models": "embedded"}), LOADS["embedded", options.short]))
    if options.only != "embedded":
        shape = Shape(layers=layers)
        with console.status(f"writing a model of {shape.label}, where it is not there yet …"):
            folder = shaped_model(shape, options.shapes)
        settings = {"models": "embedded", "nli_model": str(folder.resolve())}
        jobs.append((Setup(shape.label, settings), SHAPE_LOADS[options.short]))
    log = options.out.with_suffix(".log")
    found = []
    for setup, usual in jobs:
        size = _size(usual, options.prompts, options.completions, options.words)
        comparison = compare(
            setup,
            material,
            size,
            seed=options.seed,
            runs=runs_of(options),
            clients=options.clients,
            log=Path(log),
            console=console,
        )
        show(console, comparison)
        found.append(comparison)
    told = [asdict(one) | {"reaches": [reach.as_json() for reach in reaches(one)]} for one in found]
    write(options.out, "score", console, seed=options.seed, data=str(options.data), compared=told)


def show(console: Console, comparison: Comparison) -> None:
    """The three tables of a comparison."""
    console.print(pace_table(comparison))
    print_reaches(console, reaches(comparison), f"reaches, {comparison.label}")
    console.print(stage_table(comparison))


def _size(usual: Size, prompts: int | None, completions: int | None, words: Sequence[int] | None) -> Size:
    low, high = words or (usual.low, usual.high)
    return Size(prompts or usual.prompts, completions or usual.completions, low, high)


if __name__ == "__main__":
    main()
