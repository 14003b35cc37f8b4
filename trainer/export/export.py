"""The whole export, top to bottom: what is wanted → merged → GGUF → Modelfile → `export.json`."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from trainer.export.chat import chat_format
from trainer.export.errors import ExportError
from trainer.export.gguf import KINDS, gguf_name, write_gguf
from trainer.export.llamacpp import LlamaCpp, find_llama_cpp
from trainer.export.manifest import NAME, ExportedFile, write_manifest
from trainer.export.merge import Dtype, merge, tokenizer_of
from trainer.export.modelfile import adds_beginning, modelfile
from trainer.export.source import Source, find_source, system_prompt
from trainer.policy import Report

FORMATS = ("adapter", "merged", *KINDS, "modelfile")
SERVED = ("gguf-q4_k_m", "gguf-q8_0", "gguf-f16")
"""Which file a Modelfile names: the smallest that was made."""
RESUMING = ("optimizer.", "scheduler.", "rng_state", "trainer_state.", "training_args.")
"""Files of a checkpoint that are only for going on with the run."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """An export as the command line asks for it."""

    source: Path
    """A run's folder, or an adapter's."""
    output_dir: Path
    formats: Sequence[str]
    base: str | None
    dtype: Dtype
    system_prompt: Path | None
    llama_cpp: Path | None


def parse_formats(text: str) -> list[str]:
    """`adapter,merged` → its names, in the order in which they are made.

    Raises:
        ExportError: a name is unknown, or one needs another that isn't there.
    """
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in FORMATS:
            raise ExportError(f"--formats: {name} is no format; there are: {', '.join(FORMATS)}")
    if not names:
        raise ExportError(f"--formats: names none; there are: {', '.join(FORMATS)}")
    if "modelfile" in names and not any(name in KINDS for name in names):
        raise ExportError(f"--formats: modelfile needs a file to name; add one of {', '.join(KINDS)}")
    return [name for name in FORMATS if name in names]


def export(wanted: Wanted, report: Report) -> list[ExportedFile]:
    """Write the export whole or not at all; what can be refused is refused before the long work.

    Everything is written beside the folder and renamed in the end.  An earlier export there is moved aside.

    Args:
        wanted: from what, where, and which formats.
        report: gets a line for each thing that takes a while.

    Returns:
        The files.

    Raises:
        ExportError: what is wrong, and what to do.
        IntegrityError: a vetted file is missing or has changed.
    """
    kinds = [name for name in wanted.formats if name in KINDS]
    check_folder(wanted.output_dir)
    source = find_source(wanted.source, wanted.base)
    tools = find_llama_cpp(wanted.llama_cpp, os.environ) if kinds else None
    text = _modelfile(wanted, source, report) if "modelfile" in wanted.formats else None

    wanted.output_dir.parent.mkdir(parents=True, exist_ok=True)
    place = wanted.output_dir.resolve()
    scratch = Path(tempfile.mkdtemp(prefix=f".{place.name}.partial-", dir=place.parent))
    try:
        folder, aside = scratch / "export", scratch / "aside"
        folder.mkdir()
        aside.mkdir()
        saved = None
        if "adapter" in wanted.formats:
            shutil.copytree(source.adapter, folder / "adapter", ignore=_not_of_the_adapter)
        if kinds or "merged" in wanted.formats:
            merged = (folder if "merged" in wanted.formats else aside) / "merged"
            saved = merge(source, merged, wanted.dtype, report)
            if tools is not None:
                write_gguf(tools, merged, folder, kinds, aside, report)
        if text is not None:
            (folder / "Modelfile").write_text(text, encoding="utf-8")
        report("summing the files")
        files = write_manifest(folder, _facts(wanted, source, saved, tools))
        _put_in_place(folder, place, report)
        return files
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def check_folder(folder: Path) -> None:
    """Refuse a folder that holds something else than an earlier export.

    Raises:
        ExportError: it does.
    """
    if folder.exists() and not folder.is_dir():
        raise ExportError(f"--output-dir {folder}: is a file")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / NAME).is_file():
        raise ExportError(f"--output-dir {folder}: holds something else than an export; name a new folder")


def _modelfile(wanted: Wanted, source: Source, report: Report) -> str:
    tokenizer = tokenizer_of(source, report)
    prompt = system_prompt(source, wanted.system_prompt)
    return modelfile(
        next(gguf_name(kind) for kind in SERVED if kind in wanted.formats),
        chat_format(tokenizer),
        prompt.text,
        source,
        adds_begin=adds_beginning(tokenizer),
        origin=prompt.origin,
    )


def _facts(wanted: Wanted, source: Source, saved: str | None, tools: LlamaCpp | None) -> dict[str, object]:
    return {
        "source": str(wanted.source),
        "base": source.base,
        "formats": list(wanted.formats),
        "dtype": saved,
        "llama_cpp": (tools.version or f"not ours: {tools.quantizer}") if tools else None,
    }


def _put_in_place(folder: Path, place: Path, report: Report) -> None:
    if place.is_dir() and any(place.iterdir()):
        number = 1
        while (aside := place.with_name(f"{place.name}.{number}")).exists():
            number += 1
        place.rename(aside)
        report(f"an earlier export in {place} was moved to {aside}")
    elif place.is_dir():
        place.rmdir()
    folder.rename(place)


def _not_of_the_adapter(folder: str, names: list[str]) -> list[str]:
    """What a checkpoint holds besides; the optimizer's state is larger than the adapter."""
    del folder
    return [name for name in names if name.startswith(RESUMING)]
