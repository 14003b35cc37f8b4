"""A signal stops a run between two changes of its state, never within one."""

from __future__ import annotations

import os
import signal

import pytest

from trainer.stopping import Stopped, StopSignals


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_at_once_where_nothing_changes(number: signal.Signals) -> None:
    with StopSignals(), pytest.raises(Stopped, match=f"stopped by {number.name}"):
        os.kill(os.getpid(), number)


def test_a_signal_waits_while_the_state_changes() -> None:
    with StopSignals() as stop:
        stop.hold()
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop.pending is not None
        assert stop.pending.number == signal.SIGTERM
        with pytest.raises(Stopped):
            stop.release()


def test_a_second_signal_does_not_disturb_the_stopping() -> None:
    with StopSignals() as stop:
        with pytest.raises(Stopped):
            os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop.pending is not None
        assert stop.pending.number == signal.SIGINT


def test_afterwards_signals_mean_what_they_meant() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with StopSignals():
        assert signal.getsignal(signal.SIGTERM) != before
    assert signal.getsignal(signal.SIGTERM) == before
