"""Weights & Biases, where it is installed and configured; a run needs none of it."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from trainer.settings import RunSettings, SettingsError
from trainer.tracking import Sink, StepRecord


def wandb_sink(log: Callable[[dict[str, float]], None]) -> Sink:
    """Sends what TRL does not send itself: every reward's and part's extremes and share of zero spread.

    Args:
        log: `wandb.log`.
    """

    def send(record: StepRecord) -> None:
        values = {
            f"{kind}/{name}/{key}": value
            for kind, spreads in (("rewards", record.rewards), ("parts", record.parts))
            for name, spread_ in spreads.items()
            for key, value in asdict(spread_).items()
            if value is not None
        }
        log({**values, "train/global_step": record.step, "reward_server/seconds": record.reward_seconds})

    return send


def wants_wandb(settings: RunSettings, environ: Mapping[str, str]) -> bool:
    """Whether this run reports to Weights & Biases: `auto` does where it is installed and configured.

    Raises:
        SettingsError: it is demanded, but not installed.
    """
    if settings.report_to == "none":
        return False
    installed = importlib.util.find_spec("wandb") is not None
    if settings.report_to == "wandb":
        if not installed:
            raise SettingsError(
                "run.report_to: wandb is not installed; install it, or set run.report_to to auto"
            )
        return True
    return installed and bool(
        environ.get("WANDB_API_KEY") or environ.get("WANDB_MODE") in ("offline", "online")
    )


def start_wandb(settings: RunSettings, config: Mapping[str, Any]) -> Sink:
    """Begin a W&B run; its id is the run folder's, so that `--resume` continues it."""
    import wandb

    id_file = settings.output_dir / "wandb" / "run-id"
    run_id = id_file.read_text(encoding="utf-8").strip() if id_file.exists() else wandb.util.generate_id()
    id_file.parent.mkdir(parents=True, exist_ok=True)
    id_file.write_text(run_id, encoding="utf-8")
    wandb.init(
        project=settings.project,
        name=settings.output_dir.name,
        id=run_id,
        resume="allow",
        config=dict(config),
        dir=str(settings.output_dir),
    )
    return wandb_sink(wandb.log)
