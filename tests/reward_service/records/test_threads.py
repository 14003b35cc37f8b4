"""Threads that wait for a database: what they give back, and how they end."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

import pytest

from reward_service.records.threads import Threads


def test_results_and_errors_come_back() -> None:
    threads = Threads(2, "test")
    assert [threads.submit(lambda: 3 * 4).result(10) for _ in range(5)] == [12] * 5
    with pytest.raises(ZeroDivisionError):
        threads.submit(lambda: 1 / 0).result(10)
    threads.close(10)
    with pytest.raises(RuntimeError):
        threads.submit(lambda: 1)


def test_what_is_cancelled_before_its_turn_is_not_done() -> None:
    threads, gate, done = Threads(1, "test"), threading.Event(), threading.Event()
    threads.submit(gate.wait)
    later = threads.submit(done.set)
    assert later.cancel()
    gate.set()
    threads.close(10)
    assert not done.is_set()


def test_closing_finishes_what_was_submitted_but_waits_for_no_hanging_thread() -> None:
    threads = Threads(2, "test")
    results = [threads.submit(lambda: time.sleep(0.01)) for _ in range(10)]
    threads.close(10)
    assert all(result.done() for result in results)
    never, hanging = threading.Event(), Threads(1, "test")
    hanging.submit(never.wait)
    began = time.monotonic()
    hanging.close(0.2)
    assert time.monotonic() - began < 5
    never.set()


def test_a_hanging_thread_does_not_keep_the_process_from_ending() -> None:
    program = (
        "import threading\nfrom reward_service.records.threads import Threads\n"
        "Threads(1, 'test').submit(threading.Event().wait)"
    )
    subprocess.run([sys.executable, "-c", program], timeout=60, check=True)
