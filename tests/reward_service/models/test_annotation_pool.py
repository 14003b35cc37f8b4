"""Annotator processes, with the real spaCy: as good as none, whatever happens to them."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from reward_service.errors import ModelUnavailable
from reward_service.models.annotation_pool import MAX_DEATHS, RESTARTING, STOPPED
from reward_service.models.annotator import SpacyAnnotator
from reward_service.text import normalise
from reward_service.types import Annotate
from tests.reward_service.models.test_annotator import AWKWARD, PROSE, real_answers

ROOT = Path(__file__).resolve().parents[3]
PATIENCE_S = 60.0
LONG = "The state rules, and classes vanish. " * 1_000
"""Takes a process so long that it can be killed over it."""


@pytest.fixture(scope="module")
def pooled() -> Iterator[SpacyAnnotator]:
    annotator = SpacyAnnotator(processes=2)
    yield annotator
    annotator.close()


@pytest.fixture(scope="module")
def texts() -> list[str]:
    awkward = [normalise(AWKWARD[name]) for name in ("emoji", "lines", "right to left")]
    return [*real_answers(20), PROSE, "", " \n", *awkward]


def until(condition: Callable[[], bool], patience_s: float = PATIENCE_S) -> None:
    end = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.005)


def exists(pid: int) -> bool:
    """Whether a process is there, and no zombie that PID 1 of a container does not wait for."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except ProcessLookupError:
        return False
    except FileNotFoundError:
        return not Path("/proc/self").exists()


def test_documents_are_those_of_no_processes(
    pooled: SpacyAnnotator, annotator: SpacyAnnotator, texts: list[str]
) -> None:
    items = [Annotate(text, entities) for text in texts for entities in (True, False)]
    expected = dict(zip(items, annotator.run(items), strict=True))
    assert any(document.entities for document in expected.values())
    assert pooled.spec == annotator.spec
    for seed, size in enumerate((1, 5, len(items))):
        order = random.Random(seed).sample(items, len(items))
        for start in range(0, len(order), size):
            batch = order[start : start + size]
            assert list(pooled.run(batch)) == [expected[item] for item in batch]
    assert list(pooled.run([])) == []


def test_batches_overlap(pooled: SpacyAnnotator, annotator: SpacyAnnotator, texts: list[str]) -> None:
    """All are sent before the first is waited for, and each gets its own documents."""
    batches = [pooled.prepare(texts[start::3]) for start in range(3)]
    inside = [pooled.collate(batch) for batch in batches]
    for batch, sent in zip(reversed(batches), reversed(inside), strict=True):
        assert pooled.finish(pooled.forward(sent)) == annotator.run(batch)


def test_a_process_that_dies_while_idle_is_replaced(pooled: SpacyAnnotator) -> None:
    assert pooled.health() is None
    victim, other = pooled.pids
    os.kill(victim, signal.SIGKILL)
    until(lambda: pooled.health() == RESTARTING, patience_s=1.0)
    assert pooled.run(pooled.prepare([PROSE]))[0].tokens, "the others work on"
    until(lambda: pooled.health() is None)
    assert other in pooled.pids
    assert victim not in pooled.pids
    assert len(pooled.pids) == 2
    assert not exists(victim), "it was waited for"


def test_a_process_that_dies_at_work_loses_nothing(
    pooled: SpacyAnnotator, annotator: SpacyAnnotator, texts: list[str]
) -> None:
    sent = pooled.collate(pooled.prepare([*texts, LONG, LONG]))
    time.sleep(0.1)  # both are at work: on the first pieces, or on the long texts
    for pid in pooled.pids:
        os.kill(pid, signal.SIGKILL)
    documents = pooled.finish(pooled.forward(sent))
    assert documents[: len(texts)] == annotator.run(annotator.prepare(texts))
    assert documents[-1] == documents[-2]
    assert documents[-1].text == LONG
    until(lambda: pooled.health() is None)


def test_a_text_that_kills_every_process_is_given_up() -> None:
    annotator = SpacyAnnotator(processes=1)
    try:
        sent = annotator.collate(annotator.prepare([LONG]))
        beside = annotator.collate(annotator.prepare([PROSE]))
        for _ in range(MAX_DEATHS):
            until(lambda: annotator.health() is None)
            (pid,) = annotator.pids
            time.sleep(0.1)
            os.kill(pid, signal.SIGKILL)
            until(lambda: annotator.health() == RESTARTING, patience_s=1.0)
        with pytest.raises(RuntimeError, match=f"{MAX_DEATHS} annotator processes died .* {len(LONG)} char"):
            annotator.forward(sent)
        assert annotator.finish(annotator.forward(beside))[0].tokens, "other batches are not touched"
    finally:
        annotator.close()


def test_what_spacy_refuses_fails_alone(pooled: SpacyAnnotator) -> None:
    pids = pooled.pids
    with pytest.raises(RuntimeError, match="spaCy failed: UnicodeEncodeError"):
        pooled.run(pooled.prepare(["a lone \ud800 surrogate"]))
    assert pooled.run(pooled.prepare([PROSE]))[0].tokens
    assert pooled.pids == pids


def test_closing_ends_the_processes_and_whoever_waits() -> None:
    annotator = SpacyAnnotator(processes=2)
    pids = annotator.pids
    assert len(pids) == 2
    sent = annotator.collate(annotator.prepare([LONG] * 8))
    annotator.close()
    annotator.close()
    assert not any(map(exists, pids))
    assert annotator.health() == STOPPED
    with pytest.raises(RuntimeError, match=STOPPED):
        annotator.forward(sent)
    with pytest.raises(RuntimeError, match=STOPPED):
        annotator.collate(annotator.prepare([PROSE]))


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_processes_end_with_their_parent_in_silence(how: signal.Signals) -> None:
    """SIGKILL to the server alone, or SIGINT to its process group, as Ctrl-C sends it."""
    program = (
        "import signal, time\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a background job inherits its neglect
        "from reward_service.models.annotator import SpacyAnnotator\n"
        "annotator = SpacyAnnotator(processes=2)\n"
        "sent = annotator.collate(annotator.prepare(['The state rules. ' * 9999] * 9))\n"
        # Within the `try`: once the ids are read, the signal may come at any moment.
        "try:\n    print(*annotator.pids, flush=True)\n    time.sleep(600)\n"
        "except KeyboardInterrupt:\n    pass\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        process_group=0,
    ) as parent:
        assert parent.stdout is not None
        assert parent.stderr is not None
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        assert len(pids) == 2
        if how is signal.SIGINT:
            os.killpg(parent.pid, how)
        else:
            parent.send_signal(how)
        assert parent.wait(PATIENCE_S) == (0 if how is signal.SIGINT else -signal.SIGKILL)
        until(lambda: not any(map(exists, pids)), patience_s=10.0)
        assert parent.stderr.read() == ""


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="needs Linux's /proc")
def test_a_process_holds_spacy_and_no_torch(pooled: SpacyAnnotator) -> None:
    for pid in pooled.pids:
        libraries = Path(f"/proc/{pid}/maps").read_text(encoding="utf-8")
        assert "spacy" in libraries
        assert "torch" not in libraries


def test_a_package_that_is_not_installed_says_what_to_do() -> None:
    with pytest.raises(ModelUnavailable, match="REWARD_SPACY_MODEL"):
        SpacyAnnotator("en_core_web_absent", processes=1)
