"""Each benchmark runs, on sizes of seconds, and leaves what it promises."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from benchmarks import cached, latency, scaling, score
from benchmarks.gpu import measure, print_card
from benchmarks.load import Size
from benchmarks.serving import Setup
from benchmarks.texts import Material
from tests.benchmarks.conftest import THREADS, TINY

KEYS = {"benchmark", "command", "machine", "versions", "environment", "seed"}


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch, root: Path) -> None:
    """One thread for each model, no processes, and paths from the repository's root."""
    monkeypatch.chdir(root)
    for name, value in THREADS.items():
        monkeypatch.setenv(f"REWARD_{name.upper()}", str(value))


def told(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    assert found.keys() >= KEYS
    return found


def test_score_compares_four_ways(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "score.json"
    sizes = ["--prompts", "2", "--completions", "2", "--words", "100", "140", "--clients", "2"]
    score.main(["--only", "embedded", "--short", *sizes, "--out", str(out)])
    (found,) = told(out)["compared"]
    (run,) = found["server_runs"]["2"]
    assert run == found["server"]["2"], "of one run the median is itself"
    assert run["completions"] == 4
    assert run["pairs"] > 0
    assert run["batches"] > 0
    (ceiling,) = found["ceilings"].values()
    assert ceiling["pairs"] == pytest.approx(run["pairs"], abs=2), "the same pairs, but for what was shared"
    assert found["naive"]["completions"] == 2
    assert sum(found["shares"].values()) == pytest.approx(1.0)
    assert {"NLI forward", "annotate", "embed", "score"} <= set(found["shares"])
    assert 1.0 <= found["padded_over_real"] < 1.5
    assert {goal["what"] for goal in found["reaches"]} >= {
        "completions of the server over naive, 2 client(s)"
    }
    said = capsys.readouterr().out
    assert "ceiling" in said
    assert "naive" in said


def test_cached_asks_the_same_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "cached.json"
    cached.main(["--short", "--items", "3", "--requests", "5", "--out", str(out)])
    middle = told(out)["medians"]
    assert 0 < middle["scores_p50_ms"] <= middle["scores_p95_ms"]
    assert middle["scores_p50_ms"] < middle["layers_p50_ms"], "parts are put together anew"
    assert "3 items" in capsys.readouterr().out


def test_gpu_measures_a_tiny_shape_on_the_cpu(material: Material, tiny_shape: Path, tmp_path: Path) -> None:
    settings = {"nli_model": str(tiny_shape), "device": "cpu", "dtype": "float32"}
    with (tmp_path / "said.txt").open("w", encoding="utf-8") as said:
        console = Console(file=said, width=160)
        found = measure(
            Setup("tiny", settings),
            TINY,
            material,
            Size(1, 2, 40, 60),
            seed=2,
            runs=1,
            requests=2,
            log=tmp_path / "log.txt",
            console=console,
            card="NVIDIA A40",
            clients=(2,),
        )
        print_card(console, {"float32": found}, "NVIDIA A40")
        latency.show(console, found.latency, 2, 4)
    assert found.comparison.naive is None
    assert found.memory_gib is None, "no GPU, no GPU memory"
    shares = found.peak_share
    assert shares["ceiling"] is not None
    per_token = TINY.flops_per_token(found.comparison.ceiling["tokens"] / found.comparison.ceiling["pairs"])
    assert shares["ceiling"] == pytest.approx(found.comparison.ceiling["tokens_per_s"] * per_token / 149.7e12)
    assert 0 < found.latency["alone_p50_s"] <= found.latency["alone_p99_s"]
    assert found.latency["loaded_batch_s"] > 0
    text = (tmp_path / "said.txt").read_text(encoding="utf-8")
    assert "peak 149.7 TFLOP/s" in text
    assert "training clients" in text


def test_scaling_draws_and_fits(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "scaling.json"
    scaling.main(["--most", "2", "--lengths", "1", "--runs", "1", "--out", str(out)])
    found = told(out)
    assert [row["completions"] for row in found["by_completions"]] == [1, 2]
    assert len(found["by_words"]) == len(scaling.LENGTHS)
    assert set(found["fits"]) == {"completions", "words"}
    assert out.with_suffix(".png").stat().st_size > 10_000
    assert "1 is linear" in capsys.readouterr().out


def test_the_goal_of_the_live_lane_is_one_batch_above_the_unloaded_time() -> None:
    figures = {"alone_p95_s": 1.0, "loaded_p95_s": 1.2, "loaded_batch_s": 0.25}
    assert latency.reach_of(figures).reached
    assert not latency.reach_of(figures | {"loaded_p95_s": 1.3}).reached


def test_live_requests_have_texts_of_their_own(material: Material) -> None:
    items = latency.one_by_one(material, 2 * len(material.questions) + 5, seed=1)
    assert len({item.completion for item in items}) == len(items) == 2 * len(material.questions) + 5
    assert len({item.prompt for item in items}) == len(material.questions)
