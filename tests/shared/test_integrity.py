"""Vetted files: what is whole passes, what is missing or changed stops with a name and a way out."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from shared.integrity import IntegrityError, verify_files


@pytest.fixture
def model(tmp_path: Path) -> dict[str, str]:
    files = {"config.json": b"{}", "weights/model.safetensors": b"\x00" * 3_000_000}
    for name, content in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}


def test_whole_files_pass(tmp_path: Path, model: dict[str, str]) -> None:
    verify_files(tmp_path, model)


def test_no_sums_check_nothing(tmp_path: Path) -> None:
    verify_files(tmp_path, {})


def test_one_changed_byte_is_found(tmp_path: Path, model: dict[str, str]) -> None:
    path = tmp_path / "weights/model.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(IntegrityError, match=r"model\.safetensors has SHA-256 [0-9a-f]{64}.*make setup"):
        verify_files(tmp_path, model)


def test_a_missing_file_is_named(tmp_path: Path, model: dict[str, str]) -> None:
    (tmp_path / "config.json").unlink()
    with pytest.raises(IntegrityError, match=r"config\.json is missing.*make setup"):
        verify_files(tmp_path, model)


def test_a_folder_in_a_files_place_is_missing(tmp_path: Path) -> None:
    (tmp_path / "config.json").mkdir()
    with pytest.raises(IntegrityError, match="is missing"):
        verify_files(tmp_path, {"config.json": "0" * 64})


def test_sums_are_lower_case_hex(tmp_path: Path, model: dict[str, str]) -> None:
    """An upper-case sum is refused, never taken for equal: recorded sums have one form."""
    with pytest.raises(IntegrityError):
        verify_files(tmp_path, {name: digest.upper() for name, digest in model.items()})
