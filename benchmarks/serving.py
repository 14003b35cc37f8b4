"""A real server process with given settings, and clients that send it a load."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from prometheus_client.parser import text_string_to_metric_families

from reward_service.settings import Settings, load_settings, variables
from shared.client import RewardClient
from shared.schema import Detail, Lane, ScoreItem, ScoreResponse
from trainer.local_server import LocalServer

START_S = 600.0
"""A model of 1.6 GB may come from a slow disk."""
DEADLINE_S = 3600.0
OURS = frozenset({"REWARD_API_KEYS", "REWARD_HOST", "REWARD_PORT", "PORT"})
"""Variables that a benchmark's own server doesn't take from the environment."""


@dataclass(frozen=True, slots=True)
class Setup:
    """Settings of a server; what they leave open comes from the environment."""

    label: str
    """As tables name it."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """By the names of `Settings`."""

    def with_settings(self, **more: Any) -> Setup:
        """The same with further settings."""
        return Setup(self.label, {**self.settings, **more})

    def environment(self) -> dict[str, str]:
        """Of the server process."""
        kept = {name: value for name, value in os.environ.items() if name not in OURS}
        names = variables()
        given = {names[name]: str(value) for name, value in self.settings.items() if value is not None}
        return {**kept, "PYTHONUNBUFFERED": "1", "HF_HUB_OFFLINE": "1", **given}

    def in_process(self) -> Settings:
        """The same settings, for an engine in this process."""
        return load_settings(**{**self.settings, "api_keys": (), "host": "127.0.0.1", "port": 0})


def without_caches() -> dict[str, Any]:
    """Settings under which no result is kept, so that each request is a cold one."""
    return {name: 0 for name in Settings.model_fields if name.startswith("cache_")}


@dataclass(frozen=True, slots=True)
class Running:
    """A server that is ready."""

    url: str
    pid: int
    process: LocalServer

    def metrics(self) -> dict[str, float]:
        """`GET /metrics`: name, with its labels in braces where it has any → value."""
        with httpx.Client(trust_env=False, timeout=30) as client:
            text = client.get(f"{self.url}/metrics").raise_for_status().text
        found = {}
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
                found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
        return found


@contextmanager
def serving(setup: Setup, log: Path) -> Iterator[Running]:
    """A server on a free loopback port, ready, with nothing in its caches but its own warm-up.

    Args:
        setup: its settings.
        log: gets what it prints.

    Raises:
        ServerDied: it ended by itself; with the end of its log.
        TimeoutError: it was not ready in time.
    """
    import sys

    command = [sys.executable, "-m", "reward_service", "serve", "--host", "127.0.0.1", "--port", "0"]
    with LocalServer(command, environment=setup.environment(), log=log) as process:
        ends = time.monotonic() + START_S
        url = None
        while url is None or not _ready(url):
            process.check()
            if time.monotonic() > ends:
                raise TimeoutError(f"the server was not ready within {START_S:g} s\n{process.tail()}")
            time.sleep(0.1)
            url = url or _url(log)
        yield Running(url, process.pid, process)


def _url(log: Path) -> str | None:
    """The address that the server prints, once it has."""
    for word in log.read_text(encoding="utf-8", errors="replace").split():
        if word.startswith("http://127.0.0.1:"):
            return word.rstrip(".;")
    return None


def _ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health/ready", trust_env=False, timeout=30).status_code == 200
    except httpx.TransportError:
        return False


def nli_batches(before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, float]:
    """The NLI model's batches between two looks at the server's metrics.

    Returns:
        `batches`; `batch_s`, the mean seconds of their forward calls; and `padded_over_real`, their tokens if
        all were padded to their batch's longest, over real ones.  All 0 where there was no batch.
    """
    names = ("batches", "forward_seconds", "padded_tokens", "tokens")
    keys = [f"touchstone_model_{name}_total{{worker=nli}}" for name in names]
    batches, seconds, padded, real = (after.get(key, 0.0) - before.get(key, 0.0) for key in keys)
    if not batches or not real:
        return {"batches": 0.0, "batch_s": 0.0, "padded_over_real": 0.0}
    return {"batches": batches, "batch_s": seconds / batches, "padded_over_real": padded / real}


@dataclass(frozen=True, slots=True)
class Sent:
    """A load that was sent and answered."""

    seconds: float
    """From the first request to the last answer."""
    responses: Sequence[ScoreResponse]
    """One for each client."""

    def figures(self, completions: int) -> dict[str, float]:
        """Work and pace: completions, NLI pairs and NLI tokens, in all and a second."""
        pairs = sum(response.usage.nli_pairs for response in self.responses)
        tokens = sum(response.usage.nli_tokens for response in self.responses)
        return {
            "seconds": self.seconds,
            "completions": completions,
            "pairs": pairs,
            "tokens": tokens,
            "completions_per_s": completions / self.seconds,
            "pairs_per_s": pairs / self.seconds,
            "tokens_per_s": tokens / self.seconds,
        }


def send(
    url: str, shares: Sequence[Sequence[ScoreItem]], *, lane: Lane = Lane.TRAINING, patience_s: float = 0.0
) -> Sent:
    """Send each share from a client of its own, all at once, and wait for all answers.

    Raises:
        RewardClientError: a share was not answered; see `shared/client_errors.py`.
    """
    begin = threading.Barrier(len(shares) + 1)

    def one(share: Sequence[ScoreItem]) -> ScoreResponse:
        with RewardClient(url, patience_s=patience_s, deadline_s=DEADLINE_S) as client:
            begin.wait()
            return client.score(share, detail=Detail.SCORES, lane=lane)

    with ThreadPoolExecutor(len(shares)) as pool:
        waiting = [pool.submit(one, share) for share in shares]
        begin.wait()
        started = time.perf_counter()
        responses = [answer.result() for answer in waiting]
        return Sent(time.perf_counter() - started, responses)
