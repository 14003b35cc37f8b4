"""`docs/live-checks.md`: its programs run against the server, and its tables say what the code says."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from reward_service.checks.checker import POLICIES, build_checker
from reward_service.checks.finders import discover
from reward_service.settings import variables
from shared.schema import CheckResponse
from tests.contract.conftest import KEY, LiveServer


@pytest.fixture(scope="module")
def page(root: Path) -> str:
    return (root / "docs" / "live-checks.md").read_text(encoding="utf-8")


def block(page: str, language: str) -> str:
    """The one block of a language."""
    found: list[str] = re.findall(rf"^```{language}\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    assert len(found) == 1, language
    return found[0]


def run(command: list[str], code: str, server: LiveServer, root: Path) -> str:
    """What a program prints that asks the server in place of the printed address."""
    assert "http://127.0.0.1:8080" in code
    result = subprocess.run(
        command,
        input=code.replace("http://127.0.0.1:8080", server.url),
        cwd=root,
        env={"KEY": KEY, "PATH": os.environ["PATH"], "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_the_python_program_withholds_a_loop(page: str, server: LiveServer, root: Path) -> None:
    printed = run([sys.executable, "-"], block(page, "python"), server, root)
    assert "fail: loop" in printed
    assert printed.rstrip().endswith("I could not give a reliable answer to that.")


def test_the_python_program_shows_an_answer_as_unchecked_without_a_server(page: str, root: Path) -> None:
    code = block(page, "python").replace("127.0.0.1:8080", "127.0.0.1:9")
    result = subprocess.run(
        [sys.executable, "-"],
        input=code.replace("deadline_s=5.0", "deadline_s=0.5"),
        cwd=root,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert result.stdout.startswith("unchecked: the reward server at http://127.0.0.1:9 gave no answer")
    assert "(This answer was not checked.)" in result.stdout


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl here")
def test_the_curl_command_finds_the_cut(page: str, server: LiveServer, root: Path) -> None:
    answer = CheckResponse.model_validate_json(run(["bash"], block(page, "sh"), server, root))
    reason = next(reason for reason in answer.reasons if reason.code == "cut_off")
    printed = json.loads(block(page, "json"))
    assert answer.verdict == printed["verdict"]
    assert list(reason.span or ()) == printed["reasons"][0]["span"]
    assert reason.evidence == printed["reasons"][0]["evidence"]
    assert set(printed) == set(CheckResponse.model_fields)
    assert printed["scores"].keys() < answer.scores.keys()


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no node here")
def test_the_javascript_program_finds_the_open_reasoning(page: str, server: LiveServer, root: Path) -> None:
    printed = run(["node", "--input-type=module"], block(page, "js"), server, root).splitlines()
    assert printed[0] == "fail"
    assert [line.split()[0] for line in printed[1:]] == ["empty", "unclosed_reasoning"]


def test_every_code_stands_in_the_table_with_its_unit(page: str) -> None:
    section = page.split("## What is looked at")[1].split("\n## ")[0]
    rows = dict(re.findall(r"^\| `(\w+)` \| [^|]* \| ([^|]*) \|$", section, re.MULTILINE))
    assert rows == {code: finder.unit for code, finder in discover().items()}


def test_every_policy_and_setting_is_named_and_the_example_is_a_policy(page: str, tmp_path: Path) -> None:
    assert all(f"| `{path.stem}` |" in page for path in POLICIES.glob("*.yaml"))
    named = set(re.findall(r"`(REWARD_[A-Z_]+)\b", page))
    assert named
    assert named <= set(variables().values())
    text = block(page, "yaml")
    (tmp_path / "example.yaml").write_text(text, encoding="utf-8")
    assert build_checker([tmp_path]).policy(yaml.safe_load(text)["name"]).rules
