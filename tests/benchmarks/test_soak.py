"""The soak's own eyes: memory, processes, scores that differ.  And seconds of it against a real server."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from rich.progress import Progress

from benchmarks.load import Size
from benchmarks.processes import descendants, resident_bytes, workers
from benchmarks.serving import Setup
from benchmarks.soak import Scores, Soaked, checks, growth, small_caches, soak
from benchmarks.texts import Material
from shared.schema import DEFAULT_REWARD, ItemResult, ScoreItem, ScoreResponse
from tests.benchmarks.conftest import THREADS

PARENT = """
import subprocess, sys
code = "x = bytearray(80_000_000); print('up', flush=True); input()"
child = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
child.stdout.readline()
print(child.pid, flush=True)
input()
child.kill()
child.wait()
"""
GOOD = Soaked(
    seconds=600.0,
    completions=40,
    retried=2,
    failed=(),
    repeated=9,
    different=(),
    faults={"malformed JSON": 3},
    wrong=(),
    kills=({"pid": 1, "unready_s": 0.1, "ready_s": 2.0, "said": []},),
    memory=tuple((float(second), 1000 + (second > 50)) for second in range(61)),
    alive=True,
)


def test_a_process_is_seen_with_its_children_and_their_memory() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert descendants(parent.pid) == [child] == workers(parent.pid)
        assert resident_bytes(parent.pid) > resident_bytes(child) > 80_000_000
        parent.communicate("\n")
    assert descendants(parent.pid) == []
    assert resident_bytes(parent.pid) == 0


def test_growth_compares_after_the_warm_up_with_the_end() -> None:
    steep_at_first = [(float(second), 100 if second < 30 else 200) for second in range(101)]
    assert growth(steep_at_first) == 0.0
    leak = [(float(second), 1000 + 10 * second) for second in range(101)]
    assert growth(leak) == pytest.approx((1900 - 1495) / 1495, abs=0.01)
    assert growth([]) is None


def test_growth_is_judged_where_there_was_time_to_see_it() -> None:
    leak = tuple((float(second), 1000 + 10 * second) for second in range(601))
    long, short = replace(GOOD, memory=leak), replace(GOOD, memory=leak, seconds=60.0)
    assert [check.what for check in checks(long, killing=True) if not check.reached] == [
        "growth of memory after the warm-up"
    ]
    assert all(check.reached for check in checks(short, killing=True))


def test_a_score_that_differs_is_noted() -> None:
    scores = Scores()
    items = [ScoreItem(prompt="p", completion="a"), ScoreItem(prompt="p", completion="b")]

    def answer(*values: float | None) -> ScoreResponse:
        results = [ItemResult(id="", rewards={DEFAULT_REWARD: value}) for value in values]
        return ScoreResponse(results=results, fingerprint="f")

    scores.note(items, answer(1.0, None))
    scores.note(items, answer(1.00001, None))
    assert (scores.repeated, scores.different) == (2, [])
    scores.note(items, answer(1.01, 0.0))
    assert (scores.repeated, len(scores.different)) == (4, 2)


def test_a_good_soak_passes() -> None:
    assert all(check.reached for check in checks(GOOD, killing=True))


@pytest.mark.parametrize(
    "bad",
    [
        replace(GOOD, failed=("no answer",)),
        replace(GOOD, completions=0),
        replace(GOOD, repeated=0),
        replace(GOOD, different=("1 and 2",)),
        replace(GOOD, wrong=("malformed JSON: answered 500",)),
        replace(GOOD, memory=tuple((float(second), 1000 + 10 * second) for second in range(61))),
        replace(GOOD, memory=()),
        replace(GOOD, alive=False),
        replace(GOOD, kills=()),
        replace(GOOD, kills=({"pid": 1, "unready_s": None, "ready_s": None, "said": []},)),
        replace(GOOD, kills=({"pid": 1, "unready_s": 0.1, "ready_s": None, "said": []},)),
    ],
)
def test_each_check_can_fail(bad: Soaked) -> None:
    assert not all(check.reached for check in checks(bad, killing=True))


def test_without_kills_nothing_is_said_of_them() -> None:
    assert all(check.reached for check in checks(replace(GOOD, kills=()), killing=False))


def test_seconds_of_faults_and_kills_against_a_real_server(material: Material, tmp_path: Path) -> None:
    """Memory is left out: seconds are too short for it."""
    setup = Setup("server", {**small_caches(), **THREADS, "annotator_processes": 1})
    with Progress(disable=True) as progress:
        soaked = soak(
            material,
            seconds=6.0,
            seed=5,
            log=tmp_path / "log.txt",
            progress=progress,
            kill_every_s=2.0,
            group=Size(1, 2, 30, 50),
            setup=setup,
        )
    missed = [check.what for check in checks(soaked, killing=True) if not check.reached]
    assert not missed, (missed, soaked.failed, soaked.wrong, soaked.different, soaked.kills)
    assert soaked.faults
    assert len(soaked.memory) > 5
