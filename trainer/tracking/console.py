"""A run as lines for a person: every step, and what the guards and the server's fingerprint say."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from trainer.progress import StepProgress
from trainer.summary import step_line
from trainer.tracking.record import StepRecord
from trainer.tracking.samples import Sample


class Lines:
    """A line for every step, with a warning where the server's scores stop being comparable.

    Args:
        progress: the bar.
        report: prints a line.
        steps: of the whole run.
        fingerprint: of the reward server at the start.
    """

    def __init__(
        self, progress: StepProgress, report: Callable[[str], None], *, steps: int, fingerprint: str
    ) -> None:
        self._progress = progress
        self._report = report
        self._steps = steps
        self._fingerprint = fingerprint

    def step(self, record: StepRecord) -> None:
        """A step is done."""
        self._progress.done(record.step)
        self._report(step_line(record, self._steps))
        for mark in record.fingerprints:
            if mark != self._fingerprint:
                self._report(
                    f"warning: the reward server scores differently from step {record.step} on: its "
                    f"fingerprint was {self._fingerprint[:12]} and is now {mark[:12]}; scores before and "
                    "after don't compare"
                )
                self._fingerprint = mark

    def samples(self, samples: Sequence[Sample]) -> None:
        """Too much for a console; they stand in `samples.jsonl`."""
