"""Settings of the guards: what counts as going wrong, and what is done then."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from trainer.section import Section


def _unquoted(value: Any) -> Any:
    return "off" if value is False else value  # YAML reads a bare `off` as false


class GuardRule(Section):
    """When a guard speaks, and what follows."""

    at_least: float = Field(ge=0, le=1)
    """The share or correlation from which it speaks."""
    then: Annotated[Literal["off", "warn", "stop"], BeforeValidator(_unquoted)]
    """`stop` ends the run with a checkpoint; it can be continued."""


class GuardSettings(Section):
    """Ways in which a run goes wrong quietly; see `trainer/tracking/guards.py`."""

    window: int = Field(ge=1)
    """Steps that a guard looks at together; before as many are done, none speaks."""
    cut_off: GuardRule
    """Groups whose completions were all cut off at generation.max_completion_tokens."""
    saturated: GuardRule
    """How far up its range the mean of a reward or part lies; 1 is the top."""
    length: GuardRule
    """Correlation of reward and length within groups, while the completions grow longer."""
    zero_spread: GuardRule
    """Groups whose completions all got the same total reward."""
    unscorable: GuardRule
    """Completions that a reward could not be computed for."""
