"""What a figure was measured on: the machine, the versions and the command."""

from __future__ import annotations

import os
import platform
import shlex
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from reward_service.models.cores import cores

PACKAGES = ("torch", "transformers", "spacy", "sentence-transformers", "numpy", "fastapi", "uvicorn", "httpx")
SECRET = frozenset({"REWARD_API_KEYS"})


def machine() -> dict[str, Any]:
    """Cores, processor, memory in GiB, GPU, torch's CPU threads and instruction sets."""
    import torch

    gpu = torch.cuda.get_device_name(0) if torch.cuda.is_available() else None
    return {
        "cores": cores(),
        "processor": processor(),
        "memory_gib": round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30, 1),
        "gpu": gpu,
        "threads": torch.get_num_threads(),
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "system": platform.platform(),
    }


def versions() -> dict[str, str]:
    """Python and the packages that decide the speed; those that are not installed are left out."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def command() -> str:
    """How this process was called, as one would type it."""
    module = getattr(sys.modules.get("__main__"), "__spec__", None)
    if module is None:
        return shlex.join(sys.argv)
    return shlex.join(["python", "-m", module.name.removesuffix(".__main__"), *sys.argv[1:]])


def environment() -> dict[str, str]:
    """The server's settings that the environment holds; never a key."""
    return {
        name: value
        for name, value in sorted(os.environ.items())
        if name.startswith("REWARD_") and name not in SECRET
    }


def processor() -> str:
    """The processor's name; its architecture where the system doesn't tell."""
    told = Path("/proc/cpuinfo")
    if told.is_file():
        for line in told.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
