"""Writes files whole or not at all: a reader sees the old file or the new one, never a piece."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any


def write_jsonl(path: Path, records: Iterable[Mapping[str, Any]]) -> None:
    """One record a line, UTF-8."""
    write_lines(path, (json.dumps(record, ensure_ascii=False).encode("utf-8") for record in records))


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """One indented object, UTF-8."""
    write_lines(path, [json.dumps(value, ensure_ascii=False, indent=2).encode("utf-8")])


def write_lines(path: Path, lines: Iterable[bytes]) -> None:
    """Every line with a line feed; written beside the place and renamed.  Missing folders are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("wb", dir=path.parent, prefix=f".{path.name}-", delete=False) as file:
        try:
            for line in lines:
                file.write(line + b"\n")
            file.flush()
            os.fsync(file.fileno())
        except BaseException:
            Path(file.name).unlink()
            raise
    partial = Path(file.name)
    partial.chmod(0o644)  # temporary files are private; this one is data like any other
    partial.replace(path)
