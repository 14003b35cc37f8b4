"""JSON lines as objects with their place, so that an error can name file and line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from reward_service.errors import RequestError


def records(data: bytes, name: str) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """The number, the place (`name:number`) and the object of every line that isn't blank.

    Raises:
        RequestError: a line isn't UTF-8, no JSON or no object; names its place.
    """
    for number, raw in enumerate(data.split(b"\n"), start=1):
        if raw.strip():
            place = f"{name}:{number}"
            yield number, place, record(raw, place)


def record(raw: bytes, place: str) -> dict[str, Any]:
    """The object of one line.

    Raises:
        RequestError: it isn't UTF-8, no JSON or no object; names its place.
    """
    try:
        value: Any = json.loads(raw.decode("utf-8"))
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


def text(record: Mapping[str, Any], name: str, place: str) -> str:
    """A field that must be a text with something in it.

    Raises:
        RequestError: it is missing or isn't; names place and field.
    """
    value = record.get(name)
    if not isinstance(value, str) or not value.strip():
        said = "is missing" if name not in record else "must be a text that isn't empty"
        raise RequestError(f"{place}:{name}: {said}", where=name)
    return value
