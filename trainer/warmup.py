"""A short supervised warm-up: the policy learns from curated answers what form an answer has.

GRPO can only strengthen what a policy does at times.  A small or base model that never closes its reasoning,
or never ends in the length that it is given, earns the same reward for every completion, and learns nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from trainer.dataset.load import CuratedPair
from trainer.policy import load_policy
from trainer.settings import Settings, SettingsError

Report = Callable[[str], None]


def warm_up(
    settings: Settings,
    pairs: Sequence[CuratedPair],
    *,
    system_prompt: str | None,
    epochs: float,
    learning_rate: float,
    batch_size: int,
    output_dir: Path,
    report: Report,
) -> dict[str, Any]:
    """Train an adapter on the answers, lay it into the model, and save that for `policy.model`.

    Args:
        settings: of the run to come: its policy, adapter, seed and longest texts.
        pairs: questions and the answers to learn; reasoning tags in an answer are learned too.
        system_prompt: before each question; None for none.
        epochs: times that every pair is seen.
        learning_rate: constant after a tenth of warm-up.
        batch_size: pairs in one step.
        output_dir: gets `model/`, a whole model with its tokenizer.
        report: gets a line for each thing that takes a while.

    Returns:
        `model` (the folder), `steps`, `first_loss` and `last_loss` (means of a tenth of the steps, in nats
        a token).

    Raises:
        SettingsError: a 4-bit policy, an answer that is too long, or a folder that already holds a model.
        PolicyUnavailable: as `load_policy`.
    """
    folder = output_dir / "model"
    if folder.exists():
        raise SettingsError(f"{folder} exists already; choose another --output-dir, or use the model there")
    if settings.policy.backend != "transformers" or settings.policy.load_in_4bit:
        raise SettingsError(
            "the warm-up merges its adapter into the weights, which needs policy.backend: transformers and "
            "policy.load_in_4bit: false"
        )
    max_tokens = settings.data.max_prompt_tokens + settings.generation.max_completion_tokens
    policy = load_policy(settings.policy, max_tokens=max_tokens, seed=settings.run.seed, report=report)

    import torch
    from datasets import Dataset
    from peft import get_peft_model
    from transformers import (
        DataCollatorForSeq2Seq,
        PrinterCallback,
        Trainer,
        TrainerCallback,
        TrainingArguments,
    )

    examples = [
        _example(line, pair, system_prompt, policy.tokenizer, max_tokens)
        for line, pair in enumerate(pairs, start=1)
    ]
    steps = math.ceil(len(pairs) * epochs / batch_size)

    class Watch(TrainerCallback):
        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:  # noqa: ARG002
            if logs and "loss" in logs:
                report(f"step {state.global_step} of {steps} · loss {logs['loss']:.3f}")

    # transformers' trainer, not TRL's: on a CPU that one has no way to compute its loss (a Triton kernel).
    model = get_peft_model(policy.model, policy.peft_config)
    trainer = Trainer(
        model=model,
        args=TrainingArguments(
            output_dir=str(output_dir / "checkpoints"),
            seed=settings.run.seed,
            max_steps=steps,
            per_device_train_batch_size=batch_size,
            gradient_accumulation_steps=1,
            learning_rate=learning_rate,
            lr_scheduler_type="constant_with_warmup",
            warmup_steps=math.ceil(steps / 10),
            optim="adamw_torch",
            weight_decay=0.0,
            use_cpu=not torch.cuda.is_available(),
            bf16=torch.cuda.is_available() and settings.policy.dtype == "bfloat16",
            fp16=False,
            gradient_checkpointing=settings.policy.gradient_checkpointing == "on",
            dataloader_pin_memory=torch.cuda.is_available(),
            save_strategy="no",
            logging_steps=max(1, steps // 10),
            report_to=["none"],
            disable_tqdm=True,
        ),
        train_dataset=Dataset.from_list(examples),
        data_collator=DataCollatorForSeq2Seq(policy.tokenizer),
        callbacks=[Watch()],
    )
    trainer.remove_callback(PrinterCallback)
    report(f"warm-up: {steps} steps of {batch_size} pairs")
    trainer.train()
    losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    whole: Any = model.merge_and_unload()
    whole.save_pretrained(folder)
    policy.tokenizer.save_pretrained(folder)
    return {"model": str(folder), "steps": steps, "first_loss": losses[0], "last_loss": losses[-1]}


def _example(
    line: int, pair: CuratedPair, system_prompt: str | None, tokenizer: Any, max_tokens: int
) -> dict[str, list[int]]:
    """Tokens of question and answer; the loss is taken on the answer alone."""
    system = [] if system_prompt is None else [{"role": "system", "content": system_prompt}]
    asked = [*system, {"role": "user", "content": pair.instruction}]
    answered = [*asked, {"role": "assistant", "content": pair.response}]
    prompt = tokenizer.apply_chat_template(asked, add_generation_prompt=True, return_dict=True)["input_ids"]
    whole = tokenizer.apply_chat_template(answered, return_dict=True)["input_ids"]
    if len(whole) > max_tokens:
        raise SettingsError(
            f"pair {line} has {len(whole)} tokens, and data.max_prompt_tokens + "
            f"generation.max_completion_tokens is {max_tokens}"
        )
    labels = [-100] * len(prompt) + whole[len(prompt) :]
    return {"input_ids": whole, "attention_mask": [1] * len(whole), "labels": labels}
