"""A supervised process ends when it is told to, with all that it started, and its log keeps everything."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from tests.trainer.pod.scripts import DEAF, ENDLESS, gone, program, wait_for
from trainer.pod.program import NOTE, Process, said


def test_it_ends_when_asked_and_says_how(tmp_path: Path) -> None:
    endless = program("server", ENDLESS, tmp_path)
    process = Process(endless)
    wait_for(endless.log, "up")
    assert process.status() is None
    assert process.end() == 128 + signal.SIGTERM
    assert gone(process.pid)
    assert process.end() == 128 + signal.SIGTERM, "asking again changes nothing"


def test_one_that_does_not_listen_is_killed_when_its_grace_is_over(tmp_path: Path) -> None:
    deaf = program("server", DEAF, tmp_path, grace_s=0.5)
    process = Process(deaf)
    wait_for(deaf.log, "up")
    began = time.monotonic()
    assert process.end() == 128 + signal.SIGKILL
    assert time.monotonic() - began >= 0.5


def test_what_it_started_ends_with_it(tmp_path: Path) -> None:
    code = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', sys.argv[1]])\n"
        "print('child', child.pid, flush=True)\n"
        "sys.exit(7)\n"
    )
    parent = program("trainer", code, tmp_path, DEAF)
    process = Process(parent)
    wait_for(parent.log, "child")
    child = int(parent.log.read_text().split("child ")[1].split()[0])
    assert process.end() in (7, 128 + signal.SIGTERM)
    wait_for(parent.log, "ended with")
    deadline = time.monotonic() + 60
    while not gone(child):
        assert time.monotonic() < deadline, "the child was left behind"
        time.sleep(0.02)


def test_the_log_keeps_every_start(tmp_path: Path) -> None:
    quick = program("server", "import sys; print('no such model'); sys.exit(4)", tmp_path / "run")
    for _ in range(2):
        assert Process(quick).end() in (4, 128 + signal.SIGTERM)
    text = quick.log.read_text()
    assert text.count("server started, process") == 2
    assert text.count("server ended with") == 2


def test_the_tail_is_what_was_written_last(tmp_path: Path) -> None:
    quick = program("server", "", tmp_path)
    assert quick.tail(3) == []
    quick.log.write_bytes(b"x" * 40_000 + b"\n\xff\n\none\n" + NOTE.encode() + b"x\ntwo  \n\n")
    assert quick.tail(2) == ["one", "two"]
    assert quick.tail(3)[0] == "\N{REPLACEMENT CHARACTER}"


@pytest.mark.parametrize(
    ("status", "words"), [(0, "status 0"), (3, "status 3"), (137, "SIGKILL"), (255, "status 255")]
)
def test_a_status_in_words(status: int, words: str) -> None:
    assert said(status) == words
