"""Scores answers over HTTP in the evaluation lane.  What can't be scored is None with its reason, never 0."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from shared.client import RewardClient
from shared.client_errors import RewardProtocolError
from shared.schema import Detail, Lane, Layer, ScoreItem
from trainer.dataset.load import load_jsonl
from trainer.evaluation.answers import Answer, drop_torn_line
from trainer.evaluation.questions import Question
from trainer.items import items_of

BATCH = 16
"""Answers in one request, so that progress shows and little is lost when the run breaks off."""


class Scored(BaseModel):
    """A line of `scores.jsonl`: what the server said of one answer."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    item: str
    """Names prompt, completion and reference by what they say."""
    fingerprint: str
    """The server's; scores compare only under one."""
    rewards: dict[str, float | None]
    unscorable: dict[str, str] = {}
    """Reward → why its score is None."""
    layers: dict[str, Layer] = {}
    """Every asked reward and every part of it."""


@dataclass(frozen=True, slots=True)
class Pair:
    """An answer with the question it answers."""

    question: Question
    answer: Answer

    @property
    def item(self) -> str:
        """Names what is scored by what it says."""
        said = json.dumps([self.question.messages, self.answer.text, self.question.reference])
        return hashlib.sha256(said.encode()).hexdigest()[:24]


class Scorer:
    """Scores pairs, and keeps every score in a file under the server's fingerprint.

    Args:
        client: of the reward server.
        rewards: names that the server knows.
        fingerprint: the server's, when the evaluation began.
        longest: characters of a text that the server takes.
        path: `scores.jsonl`; what it holds under the same fingerprint isn't asked again.
    """

    def __init__(
        self, client: RewardClient, rewards: Sequence[str], *, fingerprint: str, longest: int, path: Path
    ) -> None:
        self._client, self._rewards = client, tuple(rewards)
        self._fingerprint, self._longest, self._path = fingerprint, longest, path

    def score(self, pairs: Sequence[Pair], done: Callable[[int], None]) -> dict[str, Scored]:
        """The scores of all pairs, by item.

        Args:
            pairs: answers of all policies.
            done: told how many pairs have their scores by now.

        Raises:
            RewardClientError: the server refuses or stays away, or its fingerprint changed.
        """
        known = self._known()
        wanted = {pair.item: pair for pair in pairs}
        found = {item: known[item] for item in wanted if item in known}
        done(len(found))
        left = [pair for item, pair in wanted.items() if item not in found]
        for start in range(0, len(left), BATCH):
            scored = self._batch(left[start : start + BATCH])
            self._write(scored)
            found |= {each.item: each for each in scored}
            done(len(found))
        return found

    def _known(self) -> dict[str, Scored]:
        drop_torn_line(self._path)
        if not self._path.exists() or not self._path.stat().st_size:
            return {}
        return {
            scored.item: scored
            for scored in load_jsonl(self._path, Scored)
            if scored.fingerprint == self._fingerprint and set(self._rewards) <= set(scored.rewards)
        }

    def _batch(self, pairs: Sequence[Pair]) -> list[Scored]:
        items: list[ScoreItem] = []
        sent: list[Pair] = []
        refused: dict[str, Scored] = {}
        for pair in pairs:
            if (reason := self._too_long(pair)) is not None:
                refused[pair.item] = Scored(
                    item=pair.item,
                    fingerprint=self._fingerprint,
                    rewards=dict.fromkeys(self._rewards),
                    unscorable=dict.fromkeys(self._rewards, reason),
                )
                continue
            items += items_of(
                [pair.question.messages], [pair.answer.text], {"reference": [pair.question.reference]}
            )
            sent.append(pair)
        if not items:
            return list(refused.values())
        response = self._client.score(items, self._rewards, detail=Detail.LAYERS, lane=Lane.EVALUATION)
        if response.fingerprint != self._fingerprint:
            raise RewardProtocolError(
                f"the server's fingerprint changed from {self._fingerprint} to {response.fingerprint}; "
                "scores before and after don't compare; the same command scores all answers anew"
            )
        answered = {
            pair.item: Scored(
                item=pair.item,
                fingerprint=response.fingerprint,
                rewards=result.rewards,
                unscorable=result.unscorable,
                layers=result.layers or {},
            )
            for pair, result in zip(sent, response.results, strict=True)
        }
        return [{**refused, **answered}[pair.item] for pair in pairs]

    def _too_long(self, pair: Pair) -> str | None:
        texts: Mapping[str, str] = {
            "question": max((each["content"] for each in pair.question.messages), key=len),
            "answer": pair.answer.text,
            "reference": pair.question.reference,
        }
        for name, text in texts.items():
            if len(text) > self._longest:
                return f"the {name} has {len(text)} characters, and the server's limit is {self._longest}"
        return None

    def _write(self, scored: Sequence[Scored]) -> None:
        with self._path.open("a", encoding="utf-8", newline="\n") as file:
            file.write("".join(f"{each.model_dump_json(exclude_none=False)}\n" for each in scored))
            file.flush()
            os.fsync(file.fileno())


def parts_of(scored: Scored, asked: Sequence[str]) -> dict[str, float | None]:
    """The scores of the parts that the asked rewards are made of, by name."""
    return {name: layer.score for name, layer in scored.layers.items() if name not in asked}


def layers_said(scored: Scored) -> dict[str, dict[str, Any]]:
    """What each layer says, without what it leaves open."""
    return {name: layer.model_dump(mode="json", exclude_none=True) for name, layer in scored.layers.items()}
