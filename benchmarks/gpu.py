"""Score and latency with a model of BART-large's shape on a GPU, in half precision; needs no network.

python -m benchmarks.gpu [--short] [--dtypes bfloat16 float16]

Tokens a second of the server and of the NLI model alone, what share of the card's peak that is, and memory.
Without a GPU it says so and exits 2.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.compare import Comparison, compare
from benchmarks.latency import measure_latency, reach_of
from benchmarks.latency import show as show_latency
from benchmarks.load import Size
from benchmarks.report import material_of, parser, print_reaches, runs_of, write
from benchmarks.score import show
from benchmarks.serving import Setup
from benchmarks.shape import Shape, add_options, shaped_model
from benchmarks.tables import reaches
from benchmarks.texts import Material

PEAKS = {
    "A40": 149.7,
    "L40S": 362.0,
    "A100": 312.0,
    "H100": 989.0,
    "H200": 989.0,
    "4090": 165.0,
}
"""Part of a card's name → TFLOP/s in bfloat16 or float16 by its maker, dense; of the H100 the SXM one."""
NO_GPU = 2


def peak_tflops(card: str) -> float | None:
    """The peak of a card by its name as torch gives it; None for one that is not in the table.

    An H100 with PCIe or NVL has another peak than the SXM one, so it is not in the table either.
    """
    if "H100" in card and ("PCIe" in card or "NVL" in card):
        return None
    words = card.replace("-", " ").split()
    return next((peak for name, peak in PEAKS.items() if name in words), None)


@dataclass(frozen=True, slots=True)
class OnCard:
    """What was measured of one number format."""

    comparison: Comparison
    latency: dict[str, float]
    peak_share: dict[str, float | None]
    """Of the ceiling and of the server with most clients: operations a second over the card's peak."""
    memory_gib: float | None
    """Of the ceiling's model with its largest batches, as torch counts it; None on a CPU."""


def measure(
    setup: Setup,
    shape: Shape,
    material: Material,
    size: Size,
    *,
    seed: int,
    runs: int,
    requests: int,
    log: Path,
    console: Console,
    card: str = "",
    clients: Sequence[int] = (1, 8),
) -> OnCard:
    """Score and latency of one setup.

    Args:
        setup: names device, number format and model.
        shape: of its NLI model.
        material, size, seed: of the load.
        runs: repetitions of the score part.
        requests: live requests of each kind.
        log: gets what the servers print.
        console: shows what is being done.
        card: the GPU's name; without one no share of a peak is computed.
        clients: of the score part.
    """
    _reset_memory()
    comparison = compare(
        setup,
        material,
        size,
        seed=seed,
        runs=runs,
        clients=clients,
        log=log,
        console=console,
        naive=False,
    )
    memory = _most_memory()
    with console.status(f"{setup.label}: …") as status:
        alone, loaded = measure_latency(
            setup,
            material,
            requests=requests,
            clients=4,
            seed=seed + 1,
            log=log,
            tell=lambda what: status.update(f"{setup.label}: {what} …"),
            group=size,
            settle_s=2.0,
        )
    figures = {**alone.figures("alone"), **loaded.figures("loaded")}
    return OnCard(comparison, figures, peak_shares(comparison, shape, card), memory)


def peak_shares(comparison: Comparison, shape: Shape, card: str) -> dict[str, float | None]:
    """Operations a second over the peak: of the NLI model alone, and of the server with most clients."""
    ceiling, server = comparison.ceiling, comparison.server[max(comparison.server)]
    per_token = shape.flops_per_token(ceiling["tokens"] / ceiling["pairs"])
    peak = peak_tflops(card)
    paces = {"ceiling": ceiling["tokens_per_s"], "server": server["tokens_per_s"]}
    return {name: None if peak is None else pace * per_token / (peak * 1e12) for name, pace in paces.items()}


def _reset_memory() -> None:
    import torch

    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()


def _most_memory() -> float | None:
    import torch

    return torch.cuda.max_memory_allocated() / 2**30 if torch.cuda.is_available() else None


def print_card(console: Console, found: dict[str, OnCard], card: str) -> None:
    """One line for each number format."""
    peak = peak_tflops(card)
    told = "peak not known" if peak is None else f"peak {peak:g} TFLOP/s"
    table = Table(title=f"{card or 'no GPU'}, {told}")
    table.add_column("format")
    for heading in ("server tokens/s", "of the peak", "ceiling tokens/s", "of the peak", "memory GiB"):
        table.add_column(heading, justify="right")
    for dtype, one in found.items():
        server, ceiling = one.comparison.server[max(one.comparison.server)], one.comparison.ceiling
        shares = one.peak_share
        table.add_row(
            dtype,
            f"{server['tokens_per_s']:.0f}",
            _percent(shares["server"]),
            f"{ceiling['tokens_per_s']:.0f}",
            _percent(shares["ceiling"]),
            "" if one.memory_gib is None else f"{one.memory_gib:.1f}",
        )
    console.print(table)


def _percent(share: float | None) -> str:
    return "not computed" if share is None else f"{share:.1%}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure each number format, print the tables, write all runs.

    Returns:
        0, or 2 where there is no GPU.
    """
    made = parser("gpu", __doc__)
    made.add_argument("--dtypes", nargs="+", default=["bfloat16", "float16"], choices=["bfloat16", "float16"])
    made.add_argument("--requests", type=int, help="live requests of each kind (default 200, short 50)")
    add_options(made)
    options = made.parse_args(arguments)
    console = Console()
    import torch

    if not torch.cuda.is_available():
        console.print("[red]no GPU: torch sees no CUDA device here, so there is nothing to measure[/]")
        return NO_GPU
    material, card = material_of(options), torch.cuda.get_device_name(0)
    shape = Shape(layers=options.layers or Shape().layers)
    with console.status(f"writing a model of {shape.label}, where it is not there yet …"):
        folder = str(shaped_model(shape, options.shapes).resolve())
    found: dict[str, OnCard] = {}
    requests = options.requests or (50 if options.short else 200)
    for dtype in options.dtypes:
        settings: dict[str, Any] = {
            "models": "embedded",
            "nli_model": folder,
            "device": "cuda",
            "dtype": dtype,
        }
        found[dtype] = one = measure(
            Setup(f"{shape.label}, {dtype}", settings),
            shape,
            material,
            Size(4, 8) if options.short else Size(),
            seed=options.seed,
            runs=runs_of(options),
            requests=requests,
            log=options.out.with_suffix(".log"),
            console=console,
            card=card,
        )
        show(console, one.comparison)
        show_latency(console, one.latency, requests, 4)
        print_reaches(console, [reach_of(one.latency)])
    print_card(console, found, card)
    told = {
        dtype: asdict(one) | {"reaches": [reach.as_json() for reach in reaches(one.comparison)]}
        for dtype, one in found.items()
    }
    peak = {"card": card, "peak_tflops": peak_tflops(card)}
    write(options.out, "gpu", console, seed=options.seed, shape=asdict(shape), **peak, formats=told)
    return 0


if __name__ == "__main__":
    sys.exit(main())
