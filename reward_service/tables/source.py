"""Where a table's bytes come from, and in which format they are."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

from reward_service.errors import ConfigurationError

STDIN = "-"


class Format(StrEnum):
    """How a table is written down."""

    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"


ENDINGS = {
    ".jsonl": Format.JSONL,
    ".ndjson": Format.JSONL,
    ".csv": Format.CSV,
    ".tsv": Format.CSV,
    ".parquet": Format.PARQUET,
}


@dataclass(frozen=True, slots=True)
class Source:
    """A table's bytes, which can be read from the start as often as needed."""

    name: str
    """As errors name it."""
    data: BinaryIO

    def again(self) -> BinaryIO:
        """The bytes, at their start."""
        self.data.seek(0)
        return self.data


def format_of(path: Path, option: str, given: Format | None = None) -> Format:
    """The format of a file: as it is told, or by its ending; the standard input is JSONL.

    Raises:
        ConfigurationError: the ending says nothing; names the option that does.
    """
    if given is not None:
        return given
    if str(path) == STDIN:
        return Format.JSONL
    try:
        return ENDINGS[path.suffix.lower()]
    except KeyError:
        raise ConfigurationError(
            f"{path}: its ending says no format ({', '.join(ENDINGS)}); {option} does ({', '.join(Format)})",
            where=option,
        ) from None


@contextmanager
def opened(path: Path) -> Iterator[Source]:
    """A file that stays open, so that one that takes its name later isn't mistaken for it.

    Raises:
        OSError: it can't be read.
    """
    if str(path) == STDIN:
        yield Source(STDIN, io.BytesIO(sys.stdin.buffer.read()))
        return
    with path.open("rb") as file:
        # a pipe can be read once only
        yield Source(str(path), file if file.seekable() else io.BytesIO(file.read()))
