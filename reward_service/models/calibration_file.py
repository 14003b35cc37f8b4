"""The calibration of an NLI model as a file beside its weights."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from reward_service.errors import ModelUnavailable
from reward_service.models.cross_encoder import write_json
from reward_service.models.hub import CALIBRATION_FILE
from reward_service.models.protocols import ModelSpec
from reward_service.types import Calibration


def stored_calibration(folder: Path, spec: ModelSpec) -> Calibration:
    """The calibration that lies beside a model's weights; the defaults where there is none."""
    stored = folder / CALIBRATION_FILE
    return read_calibration_file(stored, spec) if stored.is_file() else Calibration()


def read_calibration_file(path: Path, spec: ModelSpec) -> Calibration:
    """The calibration that `python -m reward_service calibrate` wrote for a model.

    Raises:
        ModelUnavailable: the file can't be read, belongs to another model, or holds an unknown field or a
            value that is no number.
    """
    try:
        values: Any = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelUnavailable(f"the calibration {path} can't be read: {error}") from error
    if not isinstance(values, dict):
        raise ModelUnavailable(f"{path}: a calibration must be a JSON object")
    name, revision = values.pop("model", None), values.pop("revision", None)
    if (name, revision) != (spec.name, spec.revision):
        raise ModelUnavailable(
            f"{path} was made for {name} at {revision}, and the NLI model is "
            f"{spec.name} at {spec.revision}; remove it, and make it anew with `python -m reward_service "
            "calibrate`"
        )
    known = {field.name for field in fields(Calibration)}
    unknown = set(values) - known
    if unknown:
        raise ModelUnavailable(f"{path}: unknown calibration field {', '.join(sorted(unknown))}")
    for field, value in values.items():
        if problem := _problem(field, value):
            raise ModelUnavailable(f"{path}: calibration field {field} {problem}, not {value!r}")
    return Calibration(**values)


def write_calibration_file(path: Path, calibration: Calibration, spec: ModelSpec) -> None:
    """Store a calibration with the model it is for, in one step; `read_calibration_file` reads it again."""
    write_json(path, {"model": spec.name, "revision": spec.revision, **asdict(calibration)})


def _problem(field: str, value: object) -> str | None:
    """What a calibration's field must be; None where it is."""
    if field == "source":
        return None if value is None or isinstance(value, str) else "must be a text"
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return "must be a number"
    if field == "temperature":
        return None if value > 0 else "must be positive"
    return None if 0 <= value <= 1 else "must lie between 0 and 1"
