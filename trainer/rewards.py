"""The thin adapter: TRL reward functions that ask the reward server.

    rewards = remote_rewards(["full_coherence_reward", "match_format_exactly"], url="http://127.0.0.1:8080")
    GRPOTrainer(reward_funcs=rewards, …)

One request per batch.  TRL calls the functions one after another with the same batch.  Whichever is called
first asks for the scores of all; the others read what it left, each once.  A function that is called a second
time with equal prompts, completions and references is in a new step and asks anew.

Never an invented score.  When the server can't be reached the adapter waits, with log lines, up to the
patience, then raises `RewardUnavailable`.  What the server could not score is None.  TRL takes a None in one
row for 0 against the row's group, so one None makes the whole batch None under that reward: it teaches
nothing there, the other rewards still count, and a warning and `rewards/<name>/unscorable_share` say so.
(With several training processes each has its own batch, so a group that is spread over processes can still
mix: keep groups whole.)
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shared.client import (
    OnWait,
    RewardClient,
    RewardClientError,
    RewardProtocolError,
    RewardRejected,
    RewardServerError,
    RewardUnavailable,
)
from shared.schema import Detail, Lane, ScoreItem
from trainer.batch_scores import BatchScores, batch_scores, metrics
from trainer.items import items_of

__all__ = [
    "BatchScores",
    "RemoteReward",
    "RewardClientError",
    "RewardProtocolError",
    "RewardRejected",
    "RewardServerError",
    "RewardUnavailable",
    "remote_rewards",
]

_log = logging.getLogger(__name__)


OnBatch = Callable[[BatchScores], None]
DetailOf = Callable[[int | None], Detail]
"""TRL's `global_step` → how much the server is asked for."""


class RemoteReward:
    """One reward, callable as TRL calls it.  Make them with `remote_rewards`.

    It pickles and deep-copies, api key included.  Pickled or copied together (as one list) they go on sharing
    their requests; a batch that is half read does not travel.
    """

    def __init__(self, name: str, scorer: _Scorer) -> None:
        self.__name__ = name
        self._scorer = scorer

    def __call__(
        self,
        prompts: Sequence[Any],
        completions: Sequence[Any],
        completion_ids: Sequence[Sequence[int]] | None = None,
        *,
        trainer_state: Any = None,
        log_extra: Any = None,  # noqa: ARG002
        log_metric: Callable[[str, float], None] | None = None,
        **columns: Any,
    ) -> list[float | None]:
        """Scores of a batch under this reward.

        Args:
            prompts: strings or lists of messages.
            completions: the same.
            completion_ids: tokens of each completion; their number goes into `BatchScores`.
            trainer_state: TRL's; its `global_step` goes into `BatchScores`.
            log_extra: not used.
            log_metric: gets mean and std of every part, and the share that could not be scored.
            columns: the dataset's other columns; the reference is read from one of them.

        Returns:
            One finite float for each completion, or None for each.

        Raises:
            RewardUnavailable: no answer within the patience.
            RewardRejected, RewardServerError, RewardProtocolError: see `shared/client_errors.py`.
            ValueError: a prompt, completion or reference is no text; names the field.
        """
        step = getattr(trainer_state, "global_step", None)
        tokens = None if completion_ids is None else [len(ids) for ids in completion_ids]
        batch = self._scorer.scores(self.__name__, prompts, completions, columns, step, tokens, log_metric)
        scores = batch.rewards[self.__name__]
        return [None] * len(scores) if None in scores else list(scores)

    @property
    def last_batch(self) -> BatchScores | None:
        """The batch that was scored last, for all rewards of the list; None before the first."""
        return self._scorer.last_batch

    def __repr__(self) -> str:
        return f"RemoteReward({self.__name__!r}, {self._scorer.url!r})"


def remote_rewards(
    names: Sequence[str],
    *,
    url: str,
    api_key: str | None = None,
    patience_s: float = 600.0,
    deadline_s: float = 300.0,
    lane: Lane = Lane.TRAINING,
    detail: Detail | DetailOf = Detail.LAYERS,
    reference_column: str | None = None,
    on_batch: OnBatch | None = None,
    on_wait: OnWait | None = None,
) -> list[RemoteReward]:
    """Reward functions for TRL's `reward_funcs` that share one request per batch.

    Args:
        names: rewards of the server, in the order of the returned functions.
        url: the reward server.
        api_key: its bearer token, where it wants one.
        patience_s: seconds that an outage may last before `RewardUnavailable` is raised.
        deadline_s: seconds that the server has for a batch.
        lane: who waits.
        detail: `layers` brings the parts of combined rewards, `evidence` also what led to each score; or
            what says it for each step, which must pickle if the rewards are to be pickled.
        reference_column: the dataset column with the reference; by default the first there is of `reference`,
            `answer`, `response`.
        on_batch: called once per batch with all that came; must pickle if the rewards are to be pickled.
        on_wait: called before each wait (attempt, delay in seconds, reason), beside the log line.

    Raises:
        ValueError: no names, a name twice, or a bad URL or token.
    """
    if isinstance(names, str) or not names:
        raise ValueError(f"names must be a list with at least one reward, got {names!r}")
    if len(set(names)) != len(names):
        raise ValueError(f"a reward is named twice, and TRL would merge the two silently: {list(names)}")
    scorer = _Scorer(
        names=tuple(names),
        url=url,
        api_key=api_key,
        patience_s=patience_s,
        deadline_s=deadline_s,
        lane=lane,
        detail=detail,
        reference_column=reference_column,
        on_batch=on_batch,
        on_wait=on_wait,
    )
    scorer.connect().close()  # a bad URL, token or number is an error now, not at the first step
    return [RemoteReward(name, scorer) for name in names]


@dataclass(slots=True)
class _Scorer:
    """What the functions of one list share: where to ask, and the batch that was asked for last."""

    names: tuple[str, ...]
    url: str
    api_key: str | None = field(repr=False)
    patience_s: float
    deadline_s: float
    lane: Lane
    detail: Detail | DetailOf
    reference_column: str | None
    on_batch: OnBatch | None
    on_wait: OnWait | None
    last_batch: BatchScores | None = None
    _items: list[ScoreItem] | None = field(default=None, repr=False)
    """The content of the last batch."""
    _unread: set[str] = field(default_factory=set, repr=False)
    """The functions that have not read it yet."""
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def __reduce__(self) -> tuple[Any, ...]:
        settings = (self.names, self.url, self.api_key, self.patience_s, self.deadline_s, self.lane)
        return type(self), (*settings, self.detail, self.reference_column, self.on_batch, self.on_wait)

    def connect(self) -> RewardClient:
        """A client for one batch: no connection outlives a server that restarts, and none has to pickle."""
        return RewardClient(
            self.url,
            api_key=self.api_key,
            patience_s=self.patience_s,
            deadline_s=self.deadline_s,
            on_wait=self._waiting,
        )

    def scores(
        self,
        name: str,
        prompts: Sequence[Any],
        completions: Sequence[Any],
        columns: Mapping[str, Any],
        step: int | None,
        tokens: list[int] | None,
        log_metric: Callable[[str, float], None] | None,
    ) -> BatchScores:
        """The batch's scores: from the server, or what another function of this step left."""
        items = items_of(prompts, completions, columns, self.reference_column)
        with self._lock:
            if self.last_batch is None or name not in self._unread or items != self._items:
                self._unread = set()  # whatever fails now, nothing old is read after it
                batch = self._ask(items, step, tokens)
                self.last_batch, self._items, self._unread = batch, items, set(self.names)
                self._report(batch, log_metric)
            self._unread.discard(name)
            return self.last_batch

    def _ask(self, items: list[ScoreItem], step: int | None, tokens: list[int] | None) -> BatchScores:
        began = time.monotonic()
        detail = self.detail if isinstance(self.detail, Detail) else self.detail(step)
        with self.connect() as client:
            answered = client.score(items, self.names, detail=detail, lane=self.lane)
        if self.last_batch is not None and self.last_batch.fingerprint != answered.fingerprint:
            _log.warning(
                "reward server %s scores differently than before: its fingerprint was %s and is now %s",
                *(self.url, self.last_batch.fingerprint, answered.fingerprint),
            )
        return batch_scores(self.names, items, answered, time.monotonic() - began, step, tokens)

    def _waiting(self, attempt: int, delay_s: float, reason: str) -> None:
        _log.warning(
            "reward server %s: %s (attempt %d); asking again in %.1f s, for up to %.0f s",
            *(self.url, reason, attempt, delay_s, self.patience_s),
        )
        if self.on_wait is not None:
            self.on_wait(attempt, delay_s, reason)

    def _report(self, batch: BatchScores, log_metric: Callable[[str, float], None] | None) -> None:
        for name, reasons in batch.unscorable.items():
            _log.warning(
                "%s could not score %d of %d completions, so it counts for none of this batch: %s",
                *(name, len(reasons), len(batch.prompts), "; ".join(sorted(set(reasons.values())))),
            )
        if log_metric is not None:
            for metric, value in metrics(batch):
                log_metric(metric, value)
        if self.on_batch is not None:
            self.on_batch(batch)
