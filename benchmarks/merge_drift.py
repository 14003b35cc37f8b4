"""How far a base moves when an adapter is merged into it and taken out again, as TRL does before each step.

python -m benchmarks.merge_drift [--steps 250] [--out FILE]

NF4 needs bitsandbytes (requirements/trainer-plain-gpu.txt; a CPU is enough); without it only bfloat16 is
measured.  The layer is random, 1024 × 4096 with a deviation of 0.02; the adapter of rank 64 walks about, and
its update reaches a deviation of about 1e-4.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, get_peft_model
from rich.console import Console
from rich.table import Table
from torch import nn

RESULTS = Path("runs/benchmarks/merge_drift.json")
OUTPUTS, INPUTS, RANK = 1024, 4096, 64


class Layer(nn.Module):
    """A model of one projection."""

    def __init__(self, projection: nn.Module, *, quantised: bool) -> None:
        super().__init__()
        self.q_proj = projection
        self.is_loaded_in_4bit = quantised  # by which PEFT chooses how to merge


def layer_in(kind: str) -> Layer:
    """The same random layer in bfloat16 or in NF4."""
    torch.manual_seed(1)
    weights = (torch.randn(OUTPUTS, INPUTS) * 0.02).to(torch.bfloat16)
    if kind == "bfloat16":
        plain = nn.Linear(INPUTS, OUTPUTS, bias=False, dtype=torch.bfloat16)
        plain.weight.data = weights
        return Layer(plain, quantised=False)
    import bitsandbytes as bnb

    packed = bnb.nn.Linear4bit(INPUTS, OUTPUTS, bias=False, compute_dtype=torch.bfloat16, quant_type="nf4")
    packed.weight = bnb.nn.Params4bit(
        weights, requires_grad=False, quant_type="nf4", compress_statistics=True
    )
    return Layer(packed.to("cpu"), quantised=True)


def values(projection: Any) -> torch.Tensor:
    """The weights in 32 bit."""
    state = getattr(projection.weight, "quant_state", None)
    if state is None:
        whole: torch.Tensor = projection.weight.data.float()
        return whole
    from bitsandbytes.functional import dequantize_4bit

    expanded: torch.Tensor = dequantize_4bit(projection.weight.data, state)
    return expanded.float()


def drift(kind: str, steps: int, at: Sequence[int]) -> list[dict[str, float | int | str]]:
    """Merge and unmerge `steps` times; after those in `at`: the share of weights that differ from the start,
    and root mean squares of their difference and of the adapter's update."""
    model = get_peft_model(layer_in(kind), LoraConfig(r=RANK, lora_alpha=RANK, target_modules=["q_proj"]))
    layer = model.base_model.model.q_proj
    first, rows = values(layer.get_base_layer()), []
    for step in range(1, steps + 1):
        with torch.no_grad():
            layer.lora_B["default"].weight += torch.randn(OUTPUTS, RANK) * 1e-4
        layer.merge()
        layer.unmerge()
        if step in at:
            moved = values(layer.get_base_layer()) - first
            update = layer.get_delta_weight("default").float()
            rows.append(
                {
                    "base": kind,
                    "steps": step,
                    "changed": (moved != 0).float().mean().item(),
                    "drift": moved.square().mean().sqrt().item(),
                    "update": update.square().mean().sqrt().item(),
                }
            )
    return rows


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table and write JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--steps", type=int, default=250)
    parser.add_argument("--out", type=Path, default=RESULTS)
    parsed = parser.parse_args(arguments)
    console = Console()
    warnings.filterwarnings("ignore", message=".*4-bit linear may get different generations.*")
    kinds = ["bfloat16", *(["NF4"] if importlib.util.find_spec("bitsandbytes") else [])]
    at = sorted({1, 10, parsed.steps})
    rows = [row for kind in kinds for row in drift(kind, parsed.steps, at)]
    table = Table("base", "steps", "weights changed", "drift (rms)", "update (rms)")
    for row in rows:
        table.add_row(
            str(row["base"]),
            str(row["steps"]),
            f"{row['changed']:.2%}",
            f"{row['drift']:.1e}",
            f"{row['update']:.1e}",
        )
    console.print(table)
    parsed.out.parent.mkdir(parents=True, exist_ok=True)
    parsed.out.write_text(json.dumps(rows, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
