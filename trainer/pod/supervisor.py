"""Runs server and trainer together, from the first start to the last process gone."""

from __future__ import annotations

import dataclasses
import signal
import time
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, Self

from trainer.pod.board import Board
from trainer.pod.program import Process, Program, said
from trainer.pod.server import ServerGaveUp, ServerKeeper

LOOK_EVERY_S = 0.2
TAIL_LINES = 20


class StopRequest:
    """While entered, SIGTERM, SIGINT and SIGHUP are remembered, and nothing is broken off.

    A signal that was ignored before stays ignored: `nohup` ignores SIGHUP so that a lost connection ends
    nothing.
    """

    def __init__(self) -> None:
        self.number: int | None = None
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._remember)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _remember(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        self.number = self.number or number


def supervise(server: ServerKeeper, trainer: Program, *, resumes: Callable[[int], bool], board: Board) -> int:
    """Keep the server running until the trainer has ended; then end the server.

    A signal, or a server that dies too often, asks the trainer to end; it has its grace to write a checkpoint
    while the server still stands.

    Args:
        server: not yet started.
        trainer: started beside the server; it waits for it by itself.
        resumes: whether to start the trainer again, with `--resume`, after this exit status.  Not asked once
            the trainer was told to end.
        board: gets what happens.

    Returns:
        The trainer's exit status; 128 + n where signal n ended it.
    """
    told = False
    with StopRequest() as request:
        process: Process | None = None
        try:
            server.mind()
            process = _start(trainer, board)
            while True:
                status = process.status()
                if status is not None:
                    board.say(f"trainer: ended with {said(status)}")
                    if told or request.number is not None or not resumes(status):
                        return status
                    trainer = resuming(trainer)
                    board.say("trainer: an outage of the server broke it off; going on from the checkpoint")
                    process = _start(trainer, board)
                if not told and request.number is not None:
                    told = True
                    name = signal.Signals(request.number).name
                    board.say(f"{name}: asking the trainer to end (up to {trainer.grace_s:.0f} s)")
                    process.ask_to_end()
                if not told:
                    try:
                        server.mind()
                    except ServerGaveUp as gave_up:
                        told = True
                        board.say(f"{gave_up}; asking the trainer to end. The end of {server.program.log}:")
                        for line in server.program.tail(TAIL_LINES):
                            board.say(f"  {line}")
                        process.ask_to_end()
                board.show(server.state, server.starts, "".join(trainer.tail(1)))
                time.sleep(LOOK_EVERY_S)
        finally:
            if process is not None:
                process.end()
            server.end()


def resuming(trainer: Program) -> Program:
    """The same trainer, continuing from its last checkpoint."""
    if "--resume" in trainer.command:
        return trainer
    return dataclasses.replace(trainer, command=(*trainer.command, "--resume"))


def _start(trainer: Program, board: Board) -> Process:
    process = Process(trainer)
    board.say(f"trainer: started, process {process.pid}")
    return process
