"""The commands: what they print, what they write, and how they fail."""

from __future__ import annotations

import importlib
import io
import json
import pkgutil
import shlex
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from reward_service import commands
from reward_service.cli import all_commands, main
from reward_service.commands import models, openapi, serve
from reward_service.errors import ConfigurationError
from reward_service.settings import Settings, variables
from tests.reward_service.api.fake_scorer import FakeScorer
from tests.support.tables import said


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in (*variables().values(), "PORT"):
        monkeypatch.delenv(variable, raising=False)


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), width=200)


# --- the commands ---


def test_every_module_with_a_name_is_a_command() -> None:
    found = {command.name for command in all_commands()}
    assert {"audit", "calibrate", "models", "nli-eval", "openapi", "score", "serve"} <= found
    for module in pkgutil.iter_modules(commands.__path__):
        name = module.name.replace("_", "-")
        loaded = importlib.import_module(f"{commands.__name__}.{module.name}")
        assert (name in found) == hasattr(loaded, "run")


def test_every_command_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    for command in all_commands():
        with pytest.raises(SystemExit) as caught:
            main([command.name, "--help"])
        assert caught.value.code == 0
        assert f"reward_service {command.name}" in capsys.readouterr().out


def test_help_loads_no_heavy_library(root: Path) -> None:
    code = (
        "import sys; from reward_service.cli import all_commands; all_commands(); "
        "print(*{'pyarrow', 'torch', 'transformers', 'spacy', 'sqlalchemy', 'alembic'} & {*sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.strip() == ""


# --- serve ---


def test_serve_refuses_a_public_address_without_keys(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--host", "0.0.0.0", "--port", "0"]) == 1
    assert "REWARD_API_KEYS" in capsys.readouterr().err


def test_serve_names_a_port_that_is_taken(console: Console) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigurationError, match=rf"port {port}.*PORT="):
            serve.run(serve.Job(port=port), Settings(), console, lambda _: FakeScorer())


def test_models_that_cannot_be_loaded_stop_the_server_with_their_message(console: Console) -> None:
    scorer = FakeScorer(unavailable="no weights; set REWARD_MODELS=embedded")
    assert serve.run(serve.Job(), Settings(port=0), console, lambda _: scorer) == 1
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
    assert openapi.run(openapi.Job(True, docs), Settings(), console) == 1
    assert not docs.exists()
    assert openapi.run(openapi.Job(False, docs), Settings(), console) == 0
    assert openapi.run(openapi.Job(True, docs), Settings(), console) == 0
    (docs / "settings.md").write_text("old")
    assert openapi.run(openapi.Job(True, docs), Settings(), console) == 1


@pytest.mark.parametrize(
    "arguments", [[], ["nonsense"], ["score"], ["serve", "--port", "x"], ["serve", "--port", "65536"]]
)
def test_wrong_arguments_are_refused_with_usage(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage" in capsys.readouterr().err
