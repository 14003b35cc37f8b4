"""The commands: what they print, what they write, and how they fail."""

from __future__ import annotations

import io
import json
import shlex
import shutil
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from reward_service.cli import main
from reward_service.commands import models, openapi, score, serve
from reward_service.commands.lines import read_lines
from reward_service.errors import ConfigurationError, RequestError, TextTooLong
from reward_service.settings import Settings, variables
from shared.schema import DEFAULT_REWARD, Detail
from tests.reward_service.api.fake_scorer import PART, FakeScorer
from tests.support.stand_in import StandIn

GOOD = {"prompt": "What is value?", "completion": "12345", "reference": "Labour."}


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in (*variables().values(), "PORT"):
        monkeypatch.delenv(variable, raising=False)


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), width=200)


def said(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def write(path: Path, lines: Sequence[Any]) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def job(file: Path, out: Path | None, **changes: Any) -> score.Job:
    given = {"rewards": (DEFAULT_REWARD,), "detail": Detail.SCORES, "url": None} | changes
    return score.Job(file=file, out=out, **given)


def results(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


# --- score ---


def test_a_file_is_scored_line_by_line_and_summed_up(tmp_path: Path, console: Console) -> None:
    pair = {"instruction": "What is rent?", "response": "123"}
    lines = [GOOD | {"id": "a"}, pair, GOOD | {"completion": ""}] + [GOOD] * 70
    file, out = write(tmp_path / "in.jsonl", lines), tmp_path / "out.jsonl"
    scorer = FakeScorer()
    assert score.run(job(file, out), Settings(), console, lambda _: scorer) == 0
    written = results(out)
    assert [each["id"] for each in written[:4]] == ["a", "2", "3", "4"]
    assert [each["rewards"][DEFAULT_REWARD] for each in written[:4]] == [5.0, 3.0, None, 5.0]
    assert written[2]["unscorable"] == {DEFAULT_REWARD: "there is no answer"}
    assert {each["fingerprint"] for each in written} == {"f00d"}
    assert len(written) == 73
    assert [len(asked[0]) for asked in scorer.asked] == [32, 32, 9]
    assert scorer.asked[0][0][1].question == "What is rent?"
    assert scorer.asked[0][0][1].reference is None
    assert scorer.closed
    row = next(line for line in said(console).splitlines() if DEFAULT_REWARD in line)
    assert [cell.strip() for cell in row.split("│")[2:4]] == ["72", "1"]


def test_results_go_to_stdout_and_nothing_else_does(
    tmp_path: Path, console: Console, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write(tmp_path / "in.jsonl", [GOOD])
    score.run(
        job(file, None, detail=Detail.EVIDENCE, rewards=(PART,)), Settings(), console, lambda _: FakeScorer()
    )
    result = json.loads(capsys.readouterr().out)
    assert result["rewards"] == {PART: 1.5}
    assert result["layers"][PART]["evidence"] == {"covered": ["12345"], "share": 0.7}


def test_a_file_is_scored_by_a_server(tmp_path: Path, console: Console) -> None:
    file, out = write(tmp_path / "in.jsonl", [GOOD, GOOD | {"id": "b"}]), tmp_path / "out.jsonl"
    with StandIn() as server:
        url = f"http://127.0.0.1:{server.port}"
        settings = Settings(api_keys="some-key")  # type: ignore[arg-type]  # as the environment gives it
        assert score.run(job(file, out, url=url), settings, console) == 0
        request = next(received for received in server.received if received.path == "/score")
    assert request.headers["authorization"] == "Bearer some-key"
    assert request.score.lane == "evaluation"
    assert [each["id"] for each in results(out)] == ["1", "b"]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ({"prompt": "x"}, "in.jsonl:2:completion: "),
        ({"prompt": "x", "completion": [{"role": "user"}]}, "in.jsonl:2:completion.0.content: "),
        ({"prompt": "x", "completion": "y", "referense": "z"}, "in.jsonl:2:referense: "),
        ({"instruction": "x"}, "in.jsonl:2:response: "),
        ({"id": "a", "prompt": "x", "completion": "y"}, "in.jsonl:2:id: "),
        ([1], "in.jsonl:2: a line must be a JSON object"),
    ],
)
def test_a_bad_line_is_named_by_file_line_and_field(tmp_path: Path, line: Any, says: str) -> None:
    file = write(tmp_path / "in.jsonl", [GOOD | {"id": "a"}, line])
    with pytest.raises(RequestError) as caught:
        read_lines(file)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b'{"prompt": "\xff"}', "in.jsonl:1: not UTF-8"),
        (b"\n\n{", "in.jsonl:3: no JSON"),
        (b"[" * 200_000, "in.jsonl:1: nested too deeply"),
        (b"\n\n", "holds no line"),
    ],
)
def test_a_line_that_cannot_be_read_is_named(tmp_path: Path, data: bytes, says: str) -> None:
    file = tmp_path / "in.jsonl"
    file.write_bytes(data)
    with pytest.raises(RequestError, match=says):
        read_lines(file)


def test_what_only_the_engine_finds_is_named_by_line_too_and_no_half_file_is_left(
    tmp_path: Path, console: Console
) -> None:
    lines = [GOOD] * 40 + [GOOD | {"completion": "x" * 101}]
    file, out = write(tmp_path / "in.jsonl", lines), tmp_path / "out.jsonl"
    with pytest.raises(RequestError, match=r"in\.jsonl:41:completion: has 101 characters"):
        score.run(job(file, out), Settings(max_text_chars=100), console, lambda _: FakeScorer())
    assert not out.exists()
    assert issubclass(TextTooLong, RequestError)


def test_errors_are_said_in_one_line_with_status_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["score", str(tmp_path / "absent.jsonl"), "--url", "http://127.0.0.1:9"]) == 1
    assert "error: " in capsys.readouterr().err
    file = write(tmp_path / "in.jsonl", [GOOD])
    assert main(["score", str(file), "--url", "nonsense"]) == 1
    assert "--url" in capsys.readouterr().err


# --- serve ---


def test_serve_refuses_a_public_address_without_keys(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--host", "0.0.0.0", "--port", "0"]) == 1
    assert "REWARD_API_KEYS" in capsys.readouterr().err


def test_serve_names_a_port_that_is_taken(console: Console) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigurationError, match=rf"port {port}.*PORT="):
            serve.run(Settings(port=port), console, lambda _: FakeScorer())


def test_models_that_cannot_be_loaded_stop_the_server_with_their_message(console: Console) -> None:
    scorer = FakeScorer(unavailable="no weights; set REWARD_MODELS=embedded")
    assert serve.run(Settings(port=0), console, lambda _: scorer) == 1
    assert "error: no weights; set REWARD_MODELS=embedded" in said(console)
    assert "curl" not in said(console)
    assert scorer.closed


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash here")
def test_the_printed_example_is_one_shell_command_with_valid_json() -> None:
    words = shlex.split(serve.curl("http://127.0.0.1:1", with_key=True).replace("\\\n", " "))
    assert words[:3] == ["curl", "-s", "http://127.0.0.1:1/score"]
    assert json.loads(words[words.index("-d") + 1]) == serve.EXAMPLE
    assert "Authorization: Bearer $KEY" in words


# --- models, openapi ---


def test_models_says_where_each_comes_from_and_whether_it_is_verified() -> None:
    annotator, embedder, _ = models.origins(Settings())
    assert (annotator.role, annotator.state) == ("annotator", "verified by SHA-256")
    assert (embedder.role, embedder.state) == ("embedder", "verified by SHA-256")
    _, embedder, nli = models.origins(Settings(models="full"))
    assert nli.name == "facebook/bart-large-mnli"
    assert "not verified" in nli.state
    assert "not verified" in embedder.state


def test_models_of_a_folder_are_not_verified(tmp_path: Path) -> None:
    nli = models.origins(Settings(nli_model=str(tmp_path)))[2]
    assert (nli.source, nli.state) == ("folder", "not verified")


def test_openapi_writes_the_pages_and_its_check_finds_a_difference(tmp_path: Path, console: Console) -> None:
    docs = tmp_path / "docs"
    assert openapi.run(console, check=True, docs=docs) == 1
    assert not docs.exists()
    assert openapi.run(console, check=False, docs=docs) == 0
    assert openapi.run(console, check=True, docs=docs) == 0
    (docs / "settings.md").write_text("old")
    assert openapi.run(console, check=True, docs=docs) == 1


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["score"], ["serve", "--port", "x"]])
def test_wrong_arguments_are_refused_with_usage(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage" in capsys.readouterr().err
