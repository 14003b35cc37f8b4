"""Files of labelled pairs: what is read, and how a bad line is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from reward_service.errors import RequestError
from reward_service.quality.labelled import LabelledPair, read_labelled

GOOD = {"premise": "It rains.", "hypothesis": "It is wet.", "label": "neutral"}


def write(path: Path, lines: list[Any]) -> Path:
    path.write_text("\n".join(json.dumps(line) for line in lines) + "\n\n", encoding="utf-8")
    return path


def test_pairs_are_read_with_their_phenomenon(tmp_path: Path) -> None:
    file = write(
        tmp_path / "pairs.jsonl", [GOOD, GOOD | {"label": "not_entailment", "phenomenon": "quantifier"}]
    )
    assert read_labelled(file) == [
        LabelledPair("It rains.", "It is wet.", 1, ""),
        LabelledPair("It rains.", "It is wet.", 3, "quantifier"),
    ]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ({"premise": "x", "hypothesis": "y"}, "pairs.jsonl:2:label: is missing"),
        (GOOD | {"label": "maybe"}, "pairs.jsonl:2:label: 'maybe' is none of entailment"),
        (GOOD | {"premise": " "}, "pairs.jsonl:2:premise: must be a text"),
        (GOOD | {"hypothesis": 3}, "pairs.jsonl:2:hypothesis: must be a text"),
        (GOOD | {"phenomenon": ["a"]}, "pairs.jsonl:2:phenomenon: must be a text"),
        ([1, 2], "pairs.jsonl:2: a line must be a JSON object"),
    ],
)
def test_a_bad_line_is_named_by_file_line_and_field(tmp_path: Path, line: Any, says: str) -> None:
    file = write(tmp_path / "pairs.jsonl", [GOOD, line])
    with pytest.raises(RequestError) as caught:
        read_labelled(file)
    assert says in str(caught.value)


@pytest.mark.parametrize(("raw", "says"), [(b"{", "no JSON"), (b"\xff", "not UTF-8")])
def test_what_is_no_json_is_named(tmp_path: Path, raw: bytes, says: str) -> None:
    (tmp_path / "pairs.jsonl").write_bytes(raw)
    with pytest.raises(RequestError, match=f"pairs.jsonl:1: {says}"):
        read_labelled(tmp_path / "pairs.jsonl")


def test_a_file_without_pairs_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "pairs.jsonl").write_text("\n")
    with pytest.raises(RequestError, match="holds no pair"):
        read_labelled(tmp_path / "pairs.jsonl")
