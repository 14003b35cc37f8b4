"""A table of JSON lines; every line may have columns of its own."""

from __future__ import annotations

import codecs
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from reward_service.jsonl import record
from reward_service.tables.fields import columns_of
from reward_service.tables.rows import Raw
from reward_service.tables.source import Source


@dataclass(frozen=True, slots=True)
class JsonlTable:
    """JSON lines; blank ones are left out."""

    source: Source
    keep: Collection[str] = ()

    @property
    def name(self) -> str:
        return self.source.name

    @property
    def kinds(self) -> None:
        return None

    def raw(self, whole: bool) -> Iterator[Raw]:  # noqa: ARG002 (a line is read whole anyway)
        for number, read in enumerate(self.source.again(), start=1):
            line = read.removeprefix(codecs.BOM_UTF8) if number == 1 else read
            if line.strip():
                place = f"{self.name}:{number}"
                values = record(line, place)
                yield Raw(number, place, values, values, columns_of(values, place, self.keep))
