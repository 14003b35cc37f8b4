"""`export.json`: what was exported from what, and every file with its size and sum."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich import box
from rich.table import Table

from trainer.runfolder import write_whole
from trainer.summary import versions

NAME = "export.json"


@dataclass(frozen=True, slots=True)
class ExportedFile:
    """A file of the export."""

    path: str
    """Relative to the folder, with forward slashes."""
    bytes: int
    sha256: str


def write_manifest(folder: Path, facts: Mapping[str, Any]) -> list[ExportedFile]:
    """List every file of a folder in its `export.json`, in the order of their paths."""
    files = [
        _described(path, folder) for path in sorted(folder.rglob("*")) if path.is_file() and path.name != NAME
    ]
    content = {**facts, "versions": versions(), "files": [asdict(file) for file in files]}
    write_whole(folder / NAME, json.dumps(content, indent=2, ensure_ascii=False) + "\n")
    return files


def file_table(files: Sequence[ExportedFile]) -> Table:
    """The files for a console; the whole sums stand in `export.json`."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("file", overflow="fold")
    table.add_column("size", justify="right", no_wrap=True)
    table.add_column("SHA-256 begins", no_wrap=True)
    for file in files:
        table.add_row(file.path, _size(file.bytes), file.sha256[:16])
    return table


def _described(path: Path, folder: Path) -> ExportedFile:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return ExportedFile(path.relative_to(folder).as_posix(), path.stat().st_size, digest)


def _size(count: int) -> str:
    size = float(count)
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.2f} GB"
