"""What `GET /metrics` reports, in a registry of the app's own, and the middleware that watches."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reward_service.api.failures import send_error
from reward_service.errors import TouchstoneError
from reward_service.models.speed import SchedulerStats
from reward_service.types import BatchResult
from shared.schema import CheckResponse, Lane

logger = logging.getLogger(__name__)

SECONDS = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800)
SCORES = tuple(half / 2 for half in range(-8, 21))
"""−4 … 10 in steps of a half, which hold the ranges of all rewards."""
GONE = 499
"""The status under which a request counts whose caller left before the answer."""


class Metrics:
    """Counters of one app."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "touchstone_requests", "Requests by route and status", ["route", "status"], registry=self.registry
        )
        self.latency = Histogram(
            "touchstone_request_seconds",
            "Seconds from the request's headers to the end of the answer",
            ["route"],
            buckets=SECONDS,
            registry=self.registry,
        )
        self.in_flight = Gauge(
            "touchstone_requests_in_flight", "Requests being answered", registry=self.registry
        )
        self.items = Counter(
            "touchstone_items_scored", "Items scored, by lane", ["lane"], registry=self.registry
        )
        self.unscorable = Counter(
            "touchstone_unscorable", "Scores that are null, by reward", ["reward"], registry=self.registry
        )
        self.nli_pairs = Counter(
            "touchstone_nli_pairs", "Pairs that the NLI model judged", registry=self.registry
        )
        self.nli_tokens = Counter(
            "touchstone_nli_tokens", "Tokens that the NLI model read", registry=self.registry
        )
        self.cached = Counter(
            "touchstone_cache_hits",
            "Annotations, vectors and verdicts that were not computed again",
            registry=self.registry,
        )
        self.ready = Gauge("touchstone_ready", "1 while requests can be scored", registry=self.registry)
        self.worker_up = Gauge(
            "touchstone_worker_up", "1 while the worker is alive", ["worker"], registry=self.registry
        )
        self.queue_wait = Gauge(
            "touchstone_queue_wait_seconds",
            "Seconds until work that arrives now would begin, estimated from the recent tokens per second",
            ["worker"],
            registry=self.registry,
        )
        self.scores = Histogram(
            "touchstone_score",
            "Scores that are not null, by reward and lane",
            ["reward", "lane"],
            buckets=SCORES,
            registry=self.registry,
        )
        self.checks = Counter(
            "touchstone_checks",
            "Live checks, by policy and verdict",
            ["policy", "verdict"],
            registry=self.registry,
        )
        self.check_reasons = Counter(
            "touchstone_check_reasons",
            "Reasons of live checks, by code and what the policy makes of them",
            ["code", "outcome"],
            registry=self.registry,
        )
        self.check_seconds = Histogram(
            "touchstone_check_seconds",
            "Seconds from reading a live check to its verdict, keeping it included",
            buckets=SECONDS,
            registry=self.registry,
        )
        self.records_failed = Counter(
            "touchstone_check_records_failed",
            "Live checks that were answered but could not be kept",
            registry=self.registry,
        )
        self.batches = _Batches()
        self.registry.register(self.batches)
        for lane in Lane:
            self.items.labels(lane)

    def observe_batch(self, result: BatchResult, rewards: Iterable[str], lane: Lane) -> None:
        """Count a scored batch."""
        self.items.labels(lane).inc(len(result.samples))
        self.nli_pairs.inc(result.cost.nli_pairs)
        self.nli_tokens.inc(result.cost.nli_tokens)
        self.cached.inc(result.cost.cached)
        for name in dict.fromkeys(rewards):
            scores = [scored.scores[name].score for scored in result.samples]
            self.unscorable.labels(name).inc(scores.count(None))
            histogram = self.scores.labels(name, lane)
            for score in scores:
                if score is not None:
                    histogram.observe(score)

    def observe_check(self, answer: CheckResponse, seconds: float) -> None:
        """Count a live check that was answered."""
        self.checks.labels(answer.policy, answer.verdict).inc()
        self.check_seconds.observe(seconds)
        for reason in answer.reasons:
            self.check_reasons.labels(reason.code, reason.outcome).inc()

    def observe_workers(
        self,
        ready: bool,
        workers: dict[str, str],
        waits: dict[str, float],
        stats: dict[str, SchedulerStats],
    ) -> None:
        """Note the state of the engine, at the moment that somebody asks."""
        self.batches.stats = stats
        self.ready.set(ready)
        for name, state in workers.items():
            self.worker_up.labels(name).set(state == "ok")
        for name, seconds in waits.items():
            self.queue_wait.labels(name).set(seconds)


class _Batches(Collector):
    """What the models' batches came to, as their schedulers count them."""

    def __init__(self) -> None:
        self.stats: dict[str, SchedulerStats] = {}

    def collect(self) -> Iterator[Metric]:
        for name, help_, read in _BATCH_COUNTERS:
            family = CounterMetricFamily(f"touchstone_{name}", help_, labels=["worker"])
            for worker, stats in self.stats.items():
                family.add_metric([worker], read(stats))
            yield family


_BATCH_COUNTERS: tuple[tuple[str, str, Callable[[SchedulerStats], float]], ...] = (
    ("model_batches", "Batches that a model ran", lambda stats: stats.batches),
    ("model_items", "Texts or pairs in those batches", lambda stats: stats.items),
    ("model_tokens", "Their tokens, padding left out", lambda stats: stats.tokens),
    (
        "model_padded_tokens",
        "Their tokens if all were padded to their batch's longest",
        lambda s: s.padded_tokens,
    ),
    ("model_forward_seconds", "Seconds in the model's forward calls", lambda stats: stats.forward_s),
)


class Observe:
    """ASGI middleware: counts and times every request, and answers 500 in the common shape if code breaks."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status = GONE
        started = time.perf_counter()

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        with self.metrics.in_flight.track_inprogress():
            try:
                await self.app(scope, receive, watch)
            except Exception:
                logger.exception("%s %s failed", scope["method"], scope["path"])
                if status != GONE:  # the answer has begun: only closing the connection can tell the caller
                    raise
                await send_error(watch, TouchstoneError("something broke in the server; its log says what"))
            finally:
                route = getattr(scope.get("route"), "path", "unmatched")
                self.metrics.requests.labels(route, str(status)).inc()
                self.metrics.latency.labels(route).observe(time.perf_counter() - started)
                logger.debug("%s %s %s", scope["method"], route, status)
