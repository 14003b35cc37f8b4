"""What is compared: the same run under two rewards.  Both compute all rewards; the weights differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

REWARDS = ("full_coherence_smooth_reward", "match_format_approximately", "terminology_reward")


@dataclass(frozen=True, slots=True)
class Arm:
    """One way to reward."""

    name: str
    label: str
    weights: Mapping[str, float]

    @property
    def settings(self) -> list[str]:
        """As `--set` takes them."""
        weights = ", ".join(str(self.weights.get(name, 0.0)) for name in REWARDS)
        return [f"rewards.names=[{', '.join(REWARDS)}]", f"rewards.weights=[{weights}]"]


COHERENCE = Arm(
    "a",
    "full_coherence_smooth_reward and format",
    {"full_coherence_smooth_reward": 1.0, "match_format_approximately": 0.5},
)
TERMS = Arm("b", "terminology_reward alone", {"terminology_reward": 1.0})
ARMS = {arm.name: arm for arm in (COHERENCE, TERMS)}
