"""How much memory the GPU has, and how much of it is taken."""

from __future__ import annotations

import ctypes
import re
import subprocess
import sys

from trainer.settings import SettingsError

UNITS = {"GiB": 1.0, "GB": 1e9 / 2**30, "MiB": 1 / 1024, "MB": 1e6 / 2**30}
"""Unit → GiB."""

ASK = (
    "import torch\n"
    "if torch.cuda.is_available():\n"
    "    free, total = torch.cuda.mem_get_info()\n"
    "    print(total, total - free)\n"
)
PATIENCE_S = 120.0


def parse_gib(text: str) -> float:
    """GiB of a size such as `48GiB`, `48 GB` or `45000MiB`.

    Raises:
        SettingsError: it is none.
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(GiB|GB|MiB|MB)\s*", text)
    if found is None or not float(found[1]):
        raise SettingsError(f"--gpu-memory {text}: expected a size such as 48GiB ({', '.join(UNITS)})")
    return float(found[1]) * UNITS[found[2]]


def card_here() -> tuple[float, float] | None:
    """GiB of this machine's first GPU, and GiB in use on it; None without one.

    Another process asks: in ours CUDA must not be set up, nor torch be imported, before Unsloth is.  That
    process counts itself as in use, about half a GiB too much.
    """
    try:
        ctypes.CDLL("libcuda.so.1")  # the driver; looking for it sets nothing up
    except OSError:
        return None
    asked = subprocess.run(
        [sys.executable, "-c", ASK], capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    numbers = asked.stdout.split()
    if asked.returncode or len(numbers) != 2:
        return None
    return int(numbers[0]) / 2**30, int(numbers[1]) / 2**30
