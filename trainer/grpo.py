"""Where we meet TRL: our settings in its terms, our callback in its loop, checkpoints on demand."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from datasets import Dataset
from transformers import PrinterCallback, TrainerCallback
from trl import GRPOConfig, GRPOTrainer

from trainer.dataset.load import GrpoRecord
from trainer.order import in_order
from trainer.policy import Policy, vllm_share
from trainer.rewards import RemoteReward
from trainer.runfolder import is_whole
from trainer.settings import Settings
from trainer.stopping import StopSignals
from trainer.tracking.guards import Guards
from trainer.tracking.tracker import Tracker
from trainer.vllm_sync import adapter_in_float32, use_merged_copies


def grpo_config(settings: Settings, *, wandb: bool) -> GRPOConfig:
    """TRL's configuration, every value that matters stated, since its defaults and Unsloth's differ."""
    on_gpu = torch.cuda.is_available()
    run, generation, optimization, grpo = (
        settings.run,
        settings.generation,
        settings.optimization,
        settings.grpo,
    )
    return GRPOConfig(
        output_dir=str(run.output_dir),
        seed=run.seed,
        data_seed=run.seed,
        max_steps=run.steps,
        # where it runs
        use_cpu=not on_gpu,
        bf16=on_gpu and settings.policy.dtype == "bfloat16",
        fp16=False,
        dataloader_pin_memory=on_gpu,
        gradient_checkpointing=settings.policy.gradient_checkpointing == "on",  # Unsloth sets up its own
        **vllm_options(settings),
        # what is generated
        num_generations=generation.num_generations,
        max_completion_length=generation.max_completion_tokens,
        temperature=generation.temperature,
        top_p=generation.top_p,
        top_k=generation.top_k,
        min_p=generation.min_p,
        repetition_penalty=generation.repetition_penalty,
        shuffle_dataset=settings.data.shuffle,
        remove_unused_columns=False,
        # how it is learned from
        per_device_train_batch_size=optimization.batch_size,
        gradient_accumulation_steps=optimization.gradient_accumulation,
        steps_per_generation=optimization.gradient_accumulation,  # one batch of completions for each step
        learning_rate=optimization.learning_rate,
        lr_scheduler_type=optimization.schedule,
        warmup_steps=settings.warmup_steps,
        optim=optimization.optimizer,
        weight_decay=optimization.weight_decay,
        adam_beta1=optimization.adam_beta1,
        adam_beta2=optimization.adam_beta2,
        adam_epsilon=optimization.adam_epsilon,
        max_grad_norm=optimization.max_grad_norm,
        beta=grpo.kl_weight,
        num_iterations=grpo.iterations,
        epsilon=grpo.clip_low,
        epsilon_high=grpo.clip_high,
        loss_type=grpo.loss,
        scale_rewards=grpo.scale_rewards,
        importance_sampling_level=grpo.importance_sampling,
        mask_truncated_completions=grpo.mask_truncated,
        disable_dropout=False,
        reward_weights=list(settings.rewards.weights),
        multi_objective_aggregation="sum_then_normalize",
        # what is kept and told
        save_strategy="steps",
        save_steps=run.save_every,
        save_total_limit=run.keep_checkpoints,
        logging_strategy="steps",
        logging_steps=1,
        log_completions=False,
        report_to=["wandb"] if wandb else ["none"],
        disable_tqdm=True,
    )


def vllm_options(settings: Settings) -> dict[str, Any]:
    """How vLLM generates within our process; TRL's own `generate` where the settings have no vLLM."""
    policy = settings.policy
    if not policy.fast_inference:
        return {"use_vllm": False}
    return {
        "use_vllm": True,
        "vllm_mode": "colocate",
        "vllm_gpu_memory_utilization": vllm_share(policy),  # Unsloth's vLLM is there already, with its own
        "vllm_max_model_length": settings.data.max_prompt_tokens + settings.generation.max_completion_tokens,
        "vllm_enable_sleep_mode": policy.gpu is not None and policy.gpu.vllm_sleep,
        # Weighs completions by how vLLM's probabilities differ from the trainer's.  Unsloth, where both share
        # their weights, has it off.
        "vllm_importance_sampling_correction": policy.backend == "transformers",
    }


def make_trainer(
    settings: Settings,
    policy: Policy,
    records: Sequence[GrpoRecord],
    rewards: Sequence[RemoteReward],
    watch: Watch,
    *,
    wandb: bool,
) -> GRPOTrainer:
    """TRL's trainer over our policy, prompts and rewards."""
    if torch.cuda.is_available():
        from trl import GRPOTrainer as Trainer  # looked up here: Unsloth puts its own in this place
    else:
        from trainer.cpu_grpo import CpuGRPOTrainer as Trainer
    plain = settings.policy.backend == "transformers"
    if plain and settings.policy.fast_inference:
        use_merged_copies()

    trainer = in_order(Trainer)(
        model=policy.model,
        processing_class=policy.tokenizer,
        peft_config=policy.peft_config,
        reward_funcs=list(rewards),
        args=grpo_config(settings, wandb=wandb),
        train_dataset=Dataset.from_list([record.model_dump() for record in records]),
        callbacks=[watch],
    )
    trainer.remove_callback(PrinterCallback)  # it would print every log as a dict
    if plain:
        adapter_in_float32(trainer.model)
    return trainer


class Watch(TrainerCallback):
    """Between TRL's loop and us: records each step, and keeps track of when the run's state is whole.

    The random state at the beginning of a step is kept.  A checkpoint that is saved when the step breaks off
    (no rewards, a signal) so continues with the very completions that an undisturbed run would have made.
    """

    def __init__(
        self,
        tracker: Tracker,
        guards: Guards,
        stop: StopSignals,
        *,
        on_phase: Callable[[str], None],
        on_saved: Callable[[int], None],
    ) -> None:
        self._tracker = tracker
        self._guards = guards
        self._stop = stop
        self._on_phase = on_phase
        self._on_saved = on_saved
        self.random_state: Mapping[str, Any] | None = None
        """At the beginning of the running step; None before the first."""

    def on_step_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002
        """The state is whole; what follows may be broken off."""
        self.random_state = random_state()
        self._on_phase("generating and scoring")
        self._stop.release()

    def on_pre_optimizer_step(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002
        """The weights are about to change."""
        self._stop.hold()
        self._on_phase("updating")

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002
        """A signal that came meanwhile ends the run here, with a checkpoint."""
        if self._stop.pending is not None:
            control.should_save = True
            control.should_training_stop = True

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:  # noqa: ARG002
        """TRL has put the step's metrics together; a guard may end the run here, with a checkpoint."""
        if logs and "train_runtime" not in logs:  # that is the whole run's log
            self._guards(self._tracker.finish(state.global_step, logs))
            self._on_phase("saving or going on")
            if self._guards.stop is not None:
                control.should_save = True
                control.should_training_stop = True

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002
        """A checkpoint is whole."""
        self._on_saved(state.global_step)


def random_state() -> dict[str, Any]:
    """The state of every random generator that a checkpoint keeps."""
    return {
        "python": random.getstate(),
        "numpy": np.random.get_state(),
        "torch": torch.random.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else None,
    }


def save_checkpoint(trainer: GRPOTrainer, folder: Path, at: Mapping[str, Any]) -> None:
    """Save model, optimizer, schedule and state now, as if the running step had never begun.

    Args:
        trainer: broken off within a step, before its weights changed.
        folder: where this step's checkpoint belongs; a whole one that is already there stays.
        at: the random state at the beginning of that step.
    """
    if is_whole(folder):
        return
    random.setstate(at["python"])
    np.random.set_state(at["numpy"])
    torch.random.set_rng_state(at["torch"])
    if at["cuda"] is not None:
        torch.cuda.set_rng_state_all(at["cuda"])
    trainer._save_checkpoint(
        trainer.model, trial=None
    )  # transformers has no public way to save between saves
