"""The locked GPU stacks resolve, which takes no GPU: the pins fit together, and the index has the files."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PLATFORM = ["--python-version", "3.11", "--python-platform", "x86_64-manylinux_2_28"]
STACKS = ["trainer-gpu", "trainer-plain-gpu"]
ENTRY = r"\S+==\S+( ; [^\\]+)?( \\\n    --hash=sha256:[0-9a-f]{64})+"


def run(command: list[str]) -> subprocess.CompletedProcess[str]:
    """A command's status and output."""
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


@pytest.fixture(scope="session")
def uv(tmp_path_factory: pytest.TempPathFactory) -> str:
    """uv, where it can reach a package index."""
    beside = Path(sys.executable).with_name("uv")
    program = str(beside) if beside.exists() else shutil.which("uv")
    if program is None:
        pytest.skip("uv is not installed")
    trial = tmp_path_factory.mktemp("uv") / "trial.in"
    trial.write_text("idna\n", encoding="utf-8")
    reached = run([program, "pip", "compile", "--quiet", str(trial)])
    if reached.returncode:
        pytest.skip(f"no package index can be reached: {reached.stderr[-300:]}")
    return program


def lock_of(stack: str, root: Path) -> Path:
    """The lock file of a stack."""
    return root / "requirements" / f"{stack}.txt"


def pins(path: Path) -> dict[str, str]:
    """Package → version."""
    return dict(re.findall(r"^([\w.-]+)==([^\s;\\]+)", path.read_text(encoding="utf-8"), re.MULTILINE))


def entries(path: Path) -> list[str]:
    """A lock file's packages, each with its hashes."""
    text = re.sub(r"^#.*\n", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return [entry.strip() for entry in re.split(r"\n(?=\S)", text.strip())]


def hashes(path: Path) -> dict[str, set[str]]:
    """Package → its files' hashes."""
    return {entry.partition("==")[0]: set(re.findall(r"sha256:(\w+)", entry)) for entry in entries(path)}


@pytest.mark.parametrize("stack", STACKS)
def test_the_pins_fit_together_and_the_index_has_their_files(
    stack: str, uv: str, root: Path, tmp_path: Path
) -> None:
    """Resolved anew from nothing but the pins: they meet every package's demands, and none is missing."""
    lock, bare, out = lock_of(stack, root), tmp_path / "pins.in", tmp_path / "resolved.txt"
    wanted = pins(lock) | pins(root / "requirements" / "torch.txt")
    bare.write_text("".join(f"{name}=={version}\n" for name, version in wanted.items()), encoding="utf-8")
    command = [uv, "pip", "compile", "--quiet", "--generate-hashes", "--no-annotate", *PLATFORM]
    done = run([*command, str(bare), "-o", str(out)])
    assert done.returncode == 0, done.stderr
    assert pins(out) == wanted
    offered = hashes(out)  # perhaps more than when the lock was made: wheels are added to a release
    assert {
        name: found - offered[name] for name, found in hashes(lock).items() if found - offered[name]
    } == {}


def test_a_pin_that_does_not_fit_is_found(uv: str, tmp_path: Path) -> None:
    """So that the test above says something."""
    torn = tmp_path / "torn.in"
    torn.write_text("trl==1.15.0\ntransformers==4.40.0\n", encoding="utf-8")
    done = run([uv, "pip", "compile", "--quiet", *PLATFORM, str(torn)])
    assert done.returncode != 0
    assert "transformers" in done.stderr


@pytest.mark.parametrize("stack", STACKS)
def test_a_lock_has_a_hash_for_everything_and_names_no_index(stack: str, root: Path) -> None:
    lock = lock_of(stack, root)
    text = lock.read_text(encoding="utf-8")
    assert "://" not in text
    assert "--find-links" not in text
    assert "torch" not in pins(lock)  # in torch.txt, without a hash
    for entry in entries(lock):
        assert re.fullmatch(ENTRY, entry), entry[:200]
    assert len(entries(lock)) == len(pins(lock)) > 100


@pytest.mark.parametrize("stack", STACKS)
def test_a_lock_holds_what_its_extra_asks_for(stack: str, root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    held = pins(lock_of(stack, root)) | pins(root / "requirements" / "torch.txt")
    for text in [*project["dependencies"], *project["optional-dependencies"][stack]]:
        need = Requirement(text)
        assert need.specifier.contains(held[canonicalize_name(need.name)]), text


def test_what_both_stacks_hold_has_one_version(root: Path) -> None:
    first, second = (pins(lock_of(stack, root)) for stack in STACKS)
    both = first.keys() & second.keys()
    assert {name: first[name] for name in both} == {name: second[name] for name in both}
    assert "unsloth" in first
    assert "unsloth" not in second
    assert {"vllm", "trl", "peft", "transformers", "bitsandbytes"} <= both
