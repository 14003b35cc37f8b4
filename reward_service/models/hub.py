"""Finds a model by hub name or folder: a folder as it is, else the cache, else a quick look at the hub."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from huggingface_hub import HfApi, snapshot_download

from reward_service.errors import ModelUnavailable

HUB_PATIENCE_S = 15.0
"""Seconds within which the hub must have said that it has the model; a download may then take its time."""
_REQUEST_S = 5.0
_FILES = ["*.json", "*.txt", "*.model", "*.safetensors"]

CALIBRATION_FILE = "calibration.json"
"""Beside the weights: temperature and thresholds of an NLI model."""

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class LocalModel:
    """A model on this machine's disk."""

    folder: Path
    name: str
    """The hub name, or the folder's last part."""
    revision: str
    """The hub's commit, or `sha256:…` of the files that decide what a folder's model says."""


def local_model(name: str, *, setting: str, embedded: str = "REWARD_MODELS=embedded") -> LocalModel:
    """Bring a model to this machine.

    Args:
        name: a hub name such as `facebook/bart-large-mnli`, or a folder.
        setting: the variable that names this model, for messages.
        embedded: what to set in order to need no hub.

    Raises:
        ModelUnavailable: neither a folder, nor cached, nor reachable in `HUB_PATIENCE_S`; says what to do.
    """
    folder = Path(name).expanduser()
    if (folder / "config.json").is_file() or (folder / "modules.json").is_file():
        return LocalModel(folder, folder.resolve().name, _content_hash(folder))
    if folder.is_dir() or name.startswith((".", "/", "~")):
        raise ModelUnavailable(f"{setting}={name}: there is no model in this folder (no config.json)")
    cached = _cached(name)
    if cached is None:
        cached = _downloaded(name, setting, embedded)
    return LocalModel(cached, name, cached.name)


def _cached(name: str) -> Path | None:
    """The folder of a model that was downloaded before; None where it is missing or incomplete."""
    try:
        folder = Path(snapshot_download(name, local_files_only=True))
    except (OSError, ValueError):
        return None
    has_weights = next(folder.rglob("*.safetensors"), None) is not None
    return folder if (folder / "config.json").is_file() and has_weights else None


def _downloaded(name: str, setting: str, embedded: str) -> Path:
    try:
        info = _within(HUB_PATIENCE_S, lambda: HfApi().model_info(name, timeout=_REQUEST_S))
    except Exception as error:  # whatever keeps us from the hub, the answer is the same
        raise ModelUnavailable(
            f"the model {name} is neither cached nor reachable on the hub ({type(error).__name__}: {error}). "
            f"Mount a cache that holds it (HF_HOME), set {setting} to a local folder, or use {embedded}, "
            "which needs no hub."
        ) from error
    files = [file.rfilename for file in info.siblings or ()]
    if not any(file.endswith(".safetensors") for file in files):
        raise ModelUnavailable(f"the model {name} has no safetensors weights; set {setting} to one that has")
    try:
        return Path(snapshot_download(name, revision=info.sha, allow_patterns=_FILES))
    except Exception as error:
        raise ModelUnavailable(f"the download of {name} failed ({type(error).__name__}: {error})") from error


def _within(seconds: float, call: Callable[[], Result]) -> Result:
    """The call's result; TimeoutError where it takes longer (name resolution knows no timeout of its own)."""
    results: list[Result] = []
    errors: list[BaseException] = []

    def work() -> None:
        try:
            results.append(call())
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=work, name="hub-look-up", daemon=True)
    thread.start()
    thread.join(seconds)
    if errors:
        raise errors[0]
    if not results:
        raise TimeoutError(f"no answer within {seconds:g} s")
    return results[0]


def _content_hash(folder: Path) -> str:
    """SHA-256 over names and contents of the model's files, but for its calibration, which can be made
    anew."""
    digest = hashlib.sha256()
    files = {path for pattern in _FILES for path in folder.rglob(pattern)}
    for path in sorted(path for path in files if path.name != CALIBRATION_FILE):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0")
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return f"sha256:{digest.hexdigest()[:16]}"
