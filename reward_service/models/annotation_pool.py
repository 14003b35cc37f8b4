"""The annotator processes, and the thread that hands them texts and replaces a process that has died."""

from __future__ import annotations

import atexit
import threading
import time
from collections import deque
from collections.abc import Sequence
from multiprocessing import Pipe
from multiprocessing.connection import wait

from reward_service.errors import ModelUnavailable
from reward_service.models.annotation_pieces import Piece, SubmittedBatch, cut
from reward_service.models.annotation_worker import AnnotatorProcess
from reward_service.models.cores import cores
from reward_service.types import Annotate

MAX_DEATHS = 2
"""So many processes may die over one text, until the text is taken for the cause."""
RESTARTING = "an annotator process is being restarted"
STOPPED = "the annotator processes are stopped"


def default_processes() -> int:
    """One for each core that this process may use, at most 8."""
    return min(cores(), 8)


class AnnotationPool:
    """Processes that have loaded one spaCy package.

    A process that dies is replaced, and what it worked on is annotated again, text by text: nothing is lost.

    Args:
        package: as of `SpacyPipeline`.
        processes: how many, at least 1.

    Raises:
        ModelUnavailable: the package can't be loaded, or a process died over it.
    """

    def __init__(self, package: str, processes: int) -> None:
        self._processes = [AnnotatorProcess(package) for _ in range(processes)]
        self._busy: dict[AnnotatorProcess, Piece] = {}
        self._lock = threading.Lock()
        """For what follows: other threads touch it."""
        self._waiting: deque[Piece] = deque()
        self._bell, self._button = Pipe(duplex=False)
        self._closed = False
        try:
            self.version = self._load()
            """The version of the package."""
        except BaseException:
            self._end()
            raise
        self._thread = threading.Thread(target=self._serve, name="annotator-processes", daemon=True)
        self._thread.start()
        atexit.register(self.close)

    def _load(self) -> str:
        for process in self._processes:
            process.start()
        for process in self._processes:
            process.receive()
            if process.version is None:
                raise ModelUnavailable(process.problem or "an annotator process died while it loaded spaCy")
        return self._processes[0].version or ""

    @property
    def pids(self) -> list[int]:
        """The ids of the processes that are ready."""
        return [process.pid for process in self._processes if process.version and process.pid]

    def health(self) -> str | None:
        """Why not all processes are ready; None if they are."""
        if not self._thread.is_alive():
            return STOPPED
        return None if len(self.pids) == len(self._processes) else RESTARTING

    def submit(self, items: Sequence[Annotate]) -> SubmittedBatch:
        """Begin to annotate texts; returns at once.  Several batches may be on their way.

        The batch fails if spaCy raises, if `MAX_DEATHS` processes die over one text, or if the pool is
        closed.

        Raises:
            RuntimeError: the pool is closed already.
        """
        batch = SubmittedBatch(items)
        with self._lock:
            if self._closed:
                raise RuntimeError(STOPPED)
            # Not more: spaCy likes several texts at once, and the next batch fills what gaps there are.
            self._waiting.extend(cut(batch, len(self._processes)))
            self._button.send_bytes(b"!")
        return batch

    def close(self) -> None:
        """End the processes and fail what is unfinished.  May be called again."""
        atexit.unregister(self.close)
        with self._lock:
            if not self._closed:
                self._closed = True
                self._button.send_bytes(b"!")
        self._thread.join()

    # --- the thread ---------------------------------------------------------------------------------------

    def _serve(self) -> None:
        try:
            while not self._closed:
                self._restart()
                self._hand_out()
                self._listen()
        finally:
            self._end()

    def _restart(self) -> None:
        """Start the processes that have died, where their pause is over."""
        for process in self._processes:
            if process.channel is None and process.start_at <= time.monotonic():
                process.start()

    def _hand_out(self) -> None:
        """Give a piece to every process that has none."""
        for process in self._processes:
            if process.version is not None and process not in self._busy:
                piece = self._next()
                if piece is None:
                    return
                self._busy[process] = piece
                process.send(piece.items)

    def _next(self) -> Piece | None:
        """The next piece, of a batch that has not failed."""
        with self._lock:
            while self._waiting:
                piece = self._waiting.popleft()
                if not piece.batch.done.done():
                    return piece
        return None

    def _listen(self) -> None:
        """Wait until the bell rings, a process says something or dies, or a pause is over."""
        pauses = [process.start_at for process in self._processes if process.channel is None]
        timeout = max(0.0, min(pauses) - time.monotonic()) if pauses else None
        channels = {process.channel: process for process in self._processes if process.channel is not None}
        ready = wait([self._bell, *channels], timeout)
        if self._bell in ready:
            self._bell.recv_bytes()
        for channel, process in channels.items():
            if channel in ready:
                self._hear(process)

    def _hear(self, process: AnnotatorProcess) -> None:
        message = process.receive()
        if message is None:
            self._again(self._busy.pop(process, None))
            return
        kind, value = message
        if kind == "done":
            piece = self._busy.pop(process)
            piece.batch.add(piece, value)
        elif kind == "failed":
            self._busy.pop(process).batch.fail(f"spaCy failed: {value}")

    def _again(self, piece: Piece | None) -> None:
        """Have the texts annotated again over which a process died: one by one, to find the guilty one."""
        if piece is None:
            return
        if piece.deaths + 1 >= MAX_DEATHS:  # a single text, then
            length = len(piece.items[0].text)
            piece.batch.fail(f"{MAX_DEATHS} annotator processes died over a text of {length} characters")
            return
        with self._lock:
            self._waiting.extendleft(reversed(piece.one_by_one()))

    def _end(self) -> None:
        """End the processes and fail what is unfinished."""
        with self._lock:
            self._closed = True
            unfinished = [*self._busy.values(), *self._waiting]
        for process in self._processes:
            process.stop()
        for piece in unfinished:
            piece.batch.fail(STOPPED)
        self._bell.close()
        self._button.close()
