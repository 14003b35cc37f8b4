"""The memory plan of a run: adds up, derives vLLM's share, and says whether the run fits."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

from trainer.memory.items import GIB, Item, taken
from trainer.memory.shapes import ModelShape
from trainer.memory.training import CONTEXT_BYTES, FRAGMENTATION, training_items
from trainer.memory.vllm import ASLEEP_BYTES, vllm_items
from trainer.settings import Settings, SettingsError

LARGEST_SHARE = 0.95
"""Of the card; vLLM is never given more."""


@dataclass(frozen=True)
class Plan:
    """A step has two phases, generating and updating; both must fit.  Sizes are in bytes."""

    settings: Settings
    total: float
    """What the card offers."""
    others: tuple[Item, ...]
    """The reward server, and what any process on the GPU costs."""
    training: tuple[Item, ...]
    vllm: tuple[Item, ...]
    """Empty without vLLM."""

    @property
    def sleeps(self) -> bool:
        """Whether vLLM frees its memory while the adapter is updated."""
        gpu = self.settings.policy.gpu
        return bool(self.vllm) and gpu is not None and gpu.vllm_sleep

    @property
    def needed_by_vllm(self) -> float:
        """The least that vLLM can do with."""
        return sum(item.size for item in self.vllm)

    @property
    def generating(self) -> float:
        """What is taken beside vLLM while completions are generated."""
        return taken((*self.others, *self.training), "generating")

    @property
    def updating(self) -> float:
        """What is taken while the adapter is updated: beside a vLLM that is awake, or by one asleep too."""
        return taken((*self.others, *self.training), "updating") + (ASLEEP_BYTES if self.sleeps else 0)

    @property
    def room(self) -> float:
        """The most that is left for vLLM."""
        beside = self.generating if self.sleeps else max(self.generating, self.updating)
        return self.total - beside

    @cached_property
    def share(self) -> float:
        """vLLM's memory.  Derived: what it needs and half of what is left over, since both its figure and
        the training's are estimates; the other half stays free."""
        told = self.settings.policy.gpu_memory_utilization
        if not self.vllm:
            return 0
        if isinstance(told, float):
            return told * self._counted_of
        derived = self.needed_by_vllm + max(0.0, self.room - self.needed_by_vllm) / 2
        return min(derived, LARGEST_SHARE * self.total)

    @property
    def utilization(self) -> float | None:
        """`gpu_memory_utilization` as the backend counts it, rounded down; None without vLLM."""
        told = self.settings.policy.gpu_memory_utilization
        if not self.vllm or isinstance(told, float):
            return told if isinstance(told, float) else None
        return math.floor(1000 * min(self.share / self._counted_of, LARGEST_SHARE)) / 1000

    @property
    def peak(self) -> float:
        """The most that is needed at one time, vLLM counted with what it needs."""
        awake = 0 if self.sleeps else self.needed_by_vllm
        return max(self.generating + self.needed_by_vllm, self.updating + awake)

    @property
    def problems(self) -> list[str]:
        """Why the run can't fit; empty where it fits."""
        found = []
        if self.peak > self.total:
            found.append(
                f"{self.peak / GIB:.2f} GiB are needed, {self.total / GIB:.2f} GiB are there: "
                f"{(self.peak - self.total) / GIB:.2f} GiB are missing"
            )
        elif self.vllm and self.share < self.needed_by_vllm:
            found.append(
                f"policy.gpu_memory_utilization {self._told} gives vLLM {self.share / GIB:.2f} GiB; "
                f"it needs {self.needed_by_vllm / GIB:.2f}"
            )
        elif self.vllm and self.share > self.room:
            found.append(
                f"policy.gpu_memory_utilization {self._told} gives vLLM {self.share / GIB:.2f} GiB; "
                f"{self.room / GIB:.2f} are left for it"
            )
        return found

    @property
    def _told(self) -> float | str | None:
        return self.settings.policy.gpu_memory_utilization

    @property
    def _counted_of(self) -> float:
        """vLLM counts its share of the whole card; Unsloth hands it that of what is free."""
        if self.settings.policy.backend == "unsloth":
            return max(self.total - sum(item.size for item in self.others if item.name != ALLOCATOR), 1.0)
        return self.total


ALLOCATOR = "allocator"


def make_plan(
    settings: Settings, shape: ModelShape, total_gib: float | None = None, in_use_gib: float = 0.0
) -> Plan:
    """Add up what a run takes.

    Args:
        settings: all of the run.
        shape: the sizes of its model.
        total_gib: what the card offers; by default what `policy.gpu` states.
        in_use_gib: what other processes were seen to take; counts where it is more than what is stated.

    Raises:
        SettingsError: the settings have no `policy.gpu`, or a target that is no projection of the model.
    """
    gpu = settings.policy.gpu
    if gpu is None:
        raise SettingsError(
            "policy.gpu: null; there is nothing to plan for a run without a GPU (the presets a40 and "
            "plain-gpu show what to state)"
        )
    server, how = gpu.reward_server_gib, "policy.gpu.reward_server_gib"
    if in_use_gib > server:
        server, how = in_use_gib, "seen in use on this card"
    training = training_items(settings, shape)
    busiest = max(taken(training, "generating"), taken(training, "updating"))
    others = (
        Item("reward server", how, server * GIB),
        Item("CUDA", "context and libraries of the trainer's process", CONTEXT_BYTES),
        Item(ALLOCATOR, f"{FRAGMENTATION:.0%} of what training takes", FRAGMENTATION * busiest),
    )
    total = (gpu.memory_gib if total_gib is None else total_gib) * GIB
    return Plan(settings, total, others, tuple(training), tuple(vllm_items(settings, shape)))
