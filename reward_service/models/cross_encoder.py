"""The embedded NLI model: MiniLM as a cross-encoder, stored as a compact difference to its public base.

The repository holds only what training changed.  Matrices are stored as int8 differences with one scale per
output row, vectors (biases, LayerNorm, head) in fp32; word, position and type embeddings are the base's own
and are never stored.  `load_cross_encoder` adds the two together again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import BertConfig, BertModel

from reward_service.quality.labelled import LABELS

DELTA_FILE = "delta.safetensors"
CONFIG_FILE = "config.json"
BASE_FILE = "model.safetensors"

_FROZEN = tuple(f"embeddings.{kind}_embeddings." for kind in ("word", "position", "token_type"))
_INT8_MAX = 127
_SCALE_SUFFIX = "::scale"


class CrossEncoder(torch.nn.Module):
    """A BERT encoder over "premise [SEP] hypothesis", pooled by CLS and mean, with a linear 3-way head."""

    def __init__(self, encoder: BertModel, dropout: float = 0.1) -> None:
        """Wrap ``encoder`` (its pooler is not used) and add an untrained head of shape (3, 2 * hidden)."""
        super().__init__()
        self.encoder = encoder
        self.dropout = torch.nn.Dropout(dropout)
        self.head = torch.nn.Linear(2 * encoder.config.hidden_size, len(LABELS))

    @classmethod
    def from_base(cls, base_dir: Path) -> CrossEncoder:
        """The weights of the folder ``base_dir`` (config.json, model.safetensors) with an untrained head."""
        config = BertConfig.from_pretrained(str(base_dir), local_files_only=True)
        encoder = BertModel(config, add_pooling_layer=False)  # type: ignore[no-untyped-call]
        known = encoder.state_dict()
        base = {name: value for name, value in load_file(str(base_dir / BASE_FILE)).items() if name in known}
        encoder.load_state_dict(base)
        for name, parameter in encoder.named_parameters():
            parameter.requires_grad = not name.startswith(_FROZEN)
        return cls(encoder)

    def forward(self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor) -> Tensor:
        """Logits of shape (n, 3) in the order of ``LABELS`` for token tensors of shape (n, length)."""
        hidden: Tensor = self.encoder(
            input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids
        ).last_hidden_state
        mask = attention_mask.unsqueeze(-1).to(hidden.dtype)
        mean = (hidden * mask).sum(1) / mask.sum(1).clamp(min=1.0)
        logits: Tensor = self.head(self.dropout(torch.cat([hidden[:, 0], mean], dim=1)))
        return logits


def quantise_rows(delta: Tensor) -> tuple[Tensor, Tensor]:
    """An fp32 matrix (rows, columns) as int8 of the same shape and one fp32 scale per row, shape (rows,).

    ``dequantise_rows`` is off by at most half a scale in each entry. A row of zeros gets the scale 0.
    """
    scale = delta.abs().amax(dim=1) / _INT8_MAX
    safe = torch.where(scale > 0, scale, torch.ones_like(scale))
    codes = torch.round(delta / safe.unsqueeze(1)).clamp(-_INT8_MAX, _INT8_MAX).to(torch.int8)
    return codes, scale


def dequantise_rows(codes: Tensor, scale: Tensor) -> Tensor:
    """The fp32 matrix that ``quantise_rows`` stored as ``codes`` (rows, columns) and ``scale`` (rows,)."""
    return codes.to(torch.float32) * scale.unsqueeze(1)


def compact_delta(trained: Mapping[str, Tensor], base: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """What training added to ``base`` (both: parameter name → tensor), as stored, without frozen parts."""
    stored: dict[str, Tensor] = {}
    for name, value in trained.items():
        if name.removeprefix("encoder.").startswith(_FROZEN):
            continue
        difference = value.detach().to(torch.float32) - base[name].detach().to(torch.float32)
        if difference.dim() == 2 and not name.startswith("head."):
            stored[name], stored[name + _SCALE_SUFFIX] = quantise_rows(difference)
        else:
            stored[name] = difference.contiguous()
    return stored


def apply_delta(base: Mapping[str, Tensor], stored: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """``base`` with the stored differences added.

    Raises KeyError when ``stored`` names a parameter that ``base`` lacks: the delta belongs to another base.
    """
    rebuilt = dict(base)
    for name, value in stored.items():
        if name.endswith(_SCALE_SUFFIX):
            continue
        packed = value.dtype == torch.int8
        rebuilt[name] = base[name] + (
            dequantise_rows(value, stored[name + _SCALE_SUFFIX]) if packed else value
        )
    return rebuilt


def _base_state(base_dir: Path) -> tuple[CrossEncoder, dict[str, Tensor]]:
    """The untrained model and its state with a zero head, to which a delta is added."""
    model = CrossEncoder.from_base(base_dir)
    torch.nn.init.zeros_(model.head.weight)
    torch.nn.init.zeros_(model.head.bias)
    return model, model.state_dict()


def load_cross_encoder(weights_dir: Path, base_dir: Path) -> CrossEncoder:
    """The trained model, in eval mode: the base weights of ``base_dir`` plus the delta of ``weights_dir``.

    Reads local files only. Raises FileNotFoundError when a file is missing and ValueError when the base's
    SHA-256 is not the one that the delta was trained on.
    """
    config: dict[str, Any] = json.loads((weights_dir / CONFIG_FILE).read_text(encoding="utf-8"))
    found = file_sha256(base_dir / BASE_FILE)
    if found != config["base"]["sha256"]:
        raise ValueError(
            f"{base_dir / BASE_FILE} has SHA-256 {found}, the NLI weights need {config['base']['sha256']} "
            f"({config['base']['package']}=={config['base']['version']})"
        )
    model, state = _base_state(base_dir)
    model.load_state_dict(apply_delta(state, load_file(str(weights_dir / DELTA_FILE))))
    return model.eval()


def save_cross_encoder(
    model: CrossEncoder, weights_dir: Path, base_dir: Path, config: Mapping[str, Any]
) -> str:
    """Write the delta and ``config`` (plus its ``revision``) to ``weights_dir``, each file in one step.

    Returns the revision: the first 16 hex digits of the delta's SHA-256.
    """
    weights_dir.mkdir(parents=True, exist_ok=True)
    stored = compact_delta(model.state_dict(), _base_state(base_dir)[1])
    temporary = weights_dir / f".{DELTA_FILE}.tmp"
    save_file(stored, str(temporary))
    temporary.chmod(0o644)
    revision = file_sha256(temporary)[:16]
    temporary.replace(weights_dir / DELTA_FILE)
    write_json(weights_dir / CONFIG_FILE, {**config, "revision": revision})
    return revision


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write ``value`` as indented JSON, in one step: a reader sees the old file or the new one."""
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    temporary.replace(path)


def file_sha256(path: Path) -> str:
    """The SHA-256 of a file in hex."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
