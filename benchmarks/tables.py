"""A comparison as tables and as goals that were reached or missed."""

from __future__ import annotations

from rich.table import Table

from benchmarks.compare import Comparison
from benchmarks.report import Reach

OF_CEILING = {1: 0.80, 8: 0.90}
"""Clients → the share of the NLI model's own pace that the server should reach."""
OVER_NAIVE = 4.0
PADDED = 1.08


def pace_table(comparison: Comparison) -> Table:
    """Completions, pairs and tokens a second of each way, and how they compare."""
    table = Table(title=f"{comparison.label}: {comparison.size}")
    table.add_column("")
    for heading in ("completions/s", "pairs/s", "tokens/s", "pairs", "of the ceiling", "× naive"):
        table.add_column(heading, justify="right")
    for clients, pace in comparison.server.items():
        over = comparison.over_naive(clients)
        table.add_row(
            f"server, {clients} client{'s' if clients > 1 else ''}",
            f"{pace['completions_per_s']:.2f}",
            f"{pace['pairs_per_s']:.1f}",
            f"{pace['tokens_per_s']:.0f}",
            f"{pace['pairs']:.0f}",
            f"{comparison.of_ceiling(clients):.0%}",
            "" if over is None else f"{over:.1f}",
        )
    for dtype, ceiling in comparison.ceilings.items():
        table.add_row(
            f"ceiling, {dtype}, batches of {ceiling['batch_tokens']} tokens, {ceiling['calls']} at a time",
            f"{ceiling['pairs_per_s'] / ceiling['pairs'] * comparison.load['completions']:.2f}",
            f"{ceiling['pairs_per_s']:.1f}",
            f"{ceiling['tokens_per_s']:.0f}",
            str(ceiling["pairs"]),
        )
    if (naive := comparison.naive) is not None:
        table.add_row(
            f"naive, float32, on {naive['completions']} of {comparison.load['completions']:.0f}",
            f"{naive['completions_per_s']:.2f}",
            f"{naive['pairs_per_s']:.1f}",
            f"{naive['tokens_per_s']:.0f}",
            str(naive["pairs"]),
        )
    return table


def stage_table(comparison: Comparison) -> Table:
    """Where the rest of the time goes."""
    table = Table(title=f"{comparison.label}: where the time goes (in process, each moment counted once)")
    table.add_column("stage")
    table.add_column("share of the wall time", justify="right")
    for stage, share in sorted(comparison.shares.items(), key=lambda entry: -entry[1]):
        table.add_row(stage, f"{share:.1%}")
    most = comparison.server[max(comparison.server)]
    if comparison.padded_over_real is not None:
        table.caption = (
            f"NLI tokens with padding over real ones: {comparison.padded_over_real:.3f} as the model pads; "
            f"{most['padded_over_real']:.3f} if each batch were padded to its longest, in "
            f"{most['batches']:.0f} batches of {1000 * most['batch_s']:.0f} ms"
        )
    return table


def reaches(comparison: Comparison) -> list[Reach]:
    """The goals that the comparison can tell of."""
    found = [
        Reach(
            f"NLI pace of the server over the ceiling, {clients} client(s)",
            comparison.of_ceiling(clients),
            least,
        )
        for clients, least in OF_CEILING.items()
        if clients in comparison.server
    ]
    most = max(comparison.server)
    if comparison.naive is not None:
        found.append(
            Reach(
                f"completions of the server over naive, {most} client(s)",
                comparison.over_naive(most),
                OVER_NAIVE,
            )
        )
    padded = comparison.padded_over_real
    return [*found, Reach("NLI tokens with padding over real ones", padded, PADDED, at_least=False)]
