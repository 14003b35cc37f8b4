"""The wire: what a request may hold, what defaults are, and what stays as it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.schema import (
    DEFAULT_REWARD,
    SCHEMA_VERSION,
    ChatMessage,
    Detail,
    ErrorResponse,
    ItemResult,
    Lane,
    ScoreItem,
    ScoreRequest,
    ScoreResponse,
)

ITEM = {"prompt": "What is rent?", "completion": "A share of surplus value."}


def test_defaults() -> None:
    request = ScoreRequest.model_validate({"items": [ITEM]})
    assert request.rewards == [DEFAULT_REWARD] == ["full_coherence_reward"]
    assert (request.detail, request.lane, request.deadline_s) == (Detail.SCORES, Lane.TRAINING, None)
    assert (request.items[0].id, request.items[0].reference) == (None, None)


def test_the_example_of_the_design_is_valid() -> None:
    request = ScoreRequest.model_validate(
        {
            "items": [{"id": "q7-2", "reference": "…", **ITEM}],
            "rewards": ["full_coherence_reward"],
            "detail": "scores",
            "lane": "training",
        }
    )
    assert request.items[0].id == "q7-2"
    answer = ScoreResponse.model_validate(
        {
            "results": [
                {
                    "id": "q7-2",
                    "rewards": {"full_coherence_reward": 5.2},
                    "unscorable": {},
                    "layers": None,
                }
            ],
            "fingerprint": "9f2c…",
            "schema_version": "1",
            "usage": {"nli_pairs": 41, "nli_tokens": 2210, "cached": 12},
        }
    )
    assert answer.results[0].rewards == {"full_coherence_reward": 5.2}
    assert answer.schema_version == SCHEMA_VERSION


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"item": []}, "item"),
        ({"items": [{**ITEM, "completon": "x"}]}, "items.0.completon"),
        ({"items": [{"prompt": "x"}]}, "items.0.completion"),
        ({"items": [{**ITEM, "reference": 3}]}, "items.0.reference"),
        ({"items": [{**ITEM, "id": "x" * 201}]}, "items.0.id"),
        ({"items": [{**ITEM, "prompt": [{"role": "wizard", "content": "x"}]}]}, "items.0.prompt"),
        ({"items": [{**ITEM, "prompt": [{"role": "user", "content": "x", "name": "y"}]}]}, "items.0.prompt"),
        ({"rewards": []}, "rewards"),
        ({"detail": "everything"}, "detail"),
        ({"lane": "fast"}, "lane"),
        ({"deadline_s": 0}, "deadline_s"),
        ({"deadline_s": -1}, "deadline_s"),
        ({"deadline_s": 3601}, "deadline_s"),
    ],
)
def test_a_bad_field_is_named(change: dict[str, object], field: str) -> None:
    with pytest.raises(ValidationError) as caught:
        ScoreRequest.model_validate({"items": [ITEM], **change})
    paths = [".".join(str(step) for step in error["loc"]) for error in caught.value.errors()]
    assert any(path.startswith(field) for path in paths), paths


def test_requests_are_frozen() -> None:
    item = ScoreItem(prompt="a", completion="b")
    with pytest.raises(ValidationError):
        item.completion = "c"


def test_chat_messages_and_strings_are_both_texts() -> None:
    chat = ScoreItem(
        prompt=[ChatMessage(role="user", content="a")],
        completion=[ChatMessage(role="assistant", content="b")],
    )
    assert ScoreItem.model_validate_json(chat.model_dump_json()) == chat
    assert chat != ScoreItem(prompt="a", completion="b")


@given(
    st.text(st.characters(exclude_categories=["Cs"])),
    st.none() | st.text(st.characters(exclude_categories=["Cs"])),
)
def test_any_text_survives_the_wire(text: str, reference: str | None) -> None:
    item = ScoreItem(prompt=text, completion=text, reference=reference)
    assert ScoreItem.model_validate_json(item.model_dump_json()) == item


def test_a_missing_score_is_none_and_never_zero() -> None:
    result = ItemResult.model_validate_json(
        '{"id": "1", "rewards": {"a": null, "b": 0.0}, "unscorable": {"a": "no"}}'
    )
    assert result.rewards["a"] is None
    assert result.rewards["b"] == 0.0


def test_answers_may_grow() -> None:
    """A newer server of the same version may say more; an older client reads what it knows."""
    answer = ErrorResponse.model_validate({"error": {"code": "a", "message": "b", "hint": "c"}})
    assert (answer.error.code, answer.error.where) == ("a", None)
