"""The prompts of a data set as the policy gets them; what is too long is an error, never cut."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shared.schema import Limits
from trainer.dataset.load import DatasetError, GrpoRecord, PromptMessage
from trainer.settings import DataSettings


def prepare_prompts(
    records: Sequence[GrpoRecord], data: DataSettings, tokenizer: Any, limits: Limits
) -> list[GrpoRecord]:
    """Lay the preset's system prompt over the data set's, and check every length before the run begins.

    Args:
        records: of the data set, one for each line of its file.
        data: the system prompt, and how long a prompt may be.
        tokenizer: of the policy, with its chat template.
        limits: of the reward server, which would refuse a longer text in the middle of the run.

    Raises:
        DatasetError: names file, line and field of the first text that is too long.
    """
    prepared = []
    for line, record in enumerate(records, start=1):
        prompt = _with_system(record.prompt, data.system_prompt)
        messages = [message.model_dump() for message in prompt]
        tokens = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=True)
        lengths = (
            ("prompt", len(tokens["input_ids"]), "tokens", data.max_prompt_tokens, "data.max_prompt_tokens"),
            (
                "prompt",
                len(prompt[-1].content),
                "characters",
                limits.max_text_chars,
                "the reward server's limit",
            ),
            (
                "reference",
                len(record.reference),
                "characters",
                limits.max_text_chars,
                "the reward server's limit",
            ),
        )
        for field, length, unit, most, limit in lengths:
            if length > most:
                raise DatasetError(
                    f"{data.file}, line {line}: field {field}: has {length} {unit}, and {limit} is {most}"
                )
        prepared.append(record.model_copy(update={"prompt": prompt}))
    return prepared


def _with_system(prompt: Sequence[PromptMessage], system: str | None) -> list[PromptMessage]:
    if system is None:
        return list(prompt)
    others = [message for message in prompt if message.role != "system"]
    return [PromptMessage(role="system", content=system), *others]
