"""Third-party model files are used only if they are byte for byte the ones that were vetted."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path


class IntegrityError(RuntimeError):
    """A model file is missing or is not the one that was vetted."""


def verify_files(folder: Path, sums: Mapping[str, str]) -> None:
    """Check the files of a model against recorded sums before its first use.

    Args:
        folder: where the model lies.
        sums: path relative to `folder` → SHA-256 as lower-case hex.

    Raises:
        IntegrityError: names the first file that is missing or differs, and what to do.
    """
    for relative, expected in sums.items():
        path = folder / relative
        if not path.is_file():
            raise IntegrityError(f"{path} is missing; reinstall the package that brings it (`make setup`)")
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != expected:
            raise IntegrityError(
                f"{path} has SHA-256 {found}, but {expected} was vetted: it is not the file this project was "
                "tested with. Reinstall it (`make setup`), and don't use it if this message stays."
            )
