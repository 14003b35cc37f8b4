"""A batch, and a caller that treats reward functions as TRL does, without TRL."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from shared.schema import ScoreItem
from tests.support.stand_in import score_of
from trainer.rewards import RemoteReward

NAMES = ["full_a", "b", "c"]
PROMPTS = ["What is rent?"] * 2 + ["What is profit?"] * 2
COMPLETIONS = ["<think>…</think>One.", "Two.", "Three.", "Four."]
REFERENCES = ["R1", "R1", "R2", "R2"]


class Trainer:
    """Calls reward functions as `GRPOTrainer._calculate_rewards` of TRL 1.15 does."""

    def __init__(self, functions: list[RemoteReward], **columns: list[Any]) -> None:
        self.functions = functions
        self.columns = columns or {"reference": REFERENCES}
        self.metrics: dict[str, list[float]] = {}
        self.state = SimpleNamespace(global_step=0)

    def step(
        self, prompts: list[Any] = PROMPTS, completions: list[Any] = COMPLETIONS
    ) -> list[list[float | None]]:
        """One list of scores for each function."""
        scores = [
            function(
                prompts=prompts,
                completions=completions,
                completion_ids=[[1, 2, 3]] * len(prompts),
                **self.columns,
                trainer_state=self.state,
                log_extra=lambda *_: None,
                log_metric=lambda name, value: self.metrics.setdefault(name, []).append(value),
            )
            for function in self.functions
        ]
        self.state.global_step += 1
        return scores


def expected(name: str, completions: list[str] = COMPLETIONS) -> list[float]:
    """What the stand-in says to each completion."""
    return [
        score_of(ScoreItem(prompt=prompt, completion=completion, reference=reference), name)
        for prompt, completion, reference in zip(PROMPTS, completions, REFERENCES, strict=True)
    ]
