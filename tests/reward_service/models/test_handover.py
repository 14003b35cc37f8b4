"""The hand-over between threads: at most one thing ahead, nothing lost, and an end for whoever waits."""

from __future__ import annotations

import threading
import time

import pytest

from reward_service.models.handover import Handover
from tests.reward_service.models.scheduler_support import PATIENCE_S

pytestmark = pytest.mark.timeout(60)


def test_a_giver_is_one_thing_ahead_at_most() -> None:
    handover: Handover[int] = Handover()
    given: list[int] = []

    def give() -> None:
        for number in range(3):
            handover.give(number)
            given.append(number)

    giver = threading.Thread(target=give)
    giver.start()
    time.sleep(0.05)
    assert given == [], "it waits until somebody takes the first"
    assert [handover.take() for _ in range(3)] == [0, 1, 2]
    giver.join(PATIENCE_S)
    assert given == [0, 1, 2]


def test_nothing_of_several_givers_is_lost() -> None:
    handover: Handover[str] = Handover()
    names = [[f"{giver}-{number}" for number in range(50)] for giver in range(3)]

    def give(things: list[str]) -> None:
        for thing in things:
            handover.give(thing)

    givers = [threading.Thread(target=give, args=(things,)) for things in names]
    for giver in givers:
        giver.start()
    taken = [handover.take() for _ in range(150)]
    for giver in givers:
        giver.join(PATIENCE_S)
    for things in names:
        assert [thing for thing in taken if thing in things] == things, "each giver's in their order"


def test_the_end_wakes_whoever_waits() -> None:
    handover: Handover[int] = Handover()
    taken: list[int | None] = []
    taker = threading.Thread(target=lambda: taken.append(handover.take()))
    taker.start()
    time.sleep(0.02)
    handover.close()
    taker.join(PATIENCE_S)
    assert taken == [None]
    handover.give(1)  # returns, though nobody takes it
