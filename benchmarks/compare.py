"""One load through the server, the NLI model alone, and naive reward functions."""

from __future__ import annotations

import gc
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks.ceiling import Ceiling, measure_ceiling
from benchmarks.load import Load, Size, figures, make_load
from benchmarks.naive import Naive, measure_naive
from benchmarks.report import medians
from benchmarks.serving import Setup, nli_batches, send, serving
from benchmarks.stages import Watched, watch
from benchmarks.texts import Material
from reward_service.models.cores import calls_on, share_cores
from reward_service.models.pack import load_nli
from reward_service.types import Pair
from shared.schema import ScoreItem


@dataclass(frozen=True, slots=True)
class Comparison:
    """What was measured of one setup; paces are medians of their runs."""

    label: str
    size: str
    load: Mapping[str, float]
    server_runs: Mapping[int, Sequence[Mapping[str, float]]]
    """Clients → figures of each run; see `Sent.figures`."""
    server: Mapping[int, Mapping[str, float]]
    ceilings: Mapping[str, Mapping[str, Any]]
    """Number format → its ceiling; the server's own one first."""
    naive: Mapping[str, Any] | None
    shares: Mapping[str, float]
    """Stage → share of the wall time, of an engine in process with as many clients as the server had most."""
    padded_over_real: float | None

    @property
    def ceiling(self) -> Mapping[str, Any]:
        """That of the server's number format."""
        return next(iter(self.ceilings.values()))

    def of_ceiling(self, clients: int) -> float:
        """The server's pairs a second over those of the NLI model alone."""
        return float(self.server[clients]["pairs_per_s"] / self.ceiling["pairs_per_s"])

    def over_naive(self, clients: int) -> float | None:
        """The server's completions a second over the naive ones."""
        if self.naive is None:
            return None
        return float(self.server[clients]["completions_per_s"] / self.naive["completions_per_s"])


def compare(
    setup: Setup,
    material: Material,
    size: Size,
    *,
    seed: int,
    runs: int,
    clients: Sequence[int],
    log: Path,
    console: Console,
    naive: bool = True,
) -> Comparison:
    """Measure one setup.

    Args:
        setup: the server's settings.
        material, size, seed: of the load; the same one in every run.
        runs: repetitions of the server's and the ceilings' runs.
        clients: how many send at once, in runs of their own.
        log: gets what the servers print.
        console: shows what is being done.
        naive: measure the naive way as well.
    """
    load = make_load(material, size, seed=seed)
    warm_up = make_load(material, Size(1, 2, 60, 120), seed=seed, warm_up=True)
    with console.status(f"{setup.label}: …") as status:

        def tell(what: str) -> None:
            status.update(f"{setup.label}: {what} …")

        by_clients: dict[int, list[dict[str, float]]] = {count: [] for count in clients}
        for run in range(runs):
            for count in clients:
                tell(f"server, {count} client(s), run {run + 1} of {runs}")
                with serving(setup, log) as server:
                    send(server.url, warm_up.shares(1))
                    before = server.metrics()
                    sent = send(server.url, load.shares(count))
                    batches = nli_batches(before, server.metrics())
                by_clients[count].append(sent.figures(size.total) | batches)
        tell("the same in process, stage by stage")
        watched = watch(setup, load.shares(max(clients)), warm_up.items)
        gc.collect()
        ceilings = _ceilings(setup, watched, runs, tell)
        slow = measure_naive(setup, naive_sample(load), tell=tell) if naive else None
    return Comparison(
        label=setup.label,
        size=str(size),
        load=figures(load),
        server_runs=by_clients,
        server={count: medians(found) for count, found in by_clients.items()},
        ceilings=ceilings,
        naive=None if slow is None else _naive_figures(slow),
        shares=dict(watched.shares),
        padded_over_real=watched.padded_over_real,
    )


def naive_sample(load: Load) -> list[ScoreItem]:
    """One completion of each prompt, now an early, now a late one; of a single prompt two.

    The naive way is slow, and its pace is the same in any company, so a sample tells it.
    """
    groups = [group.items() for group in load.groups]
    if len(groups) == 1:
        return groups[0][:2]
    return [items[number % len(items)] for number, items in enumerate(groups)]


def _ceilings(setup: Setup, watched: Watched, runs: int, tell: Any) -> dict[str, dict[str, Any]]:
    """In the number format of the server, and in float32; as many calls side by side as the server's."""
    settings = setup.in_process()
    share = share_cores(settings.calls, settings.threads)
    found = {}
    for dtype in dict.fromkeys((watched.nli_dtype, "float32")):
        tell(f"the NLI model alone in {dtype}: loading")
        nli = load_nli(settings.models, settings.nli_model, device=settings.device, dtype=dtype,
                       threads=share.threads)  # fmt: skip
        calls = calls_on(nli.spec.device, share.calls)
        found[dtype] = _ceiling_figures(nli, watched.pairs, runs, calls, tell)
        del nli
        gc.collect()
    return found


def _ceiling_figures(nli: Any, pairs: Sequence[Pair], runs: int, calls: int, tell: Any) -> dict[str, Any]:
    best: Ceiling = measure_ceiling(nli, pairs, runs=runs, calls=calls, tell=tell)
    return {
        "dtype": best.dtype,
        "batch_tokens": best.budget,
        "calls": calls,
        "pairs": best.pairs,
        "tokens": best.tokens,
        "seconds": list(best.seconds),
        "pairs_per_s": best.pairs_per_s,
        "tokens_per_s": best.tokens_per_s,
    }


def _naive_figures(slow: Naive) -> dict[str, Any]:
    return {
        "completions": len(slow.seconds),
        "pairs": slow.pairs,
        "tokens": slow.tokens,
        "seconds": list(slow.seconds),
        "completions_per_s": slow.completions_per_s,
        "pairs_per_s": slow.pairs / sum(slow.seconds),
        "tokens_per_s": slow.tokens / sum(slow.seconds),
    }
