"""A table of JSON lines; every line may have columns of its own."""

from __future__ import annotations

import codecs
import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from reward_service.errors import RequestError
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
                values = _object(line, place)
                yield Raw(number, place, values, values, columns_of(values, place, self.keep))


def _object(line: bytes, place: str) -> dict[str, Any]:
    try:
        value: Any = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise RequestError(f"{place}: not UTF-8 (byte {error.start} of the line)") from None
    except json.JSONDecodeError as error:
        raise RequestError(f"{place}: no JSON: {error.msg} at character {error.pos}") from None
    except ValueError:  # of a number of thousands of digits
        raise RequestError(f"{place}: holds a number that is too long") from None
    except RecursionError:
        raise RequestError(f"{place}: nested too deeply") from None
    if not isinstance(value, dict):
        raise RequestError(f"{place}: a line must be a JSON object")
    return value
