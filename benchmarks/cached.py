"""What HTTP and bookkeeping cost: a request of 64 items whose texts were all scored before.

python -m benchmarks.cached [--short] [--items 64] [--requests 40]

The first request is not measured.  `scores` asks for the same scores again; `layers` for every part of them,
which are put together anew from texts, vectors and verdicts that are kept.  The goal is for `scores`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import httpx
from rich.console import Console
from rich.table import Table

from benchmarks.load import Size, make_load
from benchmarks.report import Reach, material_of, medians, parser, percentile, print_reaches, runs_of, write
from benchmarks.serving import DEADLINE_S, Running, Setup, serving
from shared.schema import Detail, Lane, ScoreItem, ScoreRequest

LIMIT_MS = 15.0
GROUP = 8


def measure_cached(
    server: Running,
    items: Sequence[ScoreItem],
    requests: int,
    tell: Callable[[str], None] = lambda _: None,
) -> dict[str, float]:
    """Milliseconds of requests that are sent one after another on one connection.

    Returns:
        `scores_p50_ms`, `scores_p95_ms`, and the same for `layers`.
    """
    found = {}
    with httpx.Client(base_url=server.url, trust_env=False, timeout=DEADLINE_S) as client:
        for detail in (Detail.SCORES, Detail.LAYERS):
            asked = ScoreRequest(items=list(items), detail=detail, lane=Lane.TRAINING)
            body = asked.model_dump_json()
            tell(f"{detail}: the first request, which fills the caches")
            _answered(client, body)
            tell(f"{detail}: {requests} requests")
            seconds = [_answered(client, body) for _ in range(requests)]
            for share in (50, 95):
                found[f"{detail}_p{share}_ms"] = 1000 * percentile(seconds, share / 100)
    return found


def _answered(client: httpx.Client, body: str) -> float:
    """Seconds until the whole answer to a request is there."""
    begin = time.perf_counter()
    client.post("/score", content=body, headers={"content-type": "application/json"}).raise_for_status()
    return time.perf_counter() - begin


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the table, write all runs."""
    made = parser("cached", __doc__)
    made.add_argument("--items", type=int, default=64, help="of one request, a multiple of 8")
    made.add_argument("--requests", type=int, help="measured requests of each kind (default: 40, short 20)")
    options = made.parse_args(arguments)
    console, material = Console(), material_of(options)
    requests = options.requests or (20 if options.short else 40)
    words = (60, 90) if options.short else (150, 300)
    load = make_load(material, Size(-(-options.items // GROUP), GROUP, *words), seed=options.seed)
    items = load.items[: options.items]
    runs = []
    with console.status("…") as status:
        for run in range(runs_of(options)):
            with serving(Setup("server", {}), options.out.with_suffix(".log")) as server:
                runs.append(
                    measure_cached(
                        server,
                        items,
                        requests,
                        lambda what, run=run: status.update(f"run {run + 1}: {what} …"),  # type: ignore[misc]
                    )
                )
    middle = medians(runs)
    table = Table(title=f"{len(items)} items whose texts were scored before, milliseconds a request")
    for heading in ("detail", "p50", "p95"):
        table.add_column(heading, justify="left" if heading == "detail" else "right")
    for detail in (Detail.SCORES, Detail.LAYERS):
        table.add_row(detail, *(f"{middle[f'{detail}_p{share}_ms']:.1f}" for share in (50, 95)))
    console.print(table)
    reach = Reach("median of `scores`, ms", middle["scores_p50_ms"], LIMIT_MS, at_least=False)
    print_reaches(console, [reach])
    write(options.out, "cached", console, seed=options.seed, items=len(items), requests=requests,
          runs=runs, medians=middle, reaches=[reach.as_json()])  # fmt: skip


if __name__ == "__main__":
    main()
