"""A file of scores as columns, checked."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from reward_service.errors import RequestError
from reward_service.report.statistics import Floats
from reward_service.report.table import Table, read_table
from reward_service.tables.fields import NAMES
from reward_service.tables.gathered import PART, REASON
from shared.completion import split

QUESTION, ANSWER = NAMES["prompt"], NAMES["completion"]
NO_REASON = "no reason given"
_NAMED = 5
"""At most so many ids or columns are named in an error."""


@dataclass(frozen=True, slots=True)
class ScoreFile:
    """One row for each answer.  NaN in an array stands for what is null in the file, and for nothing else."""

    label: str
    file: str
    ids: tuple[str, ...] | None
    """None where the file has no such column."""
    questions: tuple[str | None, ...]
    answers: tuple[str | None, ...]
    words: Floats
    """Of each answer without its reasoning."""
    scores: Mapping[str, Floats]
    """By reward."""
    reasons: Mapping[str, tuple[str | None, ...]]
    """By reward: why a score is null."""
    parts: Mapping[str, Floats]
    """By the name of the part."""
    fingerprints: tuple[str, ...]
    """Those that are named in the file, each once; a file that was scored at once has one."""
    about: Mapping[str, Any]
    """What `score` noted of the run."""

    def __len__(self) -> int:
        return len(self.questions)

    @property
    def groups(self) -> tuple[str, ...]:
        """What each row counts to: its question; a row without one stands alone."""
        return tuple(
            f"q:{question}" if question is not None else f"row:{self.ids[row] if self.ids else row}"
            for row, question in enumerate(self.questions)
        )


def read_scores(path: Path, label: str, rewards: Sequence[str] = ()) -> ScoreFile:
    """Read a file that `score` wrote, or one with the same columns.

    Rewards are the columns that the file's metadata names; without metadata those that end in `_reward`, that
    have a column of reasons beside them, or that are asked for.

    Args:
        path: a `.parquet`, `.jsonl` or `.csv`.
        label: what the report calls it.
        rewards: names of columns that are rewards, whatever they look like.

    Raises:
        RequestError: there is no reward, an id stands there twice, or a value isn't what it must be; named.
        OSError: the file can't be read.
    """

    def chosen(names: Sequence[str], about: Mapping[str, Any]) -> list[str]:
        scores = _rewards(names, about, rewards)
        reasons = [f"{name}{REASON}" for name in scores]
        texts = ("id", "fingerprint", *QUESTION, *ANSWER)
        return [name for name in names if name in (*texts, *scores, *reasons) or name.startswith(PART)]

    table = read_table(path, chosen)
    columns, places = table.columns, table.places
    names = _rewards(list(columns), table.about, rewards)
    if not names:
        raise RequestError(f"{path}: no column holds a reward; say which does with --reward")
    answers = _texts(columns, ANSWER, "assistant", places)
    return ScoreFile(
        label=label,
        file=path.name,
        ids=_ids(columns["id"], places, path) if "id" in columns else None,
        questions=_texts(columns, QUESTION, "user", places),
        answers=answers,
        words=np.array([np.nan if text is None else len(split(text).answer.split()) for text in answers]),
        scores={name: _numbers(columns[name], places, name) for name in names},
        reasons={name: _reasons(columns.get(f"{name}{REASON}"), len(places)) for name in names},
        parts={
            name.removeprefix(PART): _numbers(values, places, name)
            for name, values in columns.items()
            if name.startswith(PART)
        },
        fingerprints=_fingerprints(table),
        about=table.about,
    )


def _noted(about: Mapping[str, Any]) -> tuple[str, ...]:
    names = about.get("rewards")
    return tuple(map(str, names)) if isinstance(names, list) else ()


def _rewards(names: Sequence[str], about: Mapping[str, Any], asked: Sequence[str]) -> list[str]:
    noted = _noted(about)
    return [
        name
        for name in names
        if not name.startswith(PART)
        and (
            name in (*noted, *asked)
            or (not noted and (name.endswith("_reward") or f"{name}{REASON}" in names))
        )
    ]


def _ids(values: Sequence[Any], places: Sequence[str], path: Path) -> tuple[str, ...]:
    rows: dict[str, list[int]] = {}
    for row, value in enumerate(values):
        if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
            raise RequestError(f"{places[row]}:id: must be a text or a whole number", where="id")
        rows.setdefault(str(value), []).append(row)
    twice = [
        f"{name!r} ({' and '.join(places[row].removeprefix(f'{path}:') for row in at[:3])})"
        for name, at in rows.items()
        if len(at) > 1
    ]
    if twice:
        raise RequestError(f"{path}:id: stands there more than once: {_listed(twice)}", where="id")
    return tuple(map(str, values))


def _texts(
    columns: Mapping[str, Sequence[Any]], names: Sequence[str], role: str, places: Sequence[str]
) -> tuple[str | None, ...]:
    name = next((name for name in names if name in columns), None)
    if name is None:
        return (None,) * len(places)
    return tuple(
        _text(value, f"{place}:{name}", role) for value, place in zip(columns[name], places, strict=True)
    )


def _text(value: Any, place: str, role: str) -> str | None:
    """A text as it is; of chat messages the last one of the user, or all of the assistant's.  A table without
    lists holds messages as JSON."""
    if isinstance(value, str) and value.startswith("[{"):
        value = _messages(value)
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(each, dict) for each in value):
        said = [str(each.get("content") or "") for each in value if each.get("role") == role]
        if said:
            return said[-1] if role == "user" else "\n".join(said)
        raise RequestError(f"{place}: no message has the role {role}")
    raise RequestError(f"{place}: must be a text or a list of chat messages")


def _messages(text: str) -> Any:
    """The chat messages that a text holds as JSON, or the text where it holds none."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return value if all(isinstance(each, dict) and "role" in each for each in value) else text


def _numbers(values: Sequence[Any], places: Sequence[str], name: str) -> Floats:
    found = np.empty(len(values))
    for row, value in enumerate(values):
        if value is None:
            found[row] = np.nan
            continue
        try:
            number = float(value) if isinstance(value, str | int | float) else None
        except ValueError:
            number = None
        if number is None or isinstance(value, bool) or not math.isfinite(number):
            raise RequestError(
                f"{places[row]}:{name}: must be a finite number, or empty where nothing could be scored, not "
                f"{str(value)[:40]!r}",
                where=name,
            )
        found[row] = number
    return found


def _reasons(values: Sequence[Any] | None, rows: int) -> tuple[str | None, ...]:
    return tuple(None if value is None else str(value) for value in values or (None,) * rows)


def _fingerprints(table: Table) -> tuple[str, ...]:
    noted = table.about.get("fingerprint")
    named = [noted, *table.columns.get("fingerprint", ())]
    return tuple(dict.fromkeys(str(each) for each in named if each))


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
