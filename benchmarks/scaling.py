"""Does the time grow in proportion to the number of completions, and to their length?

python -m benchmarks.scaling [--short] [--most 1024]

One server whose caches keep nothing; each size is sent at once, in requests of at most 512 completions.  The
slope is b of the fit  seconds = a + c · n^b : 1 is linear, and a is what a request costs whatever it holds.
Writes a plot beside the results.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from benchmarks.load import Size, make_load
from benchmarks.report import material_of, medians, parser, runs_of, write
from benchmarks.serving import Setup, send, serving, without_caches
from benchmarks.texts import Material

GROUP = 8
"""Completions of a prompt, where there are as many."""
REQUEST = 512
"""Completions of one request, at most: the server's default limit."""
LENGTHS = ((25, 50), (50, 100), (100, 200), (200, 400))
"""Words of an answer, lowest and highest."""
STEPS = 200
"""Of the search for the constant part."""


@dataclass(frozen=True, slots=True)
class Fit:
    """seconds = constant + factor · n^slope."""

    constant: float
    factor: float
    slope: float
    error: float
    """Root mean square of the residuals of log seconds."""

    def __call__(self, n: float) -> float:
        return self.constant + self.factor * math.pow(n, self.slope)


def fit(sizes: Sequence[float], seconds: Sequence[float]) -> Fit:
    """The power law above a constant that fits best, by least squares of log seconds.

    The constant is searched between 0 and the shortest time; for each one the rest is a line in logarithms.

    Raises:
        ValueError: fewer than two different sizes, or a time that is not positive.
    """
    if len(set(sizes)) < 2 or min(seconds) <= 0:
        raise ValueError("a slope needs two sizes, and times above zero")
    if len(set(sizes)) < 4:
        return _line(sizes, seconds, 0.0)  # a constant beside it would fit anything
    shortest = min(seconds)
    candidates = (_line(sizes, seconds, shortest * step / STEPS) for step in range(STEPS))
    return min(candidates, key=lambda one: one.error)


def _line(sizes: Sequence[float], seconds: Sequence[float], constant: float) -> Fit:
    x = [math.log(size) for size in sizes]
    y = [math.log(time - constant) for time in seconds]
    mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
    slope = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True)) / sum(
        (a - mean_x) ** 2 for a in x
    )
    made = Fit(constant, math.exp(mean_y - slope * mean_x), slope, 0.0)
    residuals = [math.log(made(size)) - math.log(time) for size, time in zip(sizes, seconds, strict=True)]
    error = math.sqrt(sum(residual**2 for residual in residuals) / len(residuals))
    return Fit(made.constant, made.factor, made.slope, error)


def counts(most: int) -> list[int]:
    """1, 2, 4, … up to a number."""
    return [2**power for power in range(most.bit_length()) if 2**power <= most]


def of_completions(completions: int, low: int, high: int) -> Size:
    """So many completions, in groups of eight where they fill them."""
    each = min(GROUP, completions)
    return Size(completions // each, each, low, high)


def measure_scaling(
    setup: Setup,
    material: Material,
    sizes: Sequence[Size],
    *,
    runs: int,
    seed: int,
    log: Path,
    progress: Progress,
) -> list[dict[str, Any]]:
    """Send loads of each size, one after another, to one server that keeps no results.

    Returns:
        For each size its completions, words of all answers, runs and medians; see `Sent.figures`.
    """
    found = []
    task = progress.add_task("", total=len(sizes) * runs)
    with serving(setup.with_settings(**without_caches()), log) as server:
        send(server.url, make_load(material, Size(1, 2, 60, 120), seed=seed, warm_up=True).shares(1))
        for size in sizes:
            figures = []
            for run in range(runs):
                progress.update(task, description=str(size))
                load = make_load(material, size, seed=seed + run)
                shares = load.shares(-(-size.total // REQUEST))
                figures.append(send(server.url, shares).figures(size.total))
                progress.advance(task)
            middle = medians(figures)
            words = (size.low + size.high) / 2
            found.append({"completions": size.total, "words": words, "runs": figures, "medians": middle})
    return found


def plot(by_count: Sequence[Mapping[str, Any]], by_length: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Seconds by the number of completions and by their length, with the fits."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, panels = pyplot.subplots(1, 2, figsize=(10, 4), layout="constrained")
    for panel, rows, name in zip(panels, (by_count, by_length), ("completions", "words"), strict=True):
        sizes = [float(row[name]) for row in rows]
        seconds = [row["medians"]["seconds"] for row in rows]
        panel.loglog(sizes, seconds, "o", color="#1b6ca8", label="measured")
        found = fit(sizes, seconds)
        label = f"{found.constant:.2f} s + {found.factor:.3g} · n^{found.slope:.2f}"
        panel.loglog(sizes, [found(size) for size in sizes], color="#c4472c", label=label)
        panel.set_xlabel("completions" if name == "completions" else "words of an answer (mean)")
        panel.set_ylabel("seconds")
        panel.grid(alpha=0.25, which="both")
        panel.legend(fontsize=8)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
    pyplot.close(figure)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the tables, write all runs and the plot."""
    made = parser("scaling", __doc__)
    made.add_argument("--most", type=int, help="completions of the largest size (default 1024, short 32)")
    made.add_argument("--lengths", type=int, help="completions of which the lengths are varied (16, short 4)")
    options = made.parse_args(arguments)
    console, material = Console(), material_of(options)
    most = options.most or (32 if options.short else 1024)
    fixed = options.lengths or (4 if options.short else 16)
    sizes = [of_completions(count, 150, 300) for count in counts(most)]
    sizes += [of_completions(fixed, low, high) for low, high in LENGTHS]
    with Progress(console=console, transient=True) as progress:
        rows = measure_scaling(
            Setup("server", {}),
            material,
            sizes,
            runs=runs_of(options),
            seed=options.seed,
            log=options.out.with_suffix(".log"),
            progress=progress,
        )
    by_count, by_length = rows[: -len(LENGTHS)], rows[-len(LENGTHS) :]
    fits = {}
    for name, part in (("completions", by_count), ("words", by_length)):
        found = fit([row[name] for row in part], [row["medians"]["seconds"] for row in part])
        fits[name] = found
        show(console, name, part, found)
    picture = options.out.with_suffix(".png")
    plot(by_count, by_length, picture)
    console.print(f"plot: {picture}", highlight=False, soft_wrap=True)
    slopes = {
        name: {"constant_s": one.constant, "factor": one.factor, "slope": one.slope, "error": one.error}
        for name, one in fits.items()
    }
    write(
        options.out,
        "scaling",
        console,
        seed=options.seed,
        fits=slopes,
        by_completions=by_count,
        by_words=by_length,
    )


def show(console: Console, name: str, rows: Sequence[Mapping[str, Any]], found: Fit) -> None:
    """One line for each size, and the fit below."""
    table = Table(title=f"time against {name}")
    for heading in ("completions", "words", "seconds", "completions/s", "pairs", "pairs/s", "fit, s"):
        table.add_column(heading, justify="right")
    for row in rows:
        middle = row["medians"]
        table.add_row(
            str(row["completions"]),
            f"{row['words']:.0f}",
            f"{middle['seconds']:.2f}",
            f"{middle['completions_per_s']:.2f}",
            f"{middle['pairs']:.0f}",
            f"{middle['pairs_per_s']:.1f}",
            f"{found(row[name]):.2f}",
        )
    table.caption = f"{found.constant:.2f} s + {found.factor:.3g} · n^{found.slope:.2f}  (1 is linear)"
    console.print(table)


if __name__ == "__main__":
    main()
