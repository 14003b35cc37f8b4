"""Prompts are laid out as the preset says, and what is too long is an error before the run begins."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from shared.schema import Limits
from trainer.dataset.load import DatasetError, GrpoRecord, PromptMessage
from trainer.prompts import prepare_prompts
from trainer.settings import DataSettings

LIMITS = Limits(max_items=10, max_text_chars=30, max_body_bytes=1000)


class WordTokenizer:
    """Counts words; all that the thing under test wants of a tokenizer."""

    def apply_chat_template(self, messages: list[dict[str, str]], **options: Any) -> dict[str, list[int]]:
        assert options == {"add_generation_prompt": True, "return_dict": True}
        return {"input_ids": [0] * sum(len(message["content"].split()) for message in messages)}


def record(question: str, reference: str = "r") -> GrpoRecord:
    messages = [
        PromptMessage(role="system", content="as built"),
        PromptMessage(role="user", content=question),
    ]
    return GrpoRecord(prompt=messages, reference=reference)


def settings(system: str | None = None) -> DataSettings:
    return DataSettings(file=Path("d.jsonl"), system_prompt=system, max_prompt_tokens=4, shuffle=False)


def test_the_presets_system_prompt_replaces_the_data_sets() -> None:
    (kept,) = prepare_prompts([record("q")], settings(), WordTokenizer(), LIMITS)
    assert [message.content for message in kept.prompt] == ["as built", "q"]
    (replaced,) = prepare_prompts([record("q")], settings("plain"), WordTokenizer(), LIMITS)
    assert [(message.role, message.content) for message in replaced.prompt] == [
        ("system", "plain"),
        ("user", "q"),
    ]


@pytest.mark.parametrize(
    ("bad", "complaint"),
    [
        (record("one two three"), "field prompt: has 5 tokens, and data.max_prompt_tokens is 4"),
        (record("x" * 31), "field prompt: has 31 characters, and the reward server's limit is 30"),
        (record("q", "x" * 31), "field reference: has 31 characters, and the reward server's limit is 30"),
    ],
)
def test_what_is_too_long_is_named_and_never_cut(bad: GrpoRecord, complaint: str) -> None:
    with pytest.raises(DatasetError) as error:
        prepare_prompts([record("one two"), bad], settings(), WordTokenizer(), LIMITS)
    assert str(error.value) == f"d.jsonl, line 2: {complaint}"
