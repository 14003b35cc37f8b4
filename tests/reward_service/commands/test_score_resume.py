"""Runs of `score` that are interrupted: what is kept, what goes on, and what is refused."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from rich.console import Console

from reward_service.commands import score
from reward_service.errors import ConfigurationError, NotReady, RequestError
from reward_service.settings import Settings
from reward_service.tables.journal import ENDING
from shared.client_errors import RewardServerError
from shared.schema import DEFAULT_REWARD, Detail
from tests.reward_service.api.fake_scorer import PART, FakeScorer
from tests.support.stand_in import FINGERPRINT, Answer, Received, StandIn, error, scored
from tests.support.tables import GOOD, job, lines_of, said, write_lines


def _info(received: Received) -> Answer:
    """The honest answer to `/info`, for scripts of what follows."""
    assert received.path == "/info"
    with StandIn() as other:
        return other.answer(received)


def _honest(received: Received, **changes: Any) -> Answer:
    return Answer(body=scored(received.score) | changes)


class Flaky(FakeScorer):
    """Fails at a request, as a model may."""

    def __init__(self, fails_at: int, fingerprint: str = "f00d") -> None:
        super().__init__()
        self.fails_at = fails_at
        self.fingerprint = fingerprint

    async def score(self, *arguments: Any, **named: Any) -> Any:
        result = await super().score(*arguments, **named)
        if len(self.asked) == self.fails_at:
            raise NotReady("a model went away")
        return result


@pytest.fixture
def interrupted(tmp_path: Path, console: Console) -> Path:
    """The input of a run that stopped after two of four chunks; its output is out.parquet."""
    lines = [GOOD | {"completion": "x" * (n % 9)} for n in range(100)]
    file = write_lines(tmp_path / "in.jsonl", lines)
    scorer = Flaky(fails_at=3)
    with pytest.raises(NotReady):
        score.run(job(file, tmp_path / "out.parquet"), Settings(), console, lambda _: scorer)
    assert "stopped: 64 of 100 rows are done and kept in" in said(console)
    assert not (tmp_path / "out.parquet").exists()
    return file


def test_the_same_command_goes_on_where_it_stopped(
    interrupted: Path, tmp_path: Path, console: Console
) -> None:
    scorer = FakeScorer()
    score.run(job(interrupted, tmp_path / "out.parquet"), Settings(), console, lambda _: scorer)
    assert [len(asked[0]) for asked in scorer.asked] == [32, 4]
    assert "64 of 100 rows are done already" in said(console)
    score.run(job(interrupted, tmp_path / "once.parquet"), Settings(), console, lambda _: FakeScorer())
    resumed, once = pq.read_table(tmp_path / "out.parquet"), pq.read_table(tmp_path / "once.parquet")
    assert resumed.equals(once)
    assert not (tmp_path / f"out.parquet{ENDING}").exists()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"rewards": (PART,)}, f"was begun with --reward {DEFAULT_REWARD} --detail scores"),
        ({"detail": Detail.LAYERS}, f"was begun with --reward {DEFAULT_REWARD} --detail scores"),
    ],
)
def test_a_journal_of_another_question_is_refused_before_models_are_loaded(
    interrupted: Path, tmp_path: Path, console: Console, changes: dict[str, Any], says: str
) -> None:
    scorer = FakeScorer()
    with pytest.raises(ConfigurationError, match=f"{says}.*--restart"):
        score.run(
            job(interrupted, tmp_path / "out.parquet", **changes), Settings(), console, lambda _: scorer
        )
    assert not scorer.started
    again = job(interrupted, tmp_path / "out.parquet", restart=True, **changes)
    score.run(again, Settings(), console, lambda _: scorer)
    assert sum(len(asked[0]) for asked in scorer.asked) == 100


def test_a_journal_of_another_input_or_fingerprint_is_refused(
    interrupted: Path, tmp_path: Path, console: Console
) -> None:
    out = tmp_path / "out.parquet"
    other = Flaky(fails_at=0, fingerprint="beef")
    with pytest.raises(ConfigurationError, match=r"fingerprint f00d, and what scores now has beef"):
        score.run(job(interrupted, out), Settings(), console, lambda _: other)
    assert not other.asked
    lines = [*lines_of(interrupted), GOOD]
    with pytest.raises(ConfigurationError, match="begun for another input"):
        score.run(job(write_lines(interrupted, lines), out), Settings(), console, lambda _: FakeScorer())
    score.run(job(write_lines(interrupted, lines[:-1]), out), Settings(), console, lambda _: FakeScorer())
    assert pq.read_table(out).num_rows == 100


def test_a_server_that_changes_its_models_meanwhile_stops_the_run(tmp_path: Path, console: Console) -> None:
    file, out = write_lines(tmp_path / "in.jsonl", [GOOD] * 64), tmp_path / "out.csv"
    with StandIn() as server:
        server.script.extend([_info, _honest, lambda received: _honest(received, fingerprint="beef")])
        with pytest.raises(ConfigurationError, match=f"{FINGERPRINT}, and what scores now has beef"):
            score.run(job(file, out, url=server.url), Settings(), console)
    assert "stopped: 32 of 64 rows" in said(console)


@pytest.mark.parametrize("change", ["edited", "shortened", "extended"])
def test_a_file_that_is_written_to_meanwhile_is_an_error(
    tmp_path: Path, console: Console, change: str
) -> None:
    lines = [GOOD | {"n": n} for n in range(3000)]
    file = write_lines(tmp_path / "in.jsonl", lines)
    changes: dict[str, list[Any]] = {
        "edited": [*lines[:-1], GOOD | {"completion": "other"}],
        "shortened": lines[:-1],
        "extended": [*lines, GOOD],
    }
    changed = changes[change]

    class Meddling(FakeScorer):
        async def score(self, *arguments: Any, **named: Any) -> Any:
            write_lines(file, changed)
            return await super().score(*arguments, **named)

    with pytest.raises(RequestError, match=r"was changed while|lost rows while"):
        score.run(job(file, tmp_path / "out.csv"), Settings(), console, lambda _: Meddling())
    assert not (tmp_path / "out.csv").exists()


def test_an_output_that_cannot_be_written_costs_no_scores(tmp_path: Path, console: Console) -> None:
    file, out = write_lines(tmp_path / "in.jsonl", [GOOD]), tmp_path / "out.csv"
    blocked = tmp_path / "out.csv.writing"
    blocked.mkdir()
    with pytest.raises(OSError, match="writing"):
        score.run(job(file, out), Settings(), console, lambda _: FakeScorer())
    blocked.rmdir()
    scorer = FakeScorer()
    score.run(job(file, out), Settings(), console, lambda _: scorer)
    assert not scorer.asked  # all was in the journal
    assert out.exists()


def test_a_failure_of_the_server_keeps_what_is_done(tmp_path: Path, console: Console) -> None:
    file = write_lines(tmp_path / "in.jsonl", [GOOD] * 40)
    with StandIn() as server:
        server.script.extend([_info, _honest, error(500, "worker_failed")])
        with pytest.raises(RewardServerError):
            score.run(job(file, tmp_path / "o.csv", url=server.url), Settings(), console)
        assert "stopped: 32 of 40 rows" in said(console)
        score.run(job(file, tmp_path / "o.csv", url=server.url), Settings(), console)
        assert sum(len(request.items) for request in server.scored) == 32 + 8 + 8


def test_an_interrupt_says_how_to_go_on(tmp_path: Path, console: Console) -> None:
    file = write_lines(tmp_path / "in.jsonl", [GOOD] * 40)

    class Interrupted(FakeScorer):
        async def score(self, *arguments: Any, **named: Any) -> Any:
            if self.asked:
                await asyncio.sleep(0)
                raise KeyboardInterrupt
            return await super().score(*arguments, **named)

    with pytest.raises(KeyboardInterrupt):
        score.run(job(file, tmp_path / "o.csv"), Settings(), console, lambda _: Interrupted())
    assert "stopped: 32 of 40 rows are done and kept" in said(console)
    assert "the same command goes on from there" in said(console)
