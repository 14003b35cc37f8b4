"""Keeps the libraries' bars and advice out of our output, and their threads off the reward server's cores."""

from __future__ import annotations

import logging
import os

from rich.console import Console
from rich.logging import RichHandler


def quiet(console: Console, *, offline: bool) -> None:
    """Set what the libraries read while they are imported; call it before that.

    OpenMP's threads wait by spinning, which takes the cores from the reward server beside us: on two shared
    cores that made generating six times as slow.

    Args:
        console: where warnings go.
        offline: nothing is looked up on the model hub.
    """
    for name, value in {
        "OMP_WAIT_POLICY": "PASSIVE",
        "TOKENIZERS_PARALLELISM": "false",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "TRANSFORMERS_VERBOSITY": "error",
        **({"HF_HUB_OFFLINE": "1"} if offline else {}),
    }.items():
        os.environ.setdefault(name, value)
    handler = RichHandler(console=console, show_path=False, show_level=False, show_time=False)
    logging.basicConfig(level=logging.WARNING, format="%(message)s", handlers=[handler], force=True)
    # PEFT imports it where it is installed, and without a GPU it advises faster kernels at every start.
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
