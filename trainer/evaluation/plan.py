"""What an evaluation is asked to do; nothing of it changes while it runs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from trainer.evaluation.naming import Named
from trainer.settings import RewardSettings, SettingsError

HELD_OUT = Path("training_data/held_out.jsonl")
REWARDS = ("full_coherence_reward", "full_coherence_smooth_reward", "match_format_approximately")
"""The recommended reward, its twin that seldom ties, and the format, which neither of them looks at."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How answers are generated."""

    samples: int
    """Answers of each policy to each question."""
    temperature: float
    """0 is greedy."""
    top_p: float
    max_tokens: int
    """Of an answer, its reasoning included."""
    seed: int

    def __post_init__(self) -> None:
        for name, value, least in (("samples", self.samples, 1), ("max-tokens", self.max_tokens, 1)):
            if value < least:
                raise SettingsError(f"--{name}: must be at least {least}, got {value}")
        if not 0 <= self.temperature <= 10:
            raise SettingsError(f"--temperature: must be between 0 and 10, got {self.temperature:g}")
        if not 0 < self.top_p <= 1:
            raise SettingsError(f"--top-p: must be above 0 and at most 1, got {self.top_p:g}")
        if self.seed < 0:
            raise SettingsError(f"--seed: must not be negative, got {self.seed}")
        if self.samples > 1 and self.temperature == 0:
            raise SettingsError(
                f"--samples {self.samples}: greedy samples are all alike; set --temperature above 0"
            )


@dataclass(frozen=True, slots=True)
class Plan:
    """All of an evaluation."""

    policies: tuple[Named, ...]
    """The policy, then what it is compared with."""
    questions: Path
    limit: int | None
    """How many questions, drawn by the seed; all where it is None."""
    system_prompt: str | None
    """A text file, or `none`; where it is None, the run's or the data set's own."""
    sampling: Sampling
    rewards: RewardSettings
    output_dir: Path
    batch_size: int
    """Answers that a local model generates at once."""
    concurrency: int
    """Requests to an endpoint at once."""
    patience_s: float
    """Seconds that an endpoint may stay away."""
    timeout_s: float
    """Seconds that an endpoint has for one answer."""
    resamples: int
    """Of the bootstrap."""
    command: str
    """The command line, for the report."""

    def __post_init__(self) -> None:
        for name, value, least in (
            ("limit", self.limit, 1),
            ("batch-size", self.batch_size, 1),
            ("concurrency", self.concurrency, 1),
            ("resamples", self.resamples, 100),
        ):
            if value is not None and value < least:
                raise SettingsError(f"--{name}: must be at least {least}, got {value}")
        if not self.patience_s >= 0:
            raise SettingsError(f"--patience: must not be negative, got {self.patience_s:g}")
        if not self.timeout_s > 0:
            raise SettingsError(f"--timeout: must be above 0, got {self.timeout_s:g}")
        spelt = [named.spelling for named in self.policies]
        if twice := [each for each in spelt if spelt.count(each) > 1]:
            raise SettingsError(f"--against {twice[0]}: this policy is named twice")
