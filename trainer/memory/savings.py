"""Which single change of a setting would save how much."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from trainer.memory.items import GIB
from trainer.memory.plan import Plan, make_plan
from trainer.memory.shapes import ModelShape
from trainer.settings import Settings

WORTH_GIB = 0.05
"""Smaller savings are not named."""

ELSEWHERE = " (with the reward server on another card, or started with REWARD_DEVICE=cpu)"


@dataclass(frozen=True, slots=True)
class Saving:
    """A change, as `--set` takes it."""

    changes: dict[str, Any]
    gib: float
    """Less at the peak."""
    fits: bool
    """Whether it is enough by itself."""
    note: str = ""
    """What else has to be done."""

    def __str__(self) -> str:
        sets = " ".join(f"--set {key}={json.dumps(value)}" for key, value in self.changes.items())
        return f"{sets}  saves {self.gib:.2f} GiB" + (", enough" if self.fits else "") + self.note


def savings(plan: Plan, shape: ModelShape) -> list[Saving]:
    """Changes that would take less memory; those that are enough first, then by what they save."""
    found = []
    for changes in _candidates(plan.settings):
        changed = _changed(plan.settings, changes)
        if changed is None:
            continue
        seen = plan.others[0].size / GIB if "policy.gpu.reward_server_gib" not in changes else 0.0
        other = make_plan(changed, shape, plan.total / GIB, seen)
        gib = (plan.peak - other.peak) / GIB
        if gib > WORTH_GIB:
            note = ELSEWHERE if "policy.gpu.reward_server_gib" in changes else ""
            found.append(Saving(changes, gib, not other.problems, note))
    return sorted(found, key=lambda saving: (not saving.fits, -saving.gib))


def _candidates(settings: Settings) -> Iterator[dict[str, Any]]:
    policy, optimization, generation = settings.policy, settings.optimization, settings.generation
    if policy.gpu is not None and policy.gpu.reward_server_gib:
        yield {"policy.gpu.reward_server_gib": 0}
    if not policy.load_in_4bit:
        yield {"policy.load_in_4bit": True}
    if policy.fast_inference:
        yield {"policy.gpu.vllm_sleep": True}
        yield {
            "policy.fast_inference": False,
            "policy.gpu_memory_utilization": None,
            "policy.gpu.vllm_sleep": False,
        }
    yield {"policy.gradient_checkpointing": "unsloth" if policy.backend == "unsloth" else "on"}
    if optimization.batch_size > 1 and optimization.batch_size % 2 == 0:
        yield {
            "optimization.batch_size": optimization.batch_size // 2,
            "optimization.gradient_accumulation": optimization.gradient_accumulation * 2,
        }
    yield {"generation.max_completion_tokens": generation.max_completion_tokens // 2}
    yield {"policy.lora.rank": policy.lora.rank // 2}
    yield {"optimization.optimizer": "adamw_8bit"}


def _changed(settings: Settings, changes: dict[str, Any]) -> Settings | None:
    """The settings with these changes; None where they don't go together."""
    values = settings.model_dump()
    for key, value in changes.items():
        *sections, last = key.split(".")
        section = values
        for name in sections:
            section = section[name]
        section[last] = value
    try:
        return Settings.model_validate(values)
    except ValidationError:
        return None
