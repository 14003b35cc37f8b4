"""Minutes of mixed load with faults: nothing is lost, nothing leaks, and readiness tells the truth.

python -m benchmarks.soak [--minutes 10] [--short] [--no-kill]

Three training clients and a live one send good requests, half of them with texts that were sent before;
others leave in the midst, send bodies that are too large or malformed; and every so often one of the
processes that the server started is killed.  Exits 1 if a check fails:
- every good request is answered 200 or 503, and scored in the end;
- equal texts get equal scores;
- what is broken is refused with the right status;
- memory (RSS of the server and its processes) grows by at most 5 % after the warm-up;
- readiness is false while a killed process is down, and true again afterwards.
"""

from __future__ import annotations

import random
import statistics
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from benchmarks.clients import Loop, working
from benchmarks.faults import MAX_BODY_BYTES, Faults
from benchmarks.load import Size, make_load
from benchmarks.processes import resident_bytes
from benchmarks.report import Reach, material_of, parser, print_reaches, write
from benchmarks.serving import Running, Setup, send, serving
from benchmarks.texts import Material
from shared.schema import DEFAULT_REWARD, Detail, Lane, ScoreItem, ScoreResponse

GROWTH = 0.05
WARM_UP = 0.4
"""Share of the time in which memory may grow: caches fill, allocators find their size."""
TAIL = 0.2
"""Share of the time at the end whose median memory is compared with the same long a stretch after the
warm-up."""
JUDGED_FROM_S = 300.0
"""A shorter soak shows the growth of memory but does not judge it: the allocators of a dozen threads and some
processes take two minutes to find their size."""
TOLERANCE = 1e-4
"""Between scores of equal texts: rounding differs with what they were batched with."""
SMALL_CACHE = 1
"""MiB of each cache: so small that it is full before the warm-up ends, and repeated texts are judged anew."""
DETAILS = (Detail.SCORES, Detail.SCORES, Detail.LAYERS, Detail.SCORES)
"""Of the requests in turn, of which every other one repeats texts: with layers nothing is left out and no
finished score is reused, so equal texts are really scored again."""


class Scores:
    """The score of each text, and where a later one differs."""

    def __init__(self) -> None:
        self.known: dict[tuple[str, str], float | None] = {}
        self.repeated = 0
        self.different: list[str] = []
        self._lock = threading.Lock()

    def note(self, items: Sequence[ScoreItem], answer: ScoreResponse) -> None:
        """Compare an answer with what was said of the same texts."""
        with self._lock:
            for item, result in zip(items, answer.results, strict=True):
                key, score = (str(item.prompt), str(item.completion)), result.rewards[DEFAULT_REWARD]
                if key not in self.known:
                    self.known[key] = score
                    continue
                self.repeated += 1
                if not _equal(self.known[key], score):
                    self.different.append(f"{self.known[key]} and {score}")


def _equal(a: float | None, b: float | None) -> bool:
    return a is b if a is None or b is None else abs(a - b) <= TOLERANCE


@dataclass(frozen=True, slots=True)
class Soaked:
    """What happened."""

    seconds: float
    completions: int
    retried: int
    """Good requests that were refused with 503 or lost their connection, and were sent again."""
    failed: Sequence[str]
    repeated: int
    """Completions that had been scored before."""
    different: Sequence[str]
    faults: dict[str, int]
    wrong: Sequence[str]
    kills: Sequence[dict[str, Any]]
    memory: Sequence[tuple[float, int]]
    """Seconds since the start, bytes."""
    alive: bool
    """The server still runs and is ready at the end."""


def soak(
    material: Material,
    *,
    seconds: float,
    seed: int,
    log: Path,
    progress: Progress,
    kill_every_s: float | None,
    group: Size,
    setup: Setup,
) -> Soaked:
    """Load a server with good and bad requests for some time.

    Args:
        material: for the texts.
        seconds: how long.
        seed: of texts and faults.
        log: gets what the server prints.
        progress: shows how far it is.
        kill_every_s: seconds between two kills; None kills none.
        group: what one good request of the training lane holds.
        setup: the server's settings.
    """
    scores, memory = Scores(), []
    with serving(setup.with_settings(max_body_bytes=MAX_BODY_BYTES), log) as server:
        send(server.url, make_load(material, Size(1, 2, 60, 120), seed=seed, warm_up=True).shares(1))
        loops = [
            Loop(
                server.url,
                _requests(material, group, seed, number),
                lane,
                details=DETAILS,
                answered=scores.note,
            )
            for number, lane in enumerate((Lane.TRAINING, Lane.TRAINING, Lane.TRAINING, Lane.LIVE))
        ]
        faults = Faults(server, make_load(material, group, seed=seed + 1).items, seed, kill_every_s)
        task = progress.add_task("soak", total=seconds)
        begin = time.monotonic()
        with working(loops):
            faults.start()
            try:
                while (spent := time.monotonic() - begin) < seconds:
                    server.process.check()
                    memory.append((spent, resident_bytes(server.pid)))
                    scored = sum(loop.done for loop in loops)
                    told = f"{scored} scored, {len(faults.kills)} kills"
                    progress.update(task, completed=spent, description=told)
                    time.sleep(min(1.0, seconds / 20))
            finally:
                faults.stop()
        return Soaked(
            seconds=time.monotonic() - begin,
            completions=sum(loop.done for loop in loops),
            retried=sum(len(loop.retried) for loop in loops),
            failed=[reason for loop in loops for reason in loop.failed],
            repeated=scores.repeated,
            different=scores.different,
            faults=dict(faults.done),
            wrong=faults.wrong,
            kills=[asdict(kill) for kill in faults.kills],
            memory=memory,
            alive=_ready(server),
        )


def _requests(material: Material, group: Size, seed: int, number: int) -> Iterator[Sequence[ScoreItem]]:
    """Groups without end: fresh ones and, as often, ones of a small stock that all clients share.

    The fourth client is the live one, which sends one completion at a time.
    """
    chance = random.Random(f"{seed} {number}")
    stock = [make_load(material, group, seed=seed + 1 + turn).items for turn in range(3)]
    turn = 0
    while True:
        turn += 1
        fresh = seed + 1000 + 100_000 * number + turn
        items = chance.choice(stock) if turn % 2 else make_load(material, group, seed=fresh).items
        yield [chance.choice(items)] if number == 3 else items


def _ready(server: Running) -> bool:
    return server.metrics().get("touchstone_ready") == 1.0


def growth(memory: Sequence[tuple[float, int]]) -> float | None:
    """By which share memory grew from after the warm-up to the end; None where too little was seen."""
    seconds = max((at for at, _ in memory), default=0.0) or 1.0
    after = [size for at, size in memory if WARM_UP <= at / seconds < WARM_UP + TAIL]
    end = [size for at, size in memory if at / seconds >= 1 - TAIL]
    if not after or not end:
        return None
    return statistics.median(end) / statistics.median(after) - 1


def checks(soaked: Soaked, *, killing: bool) -> list[Reach]:
    """What must hold.

    Args:
        soaked: what happened.
        killing: processes of the server were to be killed.
    """
    found = [
        Reach("good requests without an answer", len(soaked.failed), 0, at_least=False),
        Reach("completions scored", soaked.completions, 1),
        Reach("texts scored again", soaked.repeated, 1),
        Reach("equal texts with other scores", len(soaked.different), 0, at_least=False),
        Reach("broken requests answered wrongly", len(soaked.wrong), 0, at_least=False),
        Reach("ready at the end", float(soaked.alive), 1),
    ]
    if soaked.seconds >= JUDGED_FROM_S:
        found.append(
            Reach("growth of memory after the warm-up", growth(soaked.memory), GROWTH, at_least=False)
        )
    if killing:
        unseen = sum(kill["unready_s"] is None for kill in soaked.kills)
        down = sum(kill["ready_s"] is None for kill in soaked.kills)
        found += [
            Reach("processes killed", len(soaked.kills), 1),
            Reach("kills after which readiness stayed true", unseen, 0, at_least=False),
            Reach("kills after which the server was not ready again", down, 0, at_least=False),
        ]
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Soak, print the checks, write what happened.

    Returns:
        0 if every check holds, else 1.
    """
    made = parser("soak", __doc__)
    made.add_argument("--minutes", type=float, help="default 10, short 1")
    made.add_argument("--no-kill", action="store_true", help="kill no process of the server")
    made.add_argument("--group", type=int, nargs=2, default=(2, 4), metavar=("PROMPTS", "COMPLETIONS"))
    options = made.parse_args(arguments)
    console, material = Console(), material_of(options)
    seconds = 60 * (options.minutes or (1.0 if options.short else 10.0))
    kill_every_s = None if options.no_kill else min(30.0, seconds / 4)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        soaked = soak(
            material,
            seconds=seconds,
            seed=options.seed,
            log=options.out.with_suffix(".log"),
            progress=progress,
            kill_every_s=kill_every_s,
            group=Size(*options.group),
            setup=Setup("server", small_caches()),
        )
    found = checks(soaked, killing=not options.no_kill)
    print_reaches(console, found, f"soak of {soaked.seconds:.0f} s: {soaked.completions} completions")
    if soaked.seconds < JUDGED_FROM_S and (grown := growth(soaked.memory)) is not None:
        console.print(f"memory grew by {grown:.1%} after the warm-up; judged from five minutes on")
    for reason in (*soaked.failed[:5], *soaked.wrong[:5], *soaked.different[:5]):
        console.print(f"[red]{reason}[/]", soft_wrap=True)
    told = asdict(soaked) | {"checks": [check.as_json() for check in found]}
    write(options.out, "soak", console, seed=options.seed, **told)
    return 0 if all(check.reached for check in found) else 1


def small_caches() -> dict[str, Any]:
    """Caches that are full before the warm-up ends, so that what still grows afterwards is a leak."""
    return {"cache_mib": SMALL_CACHE}


if __name__ == "__main__":
    sys.exit(main())
