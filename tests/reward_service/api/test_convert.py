"""Evidence as JSON, and paths of errors."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from reward_service.api.convert import plain
from reward_service.api.failures import from_validation, printable
from reward_service.types import Span, Verdict
from shared.schema import Lane


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Verdict(0.5, 0.25, 0.25), {"entailment": 0.5, "neutral": 0.25, "contradiction": 0.25}),
        ({"spans": (Span("a", 0, 1, 0, 1, 0),)}, {"spans": [Span("a", 0, 1, 0, 1, 0)._asdict()]}),
        ({1: [np.float32(0.5), np.int64(3)]}, {"1": [0.5, 3]}),
        (frozenset({"b", "a"}), ["a", "b"]),
        (Lane.LIVE, "live"),
        (None, None),
        (True, True),
    ],
)
def test_evidence_becomes_plain_json(value: Any, expected: Any) -> None:
    found = plain(value)
    assert found == expected
    json.dumps(found, allow_nan=False)


def test_evidence_without_a_form_in_json_is_an_error_and_not_a_string() -> None:
    with pytest.raises(TypeError, match="object"):
        plain({"a": object()})


def test_a_callers_word_is_shortened_and_ascii() -> None:
    assert printable("plain") == "plain"
    assert printable("\ud800\n\0") == "\\ud800\\x0a\\x00"
    assert len(printable("x" * 10_000)) == 201


def test_the_union_branch_that_got_furthest_is_the_one_that_is_named() -> None:
    errors = [
        {
            "loc": ("body", "items", 3, "prompt", "str"),
            "msg": "Input should be a string",
            "type": "string_type",
        },
        {
            "loc": ("body", "items", 3, "prompt", "list[ChatMessage]", 0, "content"),
            "msg": "Field required",
            "type": "missing",
        },
    ]
    error = from_validation(errors)
    assert error.where == "items.3.prompt.0.content"
    assert error.message == "items.3.prompt.0.content: field required"
