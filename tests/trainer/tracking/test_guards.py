"""Each guard speaks where a run goes wrong in its way, and is silent on a healthy one."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.trainer.tracking.batches import batch
from trainer.settings import load_settings
from trainer.tracking.guards import Guards, GuardStopped, Warned, warn_in
from trainer.tracking.record import StepRecord
from trainer.tracking.tracker import Tracker

WINDOW, GROUP, MOST_TOKENS = 5, 4, 100
RANGES = {"full": (-3.0, 5.0), "topic": (-2.0, 2.0)}
Scores = Sequence[float | None]


def record(step: int, scores: Scores, tokens: Sequence[int], parts: Scores | None = None) -> StepRecord:
    tracker = Tracker(GROUP, {"full": 1.0}, [])
    tracker.add(batch(scores, parts or [0.0] * len(scores), tokens=tokens))
    return tracker.finish(step, {})


def healthy(step: int) -> StepRecord:
    """Two groups whose rewards differ and don't follow their lengths."""
    chance = random.Random(step)
    return record(step, [chance.uniform(0, 2) for _ in range(8)], [chance.randint(20, 80) for _ in range(8)])


def guards(tell: Callable[[Warned], None], then: str = "warn", before: Sequence[StepRecord] = ()) -> Guards:
    rules = [
        f"guards.{name}.then={then}"
        for name in ("cut_off", "saturated", "length", "zero_spread", "unscorable")
    ]
    settings = load_settings("a40", [f"guards.window={WINDOW}", *rules]).guards
    return Guards(
        settings, group_size=GROUP, most_tokens=MOST_TOKENS, ranges=RANGES, tell=tell, before=before
    )


def told(records: Sequence[StepRecord], then: str = "warn") -> list[Warned]:
    said: list[Warned] = []
    watching = guards(said.append, then)
    for each in records:
        watching(each)
    return said


def test_a_healthy_run_hears_nothing() -> None:
    assert told([healthy(step) for step in range(1, 101)]) == []


def test_groups_that_are_all_cut_off() -> None:
    steps = [record(step, [0.0, 1.0, 2.0, 3.0], [MOST_TOKENS] * 4) for step in range(1, 6)]
    (said,) = told(steps)
    assert (said.step, said.guard, said.value) == (5, "cut_off", 1.0)
    assert "generation.max_completion_tokens" in said.message
    one_ended = [record(step, [0.0, 1.0, 2.0, 3.0], [MOST_TOKENS] * 3 + [99]) for step in range(1, 6)]
    assert told(one_ended) == []


def test_a_part_at_the_top_of_its_range() -> None:
    steps = [record(step, [0.0, 1.0, 2.0, 1.0], [30, 40, 20, 50], [2.0] * 4) for step in range(1, 6)]
    (said,) = told(steps)
    assert (said.guard, said.about, said.value) == ("saturated", "topic", 1.0)


def test_reward_that_rises_with_length_alone() -> None:
    def padded(step: int, growth: int) -> StepRecord:
        chance = random.Random(step)
        tokens = [chance.randint(20, 40) + growth * step for _ in range(8)]
        return record(step, [length / 20 + chance.uniform(-0.1, 0.1) for length in tokens], tokens)

    (said,) = told([padded(step, growth=5) for step in range(1, 6)])
    assert said.guard == "length"
    assert 0.9 < said.value <= 1
    assert told([padded(step, growth=-3) for step in range(1, 6)]) == [], "they grow shorter: no padding"


def test_groups_without_spread() -> None:
    steps = [record(step, [1.0] * 4 + [0.0, 1.0, 1.0, 1.0], list(range(20, 28))) for step in range(1, 6)]
    (said,) = told(steps)
    assert (said.guard, said.value) == ("zero_spread", 0.5)


def test_completions_that_could_not_be_scored() -> None:
    steps = [record(step, [None, 1.0, 0.5, 0.2], [20, 30, 25, 27]) for step in range(1, 6)]
    (said,) = told(steps)
    assert (said.guard, said.about, said.value) == ("unscorable", "full", 0.25)


def test_nothing_is_said_before_a_window_is_full_and_then_once_a_window() -> None:
    steps = [record(step, [1.0] * 4, [20, 30, 25, 27]) for step in range(1, 12)]
    assert [said.step for said in told(steps)] == [5, 10]


def test_off_is_off_and_stop_names_the_way_on() -> None:
    steps = [record(step, [1.0] * 4, [20, 30, 25, 27]) for step in range(1, 7)]
    assert told(steps, then="off") == []
    watching = guards(lambda _: None, then="stop")
    for each in steps:
        watching(each)
    assert watching.stop is not None
    assert watching.stop.step == 5
    with pytest.raises(GuardStopped, match=r"--set guards\.zero_spread\.then=warn"):
        raise GuardStopped(watching.stop)


def test_a_resumed_run_looks_back_at_the_steps_before() -> None:
    steps = [record(step, [1.0] * 4, [20, 30, 25, 27]) for step in range(1, 6)]
    said: list[Warned] = []
    guards(said.append, before=steps[:4])(steps[4])
    assert [warned.guard for warned in said] == ["zero_spread"]


def test_a_warning_is_printed_kept_and_sent(tmp_path: Path) -> None:
    lines: list[str] = []
    alerts: list[tuple[str, str]] = []
    path = tmp_path / "warnings.jsonl"
    tell = warn_in(path, lines.append, lambda *alert: alerts.append(alert))
    tell(Warned(7, "cut_off", "completions", 0.75, "too long", stops=False))
    assert lines == ["warning: too long"]
    assert alerts == [("guards.cut_off", "too long")]
    kept = json.loads(path.read_text())
    assert (kept["step"], kept["value"], kept["stops"]) == (7, 0.75, False)
