"""What training starts from, and where the repository keeps what is ours."""

from __future__ import annotations

from pathlib import Path

from reward_service.models.pack import MINILM_PACKAGE
from reward_service.models.vetted import VettedPackage, verify_package

ROOT = Path(__file__).parents[3]
OWN = ROOT / "training_data" / "nli"
"""Our own labelled pairs."""
CHECKPOINTS = ROOT / "runs" / "nli"
"""What a training run leaves beside the weights."""


def base_package() -> VettedPackage:
    """The package of the base model; raises ModelUnavailable when it isn't installed or isn't the vetted
    one."""
    return verify_package(MINILM_PACKAGE)


def base_dir() -> Path:
    """The folder of the base model in its package; errors as of `base_package`."""
    return base_package().folder / "model"
