"""What TRL hands over — strings, chat messages, columns — and what of it reaches the server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.stand_in import StandIn
from tests.support.trl_calls import Trainer
from trainer.rewards import remote_rewards


@pytest.fixture
def server() -> Iterator[StandIn]:
    with StandIn() as stand_in:
        yield stand_in


def test_chat_messages(server: StandIn) -> None:
    prompt = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "What is rent?"}]
    completion = [{"role": "assistant", "content": "One.", "tool_calls": None}]
    trainer = Trainer(remote_rewards(["b"], url=server.url), reference=["R"])
    trainer.step([prompt], [completion])
    [item] = server.scored[0].items
    assert not isinstance(item.prompt, str)
    assert [(message.role, message.content) for message in item.prompt] == [
        ("system", "Be brief."),
        ("user", "What is rent?"),
    ]
    batch = trainer.functions[0].last_batch
    assert batch is not None
    assert (batch.prompts, batch.completions) == (["What is rent?"], ["One."])


def test_parsed_reasoning_goes_back_into_the_text(server: StandIn) -> None:
    """With a tokenizer that has a response template TRL takes `<think>` out; format rewards must see it."""
    completion = [{"role": "assistant", "reasoning_content": "why", "content": "because"}]
    Trainer(remote_rewards(["b"], url=server.url), x=[1]).step(["p"], [completion])
    sent = server.scored[0].items[0].completion
    assert not isinstance(sent, str)
    assert sent[0].content == "<think>\nwhy\n</think>\n\nbecause"


def test_blocks_of_text_are_joined(server: StandIn) -> None:
    prompt = [{"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}]
    Trainer(remote_rewards(["b"], url=server.url), x=[1]).step([prompt], ["c"])
    sent = server.scored[0].items[0].prompt
    assert not isinstance(sent, str)
    assert sent[0].content == "a\nb"


@pytest.mark.parametrize(
    ("columns", "option", "reference"),
    [
        ({"reference": ["r"], "answer": ["a"], "response": ["s"]}, None, "r"),
        ({"answer": ["a"], "response": ["s"]}, None, "a"),
        ({"response": ["s"]}, None, "s"),
        ({"solution": ["x"], "reference": ["r"]}, "solution", "x"),
        ({"instruction": ["i"]}, None, None),
        ({"reference": [None], "answer": ["a"]}, None, None),
        ({"reference": [""]}, None, None),
    ],
)
def test_where_the_reference_comes_from(
    server: StandIn, columns: dict[str, list[Any]], option: str | None, reference: str | None
) -> None:
    Trainer(remote_rewards(["b"], url=server.url, reference_column=option), **columns).step(["p"], ["c"])
    assert server.scored[0].items[0].reference == reference


@pytest.mark.parametrize(
    ("prompts", "completions", "columns", "message"),
    [
        (["p"], ["a", "b"], {}, "1 prompts, but 2 completions"),
        (["p", "p"], ["a", 3], {}, r"completions\[1\] must be a string"),
        ([None], ["a"], {}, r"prompts\[0\] must be a string"),
        (["p"], [["text"]], {}, r"completions\[0\]\[0\] must be a message"),
        (["p"], [[{"role": "wizard", "content": "x"}]], {}, "role"),
        (
            [[{"role": "user", "content": [{"type": "image"}]}]],
            ["c"],
            {},
            r"content\[0\] must be a block of text",
        ),
        (["p"], ["c"], {"reference": [3]}, r"reference\[0\] must be a string or None, got int"),
        (["p"], ["c"], {"reference": ["r", "s"]}, "'reference' must hold one reference for each of 1"),
        (["p"], ["c"], {"reference": "r"}, "'reference' must hold one reference"),
    ],
)
def test_what_is_no_text_is_named(
    server: StandIn, prompts: list[Any], completions: list[Any], columns: dict[str, Any], message: str
) -> None:
    [reward] = remote_rewards(["b"], url=server.url)
    with pytest.raises(ValueError, match=message):
        reward(prompts, completions, **columns)
    assert server.received == []


def test_a_reference_column_that_is_not_there_is_an_error(server: StandIn) -> None:
    [reward] = remote_rewards(["b"], url=server.url, reference_column="refrence")
    with pytest.raises(ValueError, match=r"no column 'refrence'.*\['reference'\]"):
        reward(["p"], ["c"], reference=["r"])
