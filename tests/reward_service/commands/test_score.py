"""`score`: what it writes, what it prints, and how it fails."""

from __future__ import annotations

import io
import json
import sys
from contextlib import redirect_stderr
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from rich.console import Console

from reward_service.cli import main
from reward_service.commands import score
from reward_service.commands.meter import duration, meter
from reward_service.errors import RequestError, TextTooLong, UnknownReward
from reward_service.settings import Settings
from shared.schema import DEFAULT_REWARD, Detail, Lane
from tests.reward_service.api.fake_scorer import PART, FakeScorer
from tests.support.stand_in import Answer, Received, StandIn, error, scored
from tests.support.tables import GOOD, job, lines_of, said, write_lines, write_parquet


def _info(received: Received) -> Answer:
    """The honest answer to `/info`, for scripts of what follows."""
    assert received.path == "/info"
    with StandIn() as other:
        return other.answer(received)


def _honest(received: Received, **changes: Any) -> Answer:
    return Answer(body=scored(received.score) | changes)


def test_a_file_is_scored_line_by_line_and_summed_up(tmp_path: Path, console: Console) -> None:
    pair = {"instruction": "What is rent?", "response": "123"}
    lines = [GOOD | {"id": "a"}, pair, GOOD | {"completion": ""}] + [GOOD] * 70
    file, out = write_lines(tmp_path / "in.jsonl", lines), tmp_path / "out.jsonl"
    scorer = FakeScorer()
    assert score.run(job(file, out), Settings(), console, lambda _: scorer) == 0
    written = lines_of(out)
    assert [each["id"] for each in written[:4]] == ["a", "2", "3", "4"]
    assert [each["rewards"][DEFAULT_REWARD] for each in written[:4]] == [5.0, 3.0, None, 5.0]
    assert [each[DEFAULT_REWARD] for each in written[:4]] == [5.0, 3.0, None, 5.0]
    assert written[2]["unscorable"] == {DEFAULT_REWARD: "there is no answer"}
    assert {each["fingerprint"] for each in written} == {"f00d"}
    assert len(written) == 73
    assert [len(asked[0]) for asked in scorer.asked] == [32, 32, 9]
    assert {asked[2] for asked in scorer.asked} == {Lane.EVALUATION}
    assert scorer.asked[0][0][1].question == "What is rent?"
    assert scorer.asked[0][0][1].reference is None
    assert scorer.closed
    row = next(line for line in said(console).splitlines() if DEFAULT_REWARD in line)
    assert [cell.strip() for cell in row.split("│")[2:4]] == ["72", "1"]
    assert "scoring: 73 of 73 rows" in said(console)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.jsonl", "out.jsonl"]


def test_results_go_to_stdout_and_nothing_else_does(
    tmp_path: Path, console: Console, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write_lines(tmp_path / "in.jsonl", [GOOD | {"model": "m"}])
    score.run(
        job(file, None, detail=Detail.EVIDENCE, rewards=(PART,)), Settings(), console, lambda _: FakeScorer()
    )
    result = json.loads(capsys.readouterr().out)
    assert result["rewards"] == {PART: 1.5}
    assert result["layers"][PART]["evidence"] == {"covered": ["12345"], "share": 0.7}
    assert result["fingerprint"] == "f00d"
    assert "model" not in result  # it is the result as the wire has it


def test_the_standard_input_is_json_lines(
    console: Console, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(json.dumps(GOOD).encode())))
    score.run(job(Path("-"), None), Settings(), console, lambda _: FakeScorer())
    assert json.loads(capsys.readouterr().out)["rewards"] == {DEFAULT_REWARD: 5.0}


def test_a_file_is_scored_by_a_server(tmp_path: Path, console: Console) -> None:
    file, out = write_lines(tmp_path / "in.jsonl", [GOOD, GOOD | {"id": "b"}]), tmp_path / "out.jsonl"
    with StandIn() as server:
        url = f"http://127.0.0.1:{server.port}"
        settings = Settings(api_keys="some-key")  # type: ignore[arg-type]  # as the environment gives it
        assert score.run(job(file, out, url=url), settings, console) == 0
        request = next(received for received in server.received if received.path == "/score")
    assert request.headers["authorization"] == "Bearer some-key"
    assert request.score.lane == "evaluation"
    assert [each["id"] for each in lines_of(out)] == ["1", "b"]


def test_a_server_that_is_busy_is_waited_for(tmp_path: Path, console: Console) -> None:
    file, out = write_lines(tmp_path / "in.jsonl", [GOOD] * 2), tmp_path / "out.parquet"
    with StandIn() as server:
        busy = error(503, "overloaded", retry_after="0")
        server.script.extend([busy, _info, busy, busy])
        assert score.run(job(file, out, url=server.url), Settings(), console) == 0
    assert pq.read_table(out).num_rows == 2


def test_a_url_with_a_password_is_not_written_into_the_file(tmp_path: Path, console: Console) -> None:
    file, out = write_lines(tmp_path / "in.jsonl", [GOOD]), tmp_path / "out.parquet"
    with StandIn() as server:
        url = f"http://user:secret@127.0.0.1:{server.port}"
        assert score.run(job(file, out, url=url), Settings(), console) == 0
    told = pq.read_schema(out).metadata[b"touchstone"].decode()
    assert "secret" not in told
    assert f"127.0.0.1:{server.port}" in told


def test_what_is_too_long_is_named_by_line_before_anything_is_scored(
    tmp_path: Path, console: Console
) -> None:
    lines = [GOOD] * 40 + [{"question": "x", "answer": "x" * 101}]
    file, out = write_lines(tmp_path / "in.jsonl", lines), tmp_path / "out.jsonl"
    scorer = FakeScorer()
    with pytest.raises(TextTooLong, match=r"in\.jsonl:41:answer: has 101 characters"):
        score.run(job(file, out), Settings(max_text_chars=100), console, lambda _: scorer)
    assert not scorer.started
    with StandIn() as server:  # which allows 1000
        lines[-1]["answer"] = "x" * 1001
        write_lines(file, lines)
        with pytest.raises(TextTooLong, match=r"in\.jsonl:41:answer: has 1001 characters"):
            score.run(job(file, out, url=server.url), Settings(), console)
        assert not server.scored
    assert [path.name for path in tmp_path.iterdir()] == ["in.jsonl"]
    assert issubclass(TextTooLong, RequestError)


def test_what_only_the_server_finds_is_named_by_line_too(tmp_path: Path, console: Console) -> None:
    lines = [{"instruction": "x", "response": "y"}] * 33
    file = write_lines(tmp_path / "in.jsonl", lines)
    with StandIn() as server:
        server.script.extend([_info, error(422, "invalid_request", where="items.2.completion")])
        with pytest.raises(RequestError, match=r"in\.jsonl:3:response: told to answer 422"):
            score.run(job(file, tmp_path / "out.jsonl", url=server.url), Settings(), console)
    assert [path.name for path in tmp_path.iterdir()] == ["in.jsonl"]


def test_an_unknown_reward_leaves_nothing_behind(tmp_path: Path, console: Console) -> None:
    file = write_lines(tmp_path / "in.jsonl", [GOOD])
    with pytest.raises(UnknownReward):
        score.run(job(file, tmp_path / "o.csv", rewards=("x",)), Settings(), console, lambda _: FakeScorer())
    assert [path.name for path in tmp_path.iterdir()] == ["in.jsonl"]


def test_requests_keep_to_the_limit_of_items(tmp_path: Path, console: Console) -> None:
    file = write_lines(tmp_path / "in.jsonl", [GOOD] * 7)
    scorer = FakeScorer()
    score.run(job(file, tmp_path / "o.csv"), Settings(max_items=3), console, lambda _: scorer)
    assert [len(asked[0]) for asked in scorer.asked] == [3, 3, 1]


def test_errors_are_said_in_one_line_with_status_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["score", str(tmp_path / "absent.jsonl"), "--url", "http://127.0.0.1:9"]) == 1
    assert "error: " in capsys.readouterr().err
    file = write_lines(tmp_path / "in.jsonl", [GOOD])
    assert main(["score", str(file), "--url", "nonsense"]) == 1
    assert "--url" in capsys.readouterr().err
    assert main(["score", str(file), "-o", str(tmp_path / "out.xlsx"), "--url", "nonsense"]) == 1
    assert "--out-format" in capsys.readouterr().err
    assert main(["score", str(file), "--encoding", "cp1252", "--url", "nonsense"]) == 1
    assert "--encoding" in capsys.readouterr().err


def test_the_options_reach_the_job(tmp_path: Path) -> None:
    file = tmp_path / "in.txt"
    file.write_bytes("question;answer;preference\nGröße;x;1\n".encode("cp1252"))
    with StandIn() as server:
        options = ["--format", "csv", "--encoding", "cp1252", "--keep", "preference", "--detail", "layers"]
        rewards = ["--reward", "full_a", "--reward", "b", "--reward", "b"]
        out = ["-o", str(tmp_path / "out"), "--out-format", "parquet", "--url", server.url]
        with redirect_stderr(io.StringIO()):
            assert main(["score", str(file), *options, *rewards, *out]) == 0
    [row] = pq.read_table(tmp_path / "out").to_pylist()
    assert list(row) == ["id", "question", "answer", "preference", "full_a", "b", "part.topic_part"]
    assert row["question"] == "Größe"


# --- progress ---


def test_progress_is_a_bar_on_a_terminal_and_lines_elsewhere() -> None:
    terminal = Console(file=io.StringIO(), force_terminal=True, width=120)
    with meter(terminal, "scoring", 100, 40) as advance:
        advance(60)
    assert "100/100" in said(terminal)
    log = Console(file=io.StringIO(), width=40)
    with meter(log, "scoring", 100, 40) as advance:
        advance(20)
        advance(40)
    [line] = said(log).splitlines()
    assert line.startswith("scoring: 100 of 100 rows, ")
    assert line.endswith(" rows/s, 0:00:00 left")
    assert duration(3723.4) == "1:02:03"


def test_a_parquet_file_goes_to_stdout_as_lines(
    tmp_path: Path, console: Console, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write_parquet(tmp_path / "in.parquet", {"question": ["x"], "answer": ["12"], "b": [b"\xff"]})
    score.run(job(file, None), Settings(), console, lambda _: FakeScorer())
    assert json.loads(capsys.readouterr().out)["rewards"] == {DEFAULT_REWARD: 2.0}
