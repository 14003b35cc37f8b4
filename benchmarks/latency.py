"""How long a live request waits: alone, and while training clients keep the queues full.

python -m benchmarks.latency [--short] [--requests 200] [--clients 4]

A live request is one completion of 150 to 300 words, each with other texts, one after another.  Under load,
training clients send groups of fresh completions without a pause.  The goal: the 95th percentile under load
is at most the one without load plus the time of one NLI batch, since a batch that runs is not interrupted;
its mean under load, as the server's own counters tell it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.clients import Loop, working
from benchmarks.load import Size, make_load
from benchmarks.report import Reach, material_of, medians, parser, percentile, print_reaches, runs_of, write
from benchmarks.serving import Running, Setup, nli_batches, send, serving
from benchmarks.texts import Material
from shared.client import RewardClient
from shared.schema import Lane, ScoreItem

GROUP = Size(1, 8)
"""What a training client sends at once."""
SETTLE_S = 5.0
"""Seconds of training load before the first live request."""


@dataclass(frozen=True, slots=True)
class Waited:
    """Seconds of each live request, and what the others did meanwhile."""

    seconds: Sequence[float]
    training_per_s: float
    """Completions that training clients got scored, a second; the requests that were answered count whole."""
    batch_s: float
    """Seconds of the mean NLI batch meanwhile, live ones included."""

    def figures(self, name: str) -> dict[str, float]:
        """p50, p95 and p99 in seconds, and the training clients' pace."""
        found = {f"{name}_p{share}_s": percentile(self.seconds, share / 100) for share in (50, 95, 99)}
        return {**found, f"{name}_training_per_s": self.training_per_s, f"{name}_batch_s": self.batch_s}


def measure_latency(
    setup: Setup,
    material: Material,
    *,
    requests: int,
    clients: int,
    seed: int,
    log: Path,
    tell: Callable[[str], None] = lambda _: None,
    group: Size = GROUP,
    settle_s: float = SETTLE_S,
) -> tuple[Waited, Waited]:
    """Live requests without load, and with it, on one server.

    Args:
        setup: the server's settings.
        material: for the texts.
        requests: live requests of each kind.
        clients: of the training lane.
        seed: of all texts.
        log: gets what the server prints.
        tell: is told what is being done.
        group: what a training client sends at once.
        settle_s: seconds of load before the first live request.
    """
    live = one_by_one(material, 2 * requests, seed)
    with serving(setup, log) as server:
        send(server.url, make_load(material, Size(1, 2, 60, 120), seed=seed, warm_up=True).shares(1))
        tell(f"{requests} live requests without load")
        before = server.metrics()
        alone = Waited(_live(server, live[:requests]), 0.0, nli_batches(before, server.metrics())["batch_s"])
        tell(f"{requests} live requests under the load of {clients} training clients")
        with _training(server, material, clients, group, seed + 1) as loops:
            time.sleep(settle_s)
            before, done, begin = server.metrics(), sum(loop.done for loop in loops), time.perf_counter()
            seconds = _live(server, live[requests:])
            spent = time.perf_counter() - begin
            trained = (sum(loop.done for loop in loops) - done) / spent
            batch_s = nli_batches(before, server.metrics())["batch_s"]
    return alone, Waited(seconds, trained, batch_s)


def one_by_one(material: Material, count: int, seed: int) -> list[ScoreItem]:
    """Completions of all questions in turn, no two alike."""
    questions = len(material.questions)
    each = -(-count // questions)
    load = make_load(material, Size(min(questions, count), each), seed=seed)
    turns = zip(*(group.items() for group in load.groups), strict=True)
    return [item for turn in turns for item in turn][:count]


def _live(server: Running, items: Sequence[ScoreItem]) -> list[float]:
    found = []
    with RewardClient(server.url, patience_s=0, deadline_s=600) as client:
        for item in items:
            begin = time.perf_counter()
            client.score([item], lane=Lane.LIVE)
            found.append(time.perf_counter() - begin)
    return found


@contextmanager
def _training(
    server: Running, material: Material, clients: int, group: Size, seed: int
) -> Iterator[Sequence[Loop]]:
    """Clients that send one group after another, each with its own seeds."""

    def groups(number: int) -> Iterator[list[ScoreItem]]:
        turn = 0
        while True:
            yield make_load(material, group, seed=seed + number + clients * turn).items
            turn += 1

    with working([Loop(server.url, groups(number), Lane.TRAINING) for number in range(clients)]) as loops:
        yield loops


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the table, write all runs."""
    made = parser("latency", __doc__)
    made.add_argument("--requests", type=int, help="live requests of each kind (default: 200, short 20)")
    made.add_argument("--clients", type=int, default=4, help="of the training lane")
    options = made.parse_args(arguments)
    console, material = Console(), material_of(options)
    requests = options.requests or (20 if options.short else 200)
    setup = Setup("server", {})
    runs, waits = [], []
    with console.status("…") as status:
        for run in range(runs_of(options)):
            alone, loaded = measure_latency(
                setup,
                material,
                requests=requests,
                clients=options.clients,
                seed=options.seed + 1000 * run,
                log=options.out.with_suffix(".log"),
                tell=lambda what, run=run: status.update(f"run {run + 1}: {what} …"),  # type: ignore[misc]
                settle_s=2.0 if options.short else SETTLE_S,
            )
            runs.append({**alone.figures("alone"), **loaded.figures("loaded")})
            waits.append({"alone_s": list(alone.seconds), "loaded_s": list(loaded.seconds)})
    middle = medians(runs)
    show(console, middle, requests, options.clients)
    reach = reach_of(middle)
    print_reaches(console, [reach])
    told = {"runs": runs, "waits": waits, "medians": middle, "reaches": [reach.as_json()]}
    write(
        options.out, "latency", console, seed=options.seed, requests=requests, clients=options.clients, **told
    )


def reach_of(figures: Mapping[str, float]) -> Reach:
    """The goal of the live lane."""
    limit = figures["alone_p95_s"] + figures["loaded_batch_s"]
    what = "p95 under load, seconds (limit: p95 alone + one batch)"
    return Reach(what, figures["loaded_p95_s"], limit, at_least=False)


def show(console: Console, figures: Mapping[str, float], requests: int, clients: int) -> None:
    """The percentiles side by side."""
    table = Table(title=f"live lane, {requests} requests of one completion, one after another")
    table.add_column("")
    for heading in ("p50 ms", "p95 ms", "p99 ms", "training completions/s"):
        table.add_column(heading, justify="right")
    for name, told in (("alone", "no load"), ("loaded", f"{clients} training clients")):
        row = [f"{1000 * figures[f'{name}_p{share}_s']:.0f}" for share in (50, 95, 99)]
        pace = f"{figures['loaded_training_per_s']:.2f}" if name == "loaded" else ""
        table.add_row(told, *row, pace)
    table.caption = f"the mean NLI batch under load: {1000 * figures['loaded_batch_s']:.0f} ms"
    console.print(table)


if __name__ == "__main__":
    main()
