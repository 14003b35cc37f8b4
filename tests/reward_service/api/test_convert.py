"""Evidence as JSON, and paths of errors."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from reward_service.api.convert import CONTEXT_TEXTS, item_result, plain, sample, samples
from reward_service.api.failures import from_validation, printable
from reward_service.errors import RequestError, TextTooLong
from reward_service.types import Sample, Score, ScoredSample, Span, Verdict
from shared.completion import split
from shared.schema import MAX_PASSAGES, ChatMessage, Detail, Lane, Limits, ScoreItem

LIMITS = Limits(max_items=4, max_text_chars=100, max_body_bytes=10_000)


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


def item(**fields: Any) -> ScoreItem:
    return ScoreItem(**({"prompt": "What is value?", "completion": "Labour."} | fields))


def test_context_becomes_passages_in_their_order() -> None:
    (without,) = samples([item()], LIMITS)
    (found,) = samples([item(context=["First.", "", "Third."])], LIMITS)
    assert without.passages == ()
    assert found.passages == ("First.", "", "Third.")


@pytest.mark.parametrize(
    ("context", "where"),
    [
        (["x" * 100, "x" * 101], "items.1.context.1"),
        (["x" * 100] * CONTEXT_TEXTS + ["x"], "items.1.context"),
    ],
)
def test_passages_that_are_too_long_are_named_and_never_cut(context: list[str], where: str) -> None:
    with pytest.raises(TextTooLong) as caught:
        samples([item(), item(context=context)], LIMITS)
    assert caught.value.where == where
    assert str(caught.value).startswith(f"{where} has ")


def test_passages_up_to_the_limit_are_taken() -> None:
    (found,) = samples([item(context=["x" * 100] * CONTEXT_TEXTS)], LIMITS)
    assert sum(map(len, found.passages)) == CONTEXT_TEXTS * LIMITS.max_text_chars


def test_the_number_of_passages_is_limited() -> None:
    item(context=["x"] * MAX_PASSAGES)
    with pytest.raises(ValueError, match="context"):
        item(context=["x"] * (MAX_PASSAGES + 1))


def test_a_request_may_call_its_fields_otherwise() -> None:
    def where(**fields: Any) -> str | None:
        with pytest.raises((TextTooLong, RequestError)) as caught:
            sample(item(**fields), "a", LIMITS, prompt="question", completion="answer")
        return caught.value.where

    long = "x" * 101
    assert where(prompt=long) == "question"
    assert where(completion=long) == "answer"
    assert where(context=["", long]) == "context.1"
    assert where(prompt=[ChatMessage(role="assistant", content="Hm.")]) == "question"
    assert where(completion=[ChatMessage(role="user", content="Hm.")]) == "answer"


@pytest.mark.parametrize("detail", Detail)
def test_the_answer_as_it_was_read_comes_with_the_evidence_alone(detail: Detail) -> None:
    scored = ScoredSample(Sample("a", "?", split("<think>Hm.</think>Labour."), None), {"r": Score(1.0)})
    found = item_result(scored, ["r"], detail)
    told = ("Labour.", "Hm.") if detail is Detail.EVIDENCE else (None, None)
    assert (found.answer, found.reasoning) == told
