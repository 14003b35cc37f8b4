"""Weights & Biases, where it is installed and configured; a run needs none of it."""

from __future__ import annotations

import importlib.util
import json
import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from trainer.settings import RunSettings, SettingsError
from trainer.tracking.record import StepRecord
from trainer.tracking.samples import Sample


class WeightsAndBiases:
    """Sends what TRL does not send itself: statistics of every reward and part, samples, warnings.

    Args:
        run: what `wandb.init` gave.
        fingerprint: of the reward server at the start, which stands in the run's config.
    """

    def __init__(self, run: Any, fingerprint: str) -> None:
        self._run = run
        self._fingerprint = fingerprint

    def step(self, record: StepRecord) -> None:
        """Sends `rewards/<name>/<statistic>`, `parts/…` and `total/…`; what is unknown is left out."""
        total = {} if record.total is None else {"reward": record.total}
        values = {
            f"{kind}/{name}/{key}": value
            for kind, spreads in (("rewards", record.rewards), ("parts", record.parts), ("total", total))
            for name, spread_ in spreads.items()
            for key, value in asdict(spread_).items()
            if value is not None
        }
        self._run.log(
            {**values, "train/global_step": record.step, "reward_server/seconds": record.reward_seconds}
        )
        if record.fingerprints and record.fingerprints[-1] != self._fingerprint:
            self._fingerprint = record.fingerprints[-1]
            self._run.config.update({"server_changed": {str(record.step): self._fingerprint}})

    def samples(self, samples: Sequence[Sample]) -> None:
        """A table with a row for each completion."""
        import wandb

        names = list(dict.fromkeys(name for sample in samples for name in sample.scores))
        table = wandb.Table(
            columns=["step", "question", "answer", "reference", "tokens", *names, "unscorable", "evidence"]
        )
        for sample in samples:
            table.add_data(
                sample.step, sample.question, sample.answer, sample.reference, sample.tokens,
                *(sample.scores.get(name) for name in names),
                json.dumps(sample.unscorable, ensure_ascii=False),
                json.dumps(sample.evidence, ensure_ascii=False),
            )  # fmt: skip
        if samples:
            self._run.log({"samples": table, "train/global_step": samples[0].step})

    def saved(self, checkpoint: Path, step: int) -> None:
        """Sends a checkpoint as an artifact; its files are copied at once, so the folder may go meanwhile."""
        import wandb

        artifact = wandb.Artifact(
            f"checkpoint-{self._run.id}",
            type="model",
            metadata={"step": step, "fingerprint": self._fingerprint},
        )
        artifact.add_dir(str(checkpoint))
        self._run.log_artifact(artifact, aliases=["latest", f"step-{step}"])

    def warn(self, title: str, text: str) -> None:
        """An alert, which W&B also sends by mail or chat where the person has set that up."""
        self._run.alert(title=title, text=text)


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


def start_wandb(settings: RunSettings, config: Mapping[str, Any], fingerprint: str) -> WeightsAndBiases:
    """Begin a W&B run; its id is the run folder's, so that `--resume` continues it.

    transformers' own callback sends no checkpoints: it puts the run's whole summary into an artifact's
    metadata, and W&B refuses more than a hundred keys there.
    """
    import wandb

    id_file = settings.output_dir / "wandb" / "run-id"
    run_id = id_file.read_text(encoding="utf-8").strip() if id_file.exists() else secrets.token_hex(4)
    id_file.parent.mkdir(parents=True, exist_ok=True)
    id_file.write_text(run_id, encoding="utf-8")
    os.environ["WANDB_LOG_MODEL"] = "false"
    run = wandb.init(
        project=settings.project,
        name=settings.output_dir.name,
        id=run_id,
        resume="allow",
        config=dict(config),
        dir=str(settings.output_dir),
    )
    return WeightsAndBiases(run, fingerprint)
