"""One annotator process as the server sees it: started, spoken to, and started again when it has died."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from multiprocessing import Pipe
from multiprocessing.connection import Connection

from reward_service.models import annotation_process
from reward_service.models.annotation_process import Message
from reward_service.types import Annotate

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 30.0
"""Before a process is started again that died while it loaded; doubled each time."""

logger = logging.getLogger(__name__)


class AnnotatorProcess:
    """A process, or the place of one that has died.  Not safe in several threads, but for reading attributes.

    Args:
        package: as of `SpacyPipeline`.
    """

    def __init__(self, package: str) -> None:
        self._package = package
        self._process: subprocess.Popen[bytes] | None = None
        self._failed_starts = 0
        self.channel: Connection[Sequence[Annotate], Message] | None = None
        """This end of the channel; None where there is no process."""
        self.version: str | None = None
        """The package's version; None until the process has loaded it."""
        self.problem: str | None = None
        """Why the last start failed."""
        self.start_at = 0.0
        """The monotonic time from which `start` may be called again, where there is no process."""

    @property
    def pid(self) -> int | None:
        """The process's id, where there is one."""
        process = self._process
        return process.pid if process is not None else None

    def start(self) -> None:
        """Start the process; it will say that it is ready.  Where that fails, it is as if it had died."""
        self.channel, theirs = Pipe()
        command = [sys.executable, "-P", "-m", annotation_process.__name__]
        try:
            self._process = subprocess.Popen(
                [*command, str(theirs.fileno()), self._package],
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=2,  # a library that prints must not write into the answer of a command
                pass_fds=[theirs.fileno()],
                process_group=0,  # Ctrl-C at the terminal is for the server; this one ends with its channel
            )
        except OSError as error:
            self.problem = str(error)
            self._died()
        finally:
            theirs.close()

    def send(self, items: Sequence[Annotate]) -> None:
        """Give it texts.  If it has died meanwhile, `receive` will tell."""
        if self.channel is None:
            raise ValueError("there is no process")
        try:
            self.channel.send(items)
        except OSError:
            logger.debug("annotator process %s is gone", self.pid)

    def receive(self) -> Message | None:
        """Wait for its next message; None if it has died."""
        try:
            if self.channel is None:
                return None
            message = self.channel.recv()
        except (EOFError, OSError):
            self._died()
            return None
        kind, value = message
        if kind == "ready":
            self.version, self.problem, self._failed_starts = value, None, 0
        elif kind == "unavailable":
            self.problem = value
        return message

    def stop(self) -> None:
        """End the process, if there is one, and forget it."""
        self.version = None
        if self.channel is not None:
            self.channel.close()
            self.channel = None
        if self._process is not None:
            self._process.kill()  # it holds nothing that could be lost
            self._process.wait()
            self._process = None

    def _died(self) -> None:
        pause = 0.0
        if self.version is None:
            pause = min(FIRST_PAUSE_S * 2**self._failed_starts, LONGEST_PAUSE_S)
            self._failed_starts += 1
        process = self._process
        self.stop()
        if process is not None:
            logger.warning("annotator process %d ended (exit code %s)", process.pid, process.returncode)
        self.start_at = time.monotonic() + pause


def _environment() -> dict[str, str]:
    """Ours, with one thread and no GPU for each process, and with what we can import."""
    threads = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS")
    return {
        **os.environ,
        **dict.fromkeys(threads, "1"),
        "CUDA_VISIBLE_DEVICES": "",
        "PYTHONPATH": os.pathsep.join(path or os.getcwd() for path in sys.path),  # noqa: PTH109
    }
