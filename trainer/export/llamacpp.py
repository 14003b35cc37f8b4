"""Finds llama.cpp's converter and quantizer, and runs them.  Nothing is ever downloaded here."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from trainer.export.errors import ExportError

CONVERTER = "convert_hf_to_gguf.py"
QUANTIZER = "llama-quantize"
GENERATOR = "llama-simple"
"""Greedy text from a GGUF file: what the tests compare with."""
DEFAULT = Path(__file__).parents[2] / ".llama.cpp"
"""Where `make llama-cpp` puts it."""
VARIABLE = "LLAMA_CPP"
VERSION = "TOUCHSTONE_VERSION"
"""The file in which requirements/llamacpp.sh writes what it has built."""
INSTALL = "`make llama-cpp` builds it (requirements/llamacpp.sh; it says what it needs)"
LINES_SHOWN = 25


@dataclass(frozen=True, slots=True)
class LlamaCpp:
    """llama.cpp as it was found."""

    converter: Path
    quantizer: Path
    version: str | None
    """None where it wasn't built by our script."""


def find_llama_cpp(folder: Path | None, environ: Mapping[str, str], default: Path = DEFAULT) -> LlamaCpp:
    """The folder that is named, else `LLAMA_CPP`, else `default`, else what is on the `PATH`.

    A folder is one of llama.cpp's sources, built in `build/` in it.  A folder that is named must hold it:
    nothing else is taken in its place.

    Raises:
        ExportError: what is missing and where, and the command that builds it.
    """
    named = [("--llama-cpp", str(folder))] if folder else []
    named += [(VARIABLE, environ[VARIABLE])] if environ.get(VARIABLE) else []
    for name, value in named[:1]:
        place = Path(value)
        missing = [what for what, path in _parts(place) if path is None]
        if missing:
            raise ExportError(f"{name} {place}: holds no {' and no '.join(missing)}; {INSTALL}")
        return _in(place)
    if all(path for _, path in _parts(default)):
        return _in(default)
    converter, quantizer = (shutil.which(name, path=environ.get("PATH")) for name in (CONVERTER, QUANTIZER))
    if converter and quantizer:
        return LlamaCpp(Path(converter), Path(quantizer), None)
    raise ExportError(
        f"llama.cpp was not found: neither --llama-cpp nor {VARIABLE} names its folder, {default} doesn't "
        f"hold it, and {CONVERTER} and {QUANTIZER} are not both on the PATH.\n{INSTALL}. Without it, "
        "--formats adapter,merged can be exported."
    )


def program(folder: Path, name: str) -> Path | None:
    """A built program in a folder of llama.cpp; None where there is none."""
    places = (folder / "build" / "bin" / name, folder / "bin" / name, folder / name)
    return next((place for place in places if place.is_file() and os.access(place, os.X_OK)), None)


def convert(tools: LlamaCpp, model: Path, file: Path) -> None:
    """Write a saved model as a GGUF file in float16 (norms in float32).

    Raises:
        ExportError: with the end of the converter's output.
    """
    for package in ("gguf", "sentencepiece"):
        if importlib.util.find_spec(package) is None:
            raise ExportError(
                f"the converter needs the package {package}, which is not installed; `make setup`"
            )
    command = [sys.executable, str(tools.converter), str(model), "--outtype", "f16", "--outfile", str(file)]
    _run("converter", command, file)


def quantize(tools: LlamaCpp, source: Path, file: Path, kind: str) -> None:
    """Write a GGUF file's weights in fewer bits.

    Args:
        tools: where the quantizer is.
        source: a GGUF file in float16.
        file: to write.
        kind: in the quantizer's terms, such as `Q4_K_M`.

    Raises:
        ExportError: with the end of the quantizer's output.
    """
    threads = len(os.sched_getaffinity(0))
    _run("quantizer", [str(tools.quantizer), str(source), str(file), kind, str(threads)], file)


def _run(what: str, command: Sequence[str], file: Path) -> None:
    environ = {**os.environ, "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
        check=False,
    )  # fmt: skip
    if done.returncode or not file.is_file():
        lines = done.stdout.replace("\r", "\n").splitlines()[-LINES_SHOWN:]
        raise ExportError(
            f"llama.cpp's {what} failed (exit status {done.returncode}); its last lines:\n" + "\n".join(lines)
        )


def _parts(folder: Path) -> Iterator[tuple[str, Path | None]]:
    converter = folder / CONVERTER
    yield CONVERTER, converter if converter.is_file() else None
    yield QUANTIZER, program(folder, QUANTIZER)


def _in(folder: Path) -> LlamaCpp:
    quantizer = program(folder, QUANTIZER)
    assert quantizer is not None  # _parts has looked
    version = folder / VERSION
    known = version.read_text(encoding="utf-8").strip() if version.is_file() else None
    return LlamaCpp(folder / CONVERTER, quantizer, known)
