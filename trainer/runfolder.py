"""The folder of a run: what stands where, which checkpoint is whole, and what an earlier run left."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_CHECKPOINT = re.compile(r"checkpoint-(\d+)")
WRITTEN = (
    "adapter", "completions", "wandb", "metrics.jsonl", "metrics.parquet", "samples.jsonl", "samples.parquet",
    "warnings.jsonl", "summary.json", "settings.yaml", "README.md",
)  # fmt: skip
"""What a run writes beside its checkpoints."""


class RunFolderError(RuntimeError):
    """The folder can't be used; the message says what to do."""


@dataclass(frozen=True, slots=True)
class RunFolder:
    """Paths of one run."""

    path: Path

    @property
    def adapter(self) -> Path:
        """The trained adapter with its tokenizer."""
        return self.path / "adapter"

    @property
    def metrics(self) -> Path:
        """One JSON object for each step."""
        return self.path / "metrics.jsonl"

    @property
    def samples(self) -> Path:
        """One JSON object for each completion of the steps that are shown whole."""
        return self.path / "samples.jsonl"

    @property
    def warnings(self) -> Path:
        """One JSON object for each warning of a guard."""
        return self.path / "warnings.jsonl"

    @property
    def metrics_parquet(self) -> Path:
        """`metrics.jsonl` as a table."""
        return self.path / "metrics.parquet"

    @property
    def samples_parquet(self) -> Path:
        """`samples.jsonl` as a table."""
        return self.path / "samples.parquet"

    @property
    def summary(self) -> Path:
        """What came of the run."""
        return self.path / "summary.json"

    @property
    def settings(self) -> Path:
        """The settings it was started with, without the key."""
        return self.path / "settings.yaml"

    def checkpoint(self, step: int) -> Path:
        """Where the checkpoint of a step is."""
        return self.path / f"checkpoint-{step}"

    def last_checkpoint(self) -> tuple[int, Path] | None:
        """The newest whole checkpoint and its step.

        `trainer_state.json` is written last, so a checkpoint without one is a piece that a kill has left.
        """
        steps = (_CHECKPOINT.fullmatch(path.name) for path in self.path.glob("checkpoint-*"))
        for step in sorted((int(match[1]) for match in steps if match), reverse=True):
            if is_whole(self.checkpoint(step)):
                return step, self.checkpoint(step)
        return None

    def clear(self) -> None:
        """Remove what an earlier run wrote here, and nothing else."""
        for path in [*(self.path / name for name in WRITTEN), *self.path.glob("checkpoint-*")]:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)

    def make_ready(self, *, resume: bool, report: Callable[[str], None]) -> tuple[int, Path] | None:
        """Make the folder ready for a run; returns the checkpoint to continue from, if one is wanted.

        An earlier run is never written over: it is moved aside.  On resume what was told of steps after the
        checkpoint goes, since these steps are done again.

        Raises:
            RunFolderError: nothing to resume, or the earlier run can't be moved.
        """
        if resume:
            found = self.last_checkpoint()
            if found is None:
                raise RunFolderError(f"{self.path} holds no whole checkpoint; start the run without --resume")
            for kept in (self.metrics, self.samples, self.warnings):
                _keep_steps(kept, up_to=found[0])
            return found
        if any((self.path / name).exists() for name in WRITTEN) or any(self.path.glob("checkpoint-*")):
            number = 1
            while (aside := self.path.with_name(f"{self.path.name}.{number}")).exists():
                number += 1
            try:
                self.path.rename(aside)
            except OSError as error:
                raise RunFolderError(
                    f"{self.path} holds an earlier run that can't be moved aside ({error.strerror}); "
                    "continue it with --resume, or choose another --output-dir"
                ) from error
            report(f"an earlier run in {self.path} was moved to {aside}")
        self.path.mkdir(parents=True, exist_ok=True)
        return None


def is_whole(checkpoint: Path) -> bool:
    """Whether everything of a checkpoint was written."""
    try:
        state = json.loads((checkpoint / "trainer_state.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(state, dict) and "global_step" in state


def write_whole(path: Path, text: str) -> None:
    """Write beside the place and rename: a reader sees the old file or the new one, never a piece."""
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)


def _keep_steps(told: Path, *, up_to: int) -> None:
    if not told.exists():
        return
    kept = []
    for line in told.read_text(encoding="utf-8").splitlines():
        try:
            record = json.loads(line)
        except ValueError:
            break  # the line that a kill cut off; it is the last
        if record["step"] <= up_to:
            kept.append(f"{line}\n")
    write_whole(told, "".join(kept))
