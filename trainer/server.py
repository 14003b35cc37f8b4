"""Waits for the reward server before a run, and learns what it offers."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.client import RewardClient
from trainer.settings import RewardSettings, SettingsError

if TYPE_CHECKING:
    from shared.schema import ServerInfo

REPORT_EVERY_S = 10.0

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Server:
    """A server that is ready."""

    info: ServerInfo
    ranges: Mapping[str, tuple[float, float]]
    """Reward → its lowest and highest score."""


def connect(
    settings: RewardSettings, report: Report, *, still_coming: Callable[[], None] = lambda: None
) -> Server:
    """Wait until the server is ready, and check that it knows the rewards of this run.

    Args:
        settings: where it is, and how long to wait.
        report: gets a line at once and every ten seconds.
        still_coming: called between attempts; raises when waiting is pointless (our own server has died).

    Raises:
        RewardUnavailable: not ready within `startup_patience_s`.
        RewardRejected: the server wants a token, or another one.
        SettingsError: the server has no reward of a name in `rewards.names`.
    """
    began = told = time.monotonic()

    def on_wait(attempt: int, delay_s: float, reason: str) -> None:  # noqa: ARG001
        nonlocal told
        still_coming()
        now = time.monotonic()
        if now - told >= REPORT_EVERY_S:
            told = now
            report(f"not ready after {now - began:.0f} s ({reason})")

    report(f"waiting for the reward server at {settings.url}")
    with RewardClient(
        settings.url, api_key=settings.key, patience_s=settings.patience_s, on_wait=on_wait
    ) as client:
        client.wait_ready(settings.startup_patience_s)
        info = client.info()
        ranges = {reward.name: (reward.low, reward.high) for reward in client.rewards()}
        _check_names(settings.names, list(ranges))
    report(f"reward server ready: pack {info.pack}, fingerprint {info.fingerprint[:12]}")
    return Server(info, ranges)


def _check_names(wanted: Sequence[str], offered: Sequence[str]) -> None:
    unknown = [name for name in wanted if name not in offered]
    if unknown:
        raise SettingsError(
            f"rewards.names: the server has no {', '.join(unknown)}; it has {', '.join(sorted(offered))}"
        )
