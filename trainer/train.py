"""The main job, top to bottom: settings → data → reward server → policy → GRPO → adapter and summary."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from rich.console import Console
from rich.markup import escape

from shared.client_errors import RewardClientError
from trainer.dataset.load import load_grpo
from trainer.memory.check import fitted
from trainer.policy import load_policy
from trainer.progress import StepProgress
from trainer.prompts import prepare_prompts
from trainer.rewards import remote_rewards
from trainer.runfolder import RunFolder, write_whole
from trainer.server import Server, connect
from trainer.settings import Settings
from trainer.stopping import Stopped, StopSignals
from trainer.summary import reward_table, write_summary
from trainer.tracking.console import Lines
from trainer.tracking.files import JsonLines, write_parquet
from trainer.tracking.guards import Guards, GuardStopped, Warned, warn_in
from trainer.tracking.record import read_records
from trainer.tracking.samples import EvidenceEvery
from trainer.tracking.tracker import Sink, Tracker
from trainer.tracking.weights_and_biases import start_wandb, wants_wandb

if TYPE_CHECKING:
    from trl import GRPOTrainer

    from trainer.grpo import Watch

Report = Callable[[str], None]


class RunStopped(Exception):
    """The run broke off with its state saved: the server stayed away, or a signal came."""

    def __init__(self, reason: str, step: int, checkpoint: Path) -> None:
        super().__init__(f"{reason}\nStopped after step {step}; the state is saved in {checkpoint}")


def train(
    settings: Settings, *, resume: bool, console: Console, still_coming: Callable[[], None] = lambda: None
) -> dict[str, Any]:
    """Train, and return what `summary.json` holds.

    Args:
        settings: all of the run.
        resume: continue from the last checkpoint of the output folder.
        console: where progress goes.
        still_coming: see `server.connect`.

    Raises:
        RunStopped: broken off, with a checkpoint.
        Stopped: a signal came before there was anything to save.
        SettingsError, DatasetError, RunFolderError, PolicyUnavailable, IntegrityError, RewardClientError:
            what is wrong stands in the message.
    """
    report = _reporter(console)
    run, folder = settings.run, RunFolder(settings.run.output_dir)
    with StopSignals() as stop:
        wandb = wants_wandb(run, os.environ)
        records = load_grpo(settings.data.file)
        report(f"{len(records)} prompts from {settings.data.file}")
        server = connect(settings.rewards, report, still_coming=still_coming)
        begun = folder.make_ready(resume=resume, report=report)
        _keep_settings(settings, folder, report, resume=resume)
        max_tokens = settings.data.max_prompt_tokens + settings.generation.max_completion_tokens
        settings = fitted(settings, report)  # refuses what can't fit; vLLM's share becomes a number
        policy = load_policy(settings.policy, max_tokens=max_tokens, seed=run.seed, report=report)
        prompts = prepare_prompts(records, settings.data, policy.tokenizer, server.info.limits)

        from trainer.grpo import Watch, make_trainer  # after Unsloth, which patches TRL while it is imported

        facts = {"server": server.info.model_dump(mode="json"), "settings": settings.model_dump(mode="json")}
        with StepProgress(console, run.steps, first=begun[0] if begun else 0) as progress:
            fingerprint = server.info.fingerprint
            lines = Lines(progress, report, steps=run.steps, fingerprint=fingerprint)
            sinks: list[Sink] = [JsonLines(folder), lines]
            remote = start_wandb(run, facts, fingerprint) if wandb else None
            if remote is not None:
                sinks.append(remote)
            tracker = Tracker(settings.generation.num_generations, settings.weights, sinks, run.samples_every)
            warn = warn_in(folder.warnings, report, remote.warn if remote else None)
            guards = _guards(settings, server, folder, warn)

            def on_saved(step: int) -> None:
                write_parquet(folder)
                if remote is not None and run.upload_checkpoints:
                    remote.saved(folder.checkpoint(step), step)

            watch = Watch(tracker, guards, stop, on_phase=progress.phase, on_saved=on_saved)
            rewards = remote_rewards(
                settings.rewards.names,
                url=settings.rewards.url,
                api_key=settings.rewards.key,
                patience_s=settings.rewards.patience_s,
                deadline_s=settings.rewards.deadline_s,
                detail=EvidenceEvery(run.samples_every),
                on_batch=tracker.add,
                on_wait=lambda *why: progress.phase(f"waiting for the reward server: {why[-1]}"),
            )
            trainer = make_trainer(settings, policy, prompts, rewards, watch, wandb=wandb)
            report(f"training: {_scale(settings, trainer.model)}")
            tracker.begin()
            reason = _run(trainer, watch, stop, folder, checkpoint=begun[1] if begun else None)
            if reason is None and guards.stop is not None:
                reason = GuardStopped(guards.stop)

        done, step = read_records(folder.metrics), trainer.state.global_step
        write_parquet(folder)
        console.print(reward_table(done))
        if reason is not None and step < run.steps:
            write_summary(folder.summary, done, status="stopped", reason=str(reason), adapter=None, **facts)
            raise RunStopped(str(reason), step, folder.checkpoint(step)) from reason
        trainer.save_model(str(folder.adapter))  # the tokenizer goes with it
        return write_summary(folder.summary, done, status="complete", adapter=str(folder.adapter), **facts)


def _run(
    trainer: GRPOTrainer, watch: Watch, stop: StopSignals, folder: RunFolder, *, checkpoint: Path | None
) -> BaseException | None:
    """TRL's loop.  Returns why it broke off, with a checkpoint saved; None where it came to its end."""
    from trainer.grpo import save_checkpoint

    try:
        trainer.train(resume_from_checkpoint=None if checkpoint is None else str(checkpoint))
        stop.hold()  # what is left is quick, and must not be torn
        return stop.pending
    except (RewardClientError, Stopped) as error:
        stop.hold()
        if watch.random_state is None:
            raise  # before the first step: nothing to save
        save_checkpoint(trainer, folder.checkpoint(trainer.state.global_step), watch.random_state)
        watch.on_save(trainer.args, trainer.state, trainer.control)  # TRL tells it of its own saves only
        return error


def _reporter(console: Console) -> Report:
    """Lines with the seconds since the start."""
    began = time.monotonic()

    def report(text: str) -> None:
        clock = f"[dim]{time.monotonic() - began:5.0f} s[/dim]"
        console.print(f"{clock}  {escape(text)}", highlight=False, soft_wrap=True)

    return report


def _guards(settings: Settings, server: Server, folder: RunFolder, tell: Callable[[Warned], None]) -> Guards:
    return Guards(
        settings.guards,
        group_size=settings.generation.num_generations,
        most_tokens=settings.generation.max_completion_tokens,
        ranges=server.ranges,
        tell=tell,
        before=read_records(folder.metrics),
    )


def _keep_settings(settings: Settings, folder: RunFolder, report: Report, *, resume: bool) -> None:
    """Write the settings beside the run; on resume say what has changed since its start."""
    now = settings.model_dump(mode="json")
    if not (resume and folder.settings.exists()):
        write_whole(folder.settings, yaml.safe_dump(now, sort_keys=False, allow_unicode=True))
        return
    before = yaml.safe_load(folder.settings.read_text(encoding="utf-8"))
    for section, values in now.items():
        for key, value in values.items():
            first = before.get(section, {}).get(key)
            if first != value:
                report(f"{section}.{key} is now {value}; the run began with {first}")


def _scale(settings: Settings, model: Any) -> str:
    sizes: Sequence[int] = [weights.numel() for weights in model.parameters() if weights.requires_grad]
    generation = settings.generation
    prompts = settings.completions_per_step // generation.num_generations
    return (
        f"{settings.run.steps} steps, each {prompts} prompts × "
        f"{generation.num_generations} completions of up to {generation.max_completion_tokens} tokens; "
        f"{sum(sizes) / 1e6:.2f} million weights are trained"
    )
