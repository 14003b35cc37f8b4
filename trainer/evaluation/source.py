"""Where a policy's answers come from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from trainer.evaluation.answers import Answer, Task, answer_to, given_answers

Keep = Callable[[Sequence[Answer]], None]
"""Takes answers as they come; what it was given is safe when it returns."""
Report = Callable[[str], None]


class Source(Protocol):
    """Answers tasks while it is entered."""

    def __enter__(self) -> Self:
        """Make ready: load, connect."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give back what it holds."""

    def generate(self, tasks: Sequence[Task], have: Mapping[str, Answer], keep: Keep) -> None:
        """Answer the tasks that lack an answer.

        Args:
            tasks: all that the policy owes, those with an answer included.
            have: the answers by key; it grows as they are kept.
            keep: takes the answers.

        Raises:
            PolicyUnavailable, SettingsError, DatasetError: why it can't; what was kept stays.
        """


class Ready:
    """What needs no making ready."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is held."""


class ReferenceSource(Ready):
    """The curated answers themselves: what a policy that has learnt everything would score."""

    def generate(self, tasks: Sequence[Task], have: Mapping[str, Answer], keep: Keep) -> None:
        """See `Source`."""
        keep([answer_to(task, task.question.reference) for task in tasks if task.key not in have])


class FileSource(Ready):
    """Answers that were generated already."""

    def __init__(self, path: Path, samples: int) -> None:
        self._path, self._samples = path, samples

    def generate(self, tasks: Sequence[Task], have: Mapping[str, Answer], keep: Keep) -> None:
        """See `Source`."""
        found = given_answers(self._path, tasks, self._samples)
        keep([answer for answer in found if answer.key not in have])
