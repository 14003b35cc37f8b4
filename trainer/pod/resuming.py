"""Whether a run that ended is worth starting again."""

from __future__ import annotations

import json

from trainer.commands.train import RESUMABLE
from trainer.runfolder import RunFolder

OUTAGE = "gave no answer"
"""In the words of RewardUnavailable, which a summary holds as its reason."""


class Resuming:
    """A run that an outage of the server broke off goes on, as long as every attempt brings it further.

    A run that ended well, failed, was told to stop or had its batch refused is left alone.
    """

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder
        self._last_step = -1

    def __call__(self, status: int) -> bool:
        """Whether to resume after this exit status of the trainer."""
        found = self._folder.last_checkpoint()
        if status != RESUMABLE or found is None or not self._was_outage():
            return False
        further = found[0] > self._last_step
        self._last_step = found[0]
        return further

    def _was_outage(self) -> bool:
        try:
            summary = json.loads(self._folder.summary.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return False
        return OUTAGE in str(summary.get("reason"))
