"""TRL's trainer with our vLLM, in a process of its own where `vllm` is the stand-in."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any


def main() -> None:
    """Both ways of sharing the card."""
    for sleep in (False, True):
        run(Path(sys.argv[1]) / str(sleep), sleep=sleep)
        for name in ("RANK", "LOCAL_RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"):
            os.environ.pop(name, None)  # TRL sets them for vLLM; the next run would start a process group


def run(folder: Path, *, sleep: bool) -> None:
    """Train a tiny policy for three steps, and check what vLLM had when it generated."""
    import torch
    from datasets import Dataset
    from peft import LoraConfig
    from transformers import AutoModelForCausalLM, AutoTokenizer, TrainerCallback
    from trl import GRPOConfig, GRPOTrainer
    from vllm import LLM  # type: ignore[import-not-found]  # the stand-in

    from tests.trainer.tiny import save_tiny_policy
    from trainer.cpu_grpo import CpuGRPOTrainer
    from trainer.vllm_sync import MergedCopies, merged_weights, use_merged_copies

    save_tiny_policy(folder / "policy")
    wanted: list[dict[str, Any]] = []

    class Trainer(CpuGRPOTrainer):
        """Log-probabilities without a GPU, but generating is left to vLLM."""

        def _generate_single_turn(self, *arguments: Any, **named: Any) -> Any:
            return GRPOTrainer._generate_single_turn(self, *arguments, **named)

    class Look(TrainerCallback):
        def on_step_begin(self, args: Any, state: Any, control: Any, model: Any = None, **_: Any) -> None:  # noqa: ARG002
            wanted.append({name: weights.clone() for name, weights in merged_weights(model)})

    use_merged_copies()
    model = AutoModelForCausalLM.from_pretrained(folder / "policy", dtype=torch.bfloat16)
    start = {name: weights.clone() for name, weights in model.named_parameters()}
    trainer = Trainer(
        model=model,
        processing_class=AutoTokenizer.from_pretrained(folder / "policy"),
        peft_config=LoraConfig(task_type="CAUSAL_LM", r=4, target_modules=["q_proj", "down_proj"]),
        reward_funcs=[lambda completion_ids, **_: [float(ids[0] % 7) for ids in completion_ids]],
        args=GRPOConfig(
            output_dir=str(folder / "out"), max_steps=3, learning_rate=0.02, per_device_train_batch_size=4,
            num_generations=4, max_completion_length=6, use_cpu=True, bf16=False, report_to=["none"],
            use_vllm=True, vllm_mode="colocate", vllm_enable_sleep_mode=sleep, vllm_max_model_length=64,
            vllm_gpu_memory_utilization=0.5, save_strategy="no", gradient_checkpointing=False,
            dataloader_pin_memory=False, disable_tqdm=True,
        ),
        train_dataset=Dataset.from_list([{"prompt": "the value of labour"}, {"prompt": "capital is"}]),
        callbacks=[Look()],
    )  # fmt: skip
    assert isinstance(trainer.vllm_generation, MergedCopies)
    trainer.train()

    engine = LLM.made
    assert engine.options["quantization"] is None
    assert engine.options["gpu_memory_utilization"] == 0.5
    assert engine.options["max_model_len"] == 64
    assert len(engine.at_generation) == len(wanted) == 3
    for step, (had, should) in enumerate(zip(engine.at_generation, wanted, strict=True)):
        assert set(had) == set(should), set(had) ^ set(should)
        assert all(torch.equal(had[name], should[name].to(torch.bfloat16)) for name in had), step
    assert any(not torch.equal(wanted[0][name], wanted[2][name]) for name in start)  # it learnt
    base = trainer.model.get_base_model()
    for name, weights in base.named_parameters():
        if "lora_" not in name:
            assert torch.equal(weights, start[name.replace(".base_layer", "")]), name
    print("sent the policy of 3 steps")
