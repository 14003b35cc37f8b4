"""The memory plan before a run: refuses what can't fit, and puts the derived share into the settings."""

from __future__ import annotations

from collections.abc import Callable

from trainer.memory.card import card_here
from trainer.memory.items import GIB
from trainer.memory.plan import Plan, make_plan
from trainer.memory.savings import savings
from trainer.memory.shapes import shape_of
from trainer.memory.table import verdict
from trainer.settings import Settings, SettingsError

Report = Callable[[str], None]


def fitted(settings: Settings, report: Report) -> Settings:
    """The settings with `gpu_memory_utilization` as a number, for the GPU of this machine.

    Nothing is checked where the preset states no GPU, or where there is none here: then the settings come
    back as they are.

    Args:
        settings: all of the run.
        report: gets the verdict.

    Raises:
        SettingsError: the run can't fit; names what would help.  Or the plan doesn't know this kind of model,
            and no share is given.
        PolicyUnavailable: the model's configuration is not to be had.
    """
    if settings.policy.gpu is None or (card := card_here()) is None:
        return settings
    shape = shape_of(settings.policy.model, report)
    plan = make_plan(settings, shape, *card)
    said = verdict(plan, savings(plan, shape) if plan.problems else [])
    if plan.problems:
        raise SettingsError(f"this GPU has {card[0]:.2f} GiB, {card[1]:.2f} of them in use: {said}")
    report(f"memory: of {plan.total / GIB:.2f} GiB, {said}".replace("\n", "; "))
    return with_share(settings, plan)


def with_share(settings: Settings, plan: Plan) -> Settings:
    """The settings with vLLM's share as the plan derived it."""
    policy = settings.policy.model_copy(update={"gpu_memory_utilization": plan.utilization})
    return settings.model_copy(update={"policy": policy})
