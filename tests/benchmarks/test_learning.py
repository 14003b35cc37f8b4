"""The learning benchmark's pieces; its hours of training are not for the tests."""

from __future__ import annotations

import io
import json
import math
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from benchmarks.learning.arms import COHERENCE, REWARDS, TERMS
from benchmarks.learning.data import CURATED, THOUGHT, split, warm_up_pairs
from benchmarks.learning.figures import Step, steps_of
from benchmarks.learning.plot import plot, running_mean
from benchmarks.learning.runs import PRESET, CommandFailed, trainer
from benchmarks.learning.tables import held_out_table, training_table
from trainer.settings import load_settings
from trainer.tracking.record import Spread, StepRecord
from trainer.tracking.samples import Sample


def test_no_question_is_on_both_sides_and_none_is_lost(root: Path, tmp_path: Path) -> None:
    sides = [path.read_text(encoding="utf-8").splitlines() for path in split(root / CURATED, tmp_path)]
    train, held_out = ({json.loads(line)["prompt"][-1]["content"] for line in side} for side in sides)
    assert not train & held_out
    assert len(train) + len(held_out) == len((root / CURATED).read_text(encoding="utf-8").splitlines())
    assert 0.1 < len(held_out) / len(train) < 0.2


def test_warm_up_answers_are_whole_sentences_and_half_of_them_think(tmp_path: Path) -> None:
    long = "Value is a social relation\nbetween the producers of commodities. It is measured"
    answers = [("one", long), ("two", "no end here that"), ("three", "Too short."), ("four", long)]
    path = tmp_path / "pairs.jsonl"
    assert warm_up_pairs(answers, path) == 2
    pairs = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    sentence = "Value is a social relation between the producers of commodities."
    assert [(pair["instruction"], pair["response"]) for pair in pairs] == [
        ("one", sentence),
        ("four", THOUGHT + sentence),
    ]


def record(step: int) -> StepRecord:
    spread = Spread(mean=1.0, std=0.5, low=0.0, high=2.0, zero_spread=0.0, scored=2, unscorable=0)
    return StepRecord(
        step=step, seconds=1.0, reward_seconds=0.1, requests=1, fingerprints=("f",),
        rewards=dict.fromkeys(REWARDS, spread), parts={}, trainer={},
        totals=(1.0, 2.0), tokens=(10, 30), total=spread,
    )  # fmt: skip


def sample(step: int, structure: float | None, depth: float) -> Sample:
    scores = {"full/robust/structural_coherence_reward": structure, "interconnection_depth_reward": depth}
    return Sample(step, "q", "a", "r", 10, scores, {}, {})


def test_shares_are_counted_from_the_samples() -> None:
    samples = [sample(1, -1.0, -1.5), sample(1, 0.3, 0.5), sample(2, None, 0.5), sample(2, 0.3, -0.5)]
    one, two, three = steps_of([record(1), record(2), record(3)], samples)
    assert (one.word_soup, one.hollow, one.tokens, one.zero_spread) == (0.5, 0.5, 20.0, 0.0)
    assert (two.word_soup, two.hollow) == (0.0, 0.0), "what has no score is not counted"
    assert (three.word_soup, three.hollow) == (None, None), "no samples, no share"


def test_the_plot_and_the_tables_show_every_run(tmp_path: Path) -> None:
    def steps(rise: float) -> list[Step]:
        return [
            Step(step, dict.fromkeys(REWARDS, rise * step), 0.1, None, 40.0, 0.0) for step in range(1, 21)
        ]

    runs = {"a": [steps(0.1), steps(0.2)], "b": [steps(0.0)]}
    plot(runs, tmp_path / "learning.png")
    assert (tmp_path / "learning.png").stat().st_size > 20_000

    text = io.StringIO()
    console = Console(file=text, width=200)
    console.print(training_table([(COHERENCE, 1), (COHERENCE, 2), (TERMS, 1)], runs))
    folders = [Path("out/a-seed1")]
    rise = {"mean": -0.5, "low": -0.75, "high": -0.25}  # the start less the run
    found: dict[str, Any] = {
        "questions": [{}] * 26,
        "policies": [{"name": "start"}],
        "rewards": {
            name: {
                "policies": {"start": {"mean": 0.25}, "out/a-seed1": {"mean": 0.75}},
                "against": {"out/a-seed1": {"difference": rise}},
            }
            for name in REWARDS
        },
    }
    console.print(held_out_table(found, folders))
    said = text.getvalue()
    assert "0.55 → 1.55" in said  # means of steps 1 … 10 and 11 … 20, times 0.1
    assert "1.10 → 3.10" in said
    assert "0.75  +0.50 [+0.25, +0.75]" in said


def test_a_running_mean_leaves_gaps_where_nothing_is_known() -> None:
    assert running_mean([1.0, 3.0]) == [1.0, 2.0]
    assert math.isnan(running_mean([None])[0])


def test_the_preset_takes_the_settings_of_both_arms() -> None:
    for arm in (COHERENCE, TERMS):
        settings = load_settings(str(PRESET), arm.settings)
        assert settings.weights == {name: arm.weights.get(name, 0.0) for name in REWARDS}
        assert settings.run.samples_every == 1, "shares are counted from every step's samples"


def test_a_command_that_fails_shows_the_end_of_its_log(tmp_path: Path) -> None:
    with pytest.raises(CommandFailed, match="no such preset"):
        trainer(["train", "--preset", "no-such"], tmp_path / "log")
