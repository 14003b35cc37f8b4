"""llama.cpp is found where it is said to be, or the error says how to build it; what it prints is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.trainer.tiny import save_tiny_policy
from trainer.export.errors import ExportError
from trainer.export.llamacpp import CONVERTER, QUANTIZER, LlamaCpp, convert, find_llama_cpp, quantize


def built(folder: Path, quantizer: str = "build/bin") -> Path:
    """A folder that looks like llama.cpp's sources after a build; nothing in it works."""
    (folder / quantizer).mkdir(parents=True)
    (folder / CONVERTER).write_text(
        "import sys\nprint('no such architecture')\nsys.exit(3)\n", encoding="utf-8"
    )
    program = folder / quantizer / QUANTIZER
    program.write_text("#!/bin/sh\necho unknown type $3\nexit 4\n", encoding="utf-8")
    program.chmod(0o755)
    return folder


def test_the_option_comes_before_the_variable(tmp_path: Path) -> None:
    one, other = built(tmp_path / "one"), built(tmp_path / "other")
    (one / "TOUCHSTONE_VERSION").write_text("llama.cpp of x==1\n", encoding="utf-8")
    environ = {"LLAMA_CPP": str(other), "PATH": ""}
    assert find_llama_cpp(one, environ) == LlamaCpp(
        one / CONVERTER, one / "build" / "bin" / QUANTIZER, "llama.cpp of x==1"
    )
    assert find_llama_cpp(None, environ).converter == other / CONVERTER


def test_a_folder_that_is_named_must_hold_it(tmp_path: Path) -> None:
    fallback = {"LLAMA_CPP": str(built(tmp_path / "whole")), "PATH": ""}
    with pytest.raises(
        ExportError, match=rf"--llama-cpp .*: holds no {CONVERTER} and no {QUANTIZER}; `make llama"
    ):
        find_llama_cpp(tmp_path, fallback)
    (tmp_path / CONVERTER).touch()
    with pytest.raises(ExportError, match=rf"LLAMA_CPP .*: holds no {QUANTIZER}; `make llama-cpp`"):
        find_llama_cpp(None, {"LLAMA_CPP": str(tmp_path), "PATH": ""})


def test_the_path_comes_last(tmp_path: Path) -> None:
    folder, default = built(tmp_path / "bin", "."), tmp_path / "default"
    environ = {"PATH": str(folder)}
    with pytest.raises(ExportError, match=r"(?s)was not found.*`make llama-cpp`.*--formats adapter,merged"):
        find_llama_cpp(None, environ, default)
    (folder / CONVERTER).chmod(0o755)
    assert find_llama_cpp(None, environ, default).quantizer == folder / QUANTIZER
    built(default)
    assert find_llama_cpp(None, environ, default).quantizer == default / "build" / "bin" / QUANTIZER


def test_what_the_tools_print_is_shown_where_they_fail(tmp_path: Path) -> None:
    tools = find_llama_cpp(built(tmp_path / "llama.cpp"), {})
    model = save_tiny_policy(tmp_path / "model")
    with pytest.raises(ExportError, match=r"converter failed \(exit status 3\).*\nno such architecture"):
        convert(tools, model, tmp_path / "m.gguf")
    with pytest.raises(ExportError, match=r"quantizer failed \(exit status 4\).*\nunknown type Q8_0"):
        quantize(tools, tmp_path / "m.gguf", tmp_path / "q.gguf", "Q8_0")
