"""The arithmetic of the benchmarks: goals, percentiles, stages, slopes, growth."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import torch

from benchmarks.report import Reach, medians, percentile
from benchmarks.scaling import counts, fit, of_completions, plot
from benchmarks.serving import Sent, nli_batches
from benchmarks.stages import FORWARD, HTTP, QUEUES, Timeline, token_count
from shared.schema import ScoreResponse, Usage


def test_goals_are_reached_from_the_right_side() -> None:
    assert Reach("pace", 0.9, 0.9).reached
    assert not Reach("pace", 0.89, 0.9).reached
    assert Reach("growth", 0.05, 0.05, at_least=False).reached
    assert not Reach("growth", 0.06, 0.05, at_least=False).reached
    assert not Reach("unknown", None, 0.9).reached
    assert not Reach("unknown", None, 0.9, at_least=False).reached


def test_percentiles_lie_between_neighbours() -> None:
    values = [4.0, 1.0, 3.0, 2.0, 5.0]
    assert [percentile(values, share) for share in (0, 0.5, 0.9, 1)] == pytest.approx([1, 3, 4.6, 5])
    assert percentile([7.0], 0.95) == 7.0
    assert medians([{"a": 1.0}, {"a": 5.0}, {"a": 2.0}]) == {"a": 2.0}


def test_each_moment_counts_once() -> None:
    timeline = Timeline()
    timeline.spans += [
        (0.0, 10.0, HTTP),
        (1.0, 9.0, QUEUES),
        (2.0, 5.0, "annotate"),
        (3.0, 4.0, "embed"),
        (4.5, 8.0, FORWARD),
        (7.0, 8.5, "score"),
    ]
    assert timeline.seconds() == pytest.approx(
        {
            HTTP: 2.0,  # 0 … 1 and 9 … 10
            QUEUES: 1.5,  # 1 … 2 and 8.5 … 9
            "annotate": 2.0,  # 2 … 3, half of 3 … 4, 4 … 4.5
            "embed": 0.5,
            FORWARD: 3.5,
            "score": 0.5,
        }
    )


def test_a_span_is_noted_even_if_the_stage_fails() -> None:
    timeline = Timeline()

    def fails() -> None:
        with timeline.span("annotate"):
            time.sleep(0.01)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails()
    assert timeline.seconds()["annotate"] >= 0.01


def test_tokens_are_found_wherever_they_lie() -> None:
    def inputs(rows: int, columns: int) -> dict[str, torch.Tensor]:
        return {"input_ids": torch.zeros(rows, columns), "attention_mask": torch.zeros(rows, columns)}

    assert token_count(inputs(2, 5)) == 10
    assert token_count(([3, 4], [([0], inputs(2, 5)), ([1], inputs(1, 7))])) == 17
    assert token_count("no tensors") == 0


@pytest.mark.parametrize(("constant", "slope"), [(0.0, 1.0), (0.5, 1.0), (0.2, 1.6)])
def test_the_slope_above_the_constant_is_found(constant: float, slope: float) -> None:
    sizes = counts(1024)
    assert sizes == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024]
    found = fit(sizes, [constant + 0.3 * size**slope for size in sizes])
    assert found.slope == pytest.approx(slope, abs=0.02)
    assert found.constant == pytest.approx(constant, abs=0.03)
    assert found(64) == pytest.approx(constant + 0.3 * 64**slope, rel=0.03)


def test_two_or_three_sizes_get_a_line_without_a_constant() -> None:
    assert fit([1, 2], [1.0, 4.0]).slope == pytest.approx(2.0)
    with pytest.raises(ValueError, match="two sizes"):
        fit([2, 2], [1.0, 1.0])


def test_sizes_fill_groups_of_eight() -> None:
    assert [
        (size.prompts, size.completions) for size in (of_completions(n, 1, 2) for n in (1, 4, 8, 32))
    ] == [
        (1, 1),
        (1, 4),
        (1, 8),
        (4, 8),
    ]


def test_the_plot_is_drawn(tmp_path: Path) -> None:
    rows = [{"completions": n, "words": 50 * n, "medians": {"seconds": 0.1 * n}} for n in (1, 2, 4, 8)]
    plot(rows, rows, tmp_path / "plot.png")
    assert (tmp_path / "plot.png").stat().st_size > 10_000


def test_the_work_of_all_clients_is_summed() -> None:
    def answer(pairs: int, tokens: int) -> ScoreResponse:
        return ScoreResponse(
            results=[], fingerprint="f", usage=Usage(nli_pairs=pairs, nli_tokens=tokens, cached=0)
        )

    found = Sent(2.0, [answer(10, 500), answer(30, 700)]).figures(8)
    assert (found["pairs"], found["tokens"]) == (40, 1200)
    assert (found["completions_per_s"], found["pairs_per_s"], found["tokens_per_s"]) == (4, 20, 600)


def test_batches_are_counted_between_two_looks() -> None:
    names = ("batches", "forward_seconds", "padded_tokens", "tokens")
    keys = [f"touchstone_model_{name}_total{{worker=nli}}" for name in names]
    before, after = (dict(zip(keys, values, strict=True)) for values in ((1, 1, 90, 80), (5, 3, 200, 180)))
    assert nli_batches(before, after) == pytest.approx(
        {"batches": 4, "batch_s": 0.5, "padded_over_real": 1.1}
    )
    assert set(nli_batches(after, after).values()) == {0.0}
