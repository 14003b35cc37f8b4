"""The chat formats that an Ollama template can be written for, recognised by what they render.

A chat template is a program in Jinja; Ollama wants one in Go.  One can't be translated into the other in
general, so nothing is: a format is known here by its pieces, and a tokenizer has it if its own template
renders sample conversations into exactly these pieces.  Any other template is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from trainer.export.errors import ExportError

Message = dict[str, str]

SYSTEM, QUESTION, ANSWER = "Be brief and exact.", "What is value?", "Labour that is socially necessary."
ONE = ({"role": "system", "content": SYSTEM}, {"role": "user", "content": QUESTION})
SAMPLES: tuple[Sequence[Message], ...] = (
    ONE,
    ONE[1:],
    (*ONE, {"role": "assistant", "content": ANSWER}, {"role": "user", "content": QUESTION}),
)


@dataclass(frozen=True, slots=True)
class ChatFormat:
    """What stands before and after each message."""

    name: str
    system: tuple[str, str]
    user: tuple[str, str]
    assistant: tuple[str, str]
    begins: str = ""
    """Before the conversation."""
    stops: tuple[str, ...] = ()
    """What ends the model's answer."""
    default_system: str | None = None
    """What the template says where there is no system message."""
    opens: str = ""
    """What the template puts at the beginning of the answer, such as `<think>`."""

    def render(self, messages: Sequence[Message]) -> str:
        """A conversation up to where the model answers."""
        text = self.begins
        if self.default_system is not None and messages[0]["role"] != "system":
            text += self.system[0] + self.default_system + self.system[1]
        for message in messages:
            before, after = getattr(self, message["role"])
            text += before + message["content"] + after
        return text + self.assistant[0] + self.opens


CHATML = ChatFormat(
    "ChatML",
    system=("<|im_start|>system\n", "<|im_end|>\n"),
    user=("<|im_start|>user\n", "<|im_end|>\n"),
    assistant=("<|im_start|>assistant\n", "<|im_end|>\n"),
    stops=("<|im_end|>", "<|im_start|>"),
)
DEEPSEEK = ChatFormat(
    "DeepSeek",
    system=("", ""),
    user=("<｜User｜>", ""),
    assistant=("<｜Assistant｜>", "<｜end▁of▁sentence｜>"),
    begins="<｜begin▁of▁sentence｜>",
    stops=("<｜end▁of▁sentence｜>", "<｜User｜>"),
)
FORMATS = (CHATML, DEEPSEEK)


def chat_format(tokenizer: Any) -> ChatFormat:
    """The format of a tokenizer's chat template.

    Args:
        tokenizer: with a chat template.

    Raises:
        ExportError: it is none that is known here.
    """
    from jinja2 import TemplateError

    try:
        rendered = [
            tokenizer.apply_chat_template(list(messages), add_generation_prompt=True, tokenize=False)
            for messages in SAMPLES
        ]
    except TemplateError as error:
        raise ExportError(f"the chat template can't be rendered: {error}. {_hint()}") from error
    for known in FORMATS:
        found = _fitted(known, rendered)
        if [found.render(messages) for messages in SAMPLES] == rendered:
            return found
    raise ExportError(f"the chat template is of no known format: it renders {rendered[0]!r}. {_hint()}")


def _fitted(known: ChatFormat, rendered: Sequence[str]) -> ChatFormat:
    """A format with what single models add to it: a system prompt of their own, and the answer's opening."""
    with_system, without = rendered[:2]
    _, found, opens = with_system.rpartition(known.assistant[0])
    fitted = replace(known, opens=opens if found else "")
    before = fitted.begins + fitted.system[0]
    after = fitted.system[1] + fitted.render(ONE[1:]).removeprefix(fitted.begins)
    if without != fitted.render(ONE[1:]) and without.startswith(before) and without.endswith(after):
        fitted = replace(fitted, default_system=without.removeprefix(before).removesuffix(after))
    return fitted


def _hint() -> str:
    names = " and ".join(known.name for known in FORMATS)
    return (
        f"A Modelfile can be written for {names}; leave modelfile out of --formats, and write one by hand: "
        "a wrong template makes a model worse without any error."
    )
