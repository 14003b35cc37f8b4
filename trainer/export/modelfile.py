"""Ollama's Modelfile: which weights, the chat template in Go's syntax, the system prompt, how it samples.

Written after Ollama's documentation of Modelfiles and templates; not loaded into an Ollama server so far.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trainer.export.chat import ChatFormat
from trainer.export.errors import ExportError
from trainer.export.source import Source

CONTEXT = 4096
"""Tokens that a conversation may have at least; a run with longer completions gets more."""
PARAMETERS = {
    "temperature": "temperature",
    "top_p": "top_p",
    "top_k": "top_k",
    "min_p": "min_p",
    "repetition_penalty": "repeat_penalty",
}
"""Of the run's `generation` → Ollama's name: answers are sampled as they were in training."""


def modelfile(
    gguf: str, chat: ChatFormat, system: str | None, source: Source, *, adds_begin: bool, origin: str
) -> str:
    """The text of a Modelfile.

    Args:
        gguf: the file's name, beside the Modelfile.
        chat: the model's format.
        system: the system prompt; None writes none.
        source: its run's settings say how to sample; without a run nothing is said.
        adds_begin: the tokenizer itself puts the beginning's token first, so the template must not.
        origin: where the system prompt comes from.

    Raises:
        ExportError: the system prompt can't be quoted.
    """
    lines = [f"FROM ./{gguf}", "", f'TEMPLATE """{go_template(chat, adds_begin=adds_begin)}"""', ""]
    if system is not None:
        lines += [f"# {origin}".replace("\n", " "), f"SYSTEM {quoted(system)}", ""]
    lines += [f'PARAMETER stop "{stop}"' for stop in chat.stops]
    lines += [f"PARAMETER {name} {value}" for name, value in parameters(source).items()]
    return "\n".join(lines) + "\n"


def go_template(chat: ChatFormat, *, adds_begin: bool) -> str:
    """The format in the syntax of Go's text/template, over Ollama's `.System` and `.Messages`.

    Ollama gathers the system messages in `.System`, so those among `.Messages` are passed over.  The last
    line break is written as an action, since a bare one at the end might be trimmed.
    """
    begins = "" if adds_begin else chat.begins
    default = ""
    if chat.default_system is not None:
        default = "{{ else }}" + chat.system[0] + chat.default_system + chat.system[1]
    opening = chat.assistant[0] + chat.opens
    if opening.endswith("\n"):
        opening = opening[:-1] + '{{ "\\n" }}'
    return (
        begins
        + "{{ if .System }}" + chat.system[0] + "{{ .System }}" + chat.system[1] + default + "{{ end }}"
        + "{{ range .Messages }}"
        + '{{ if eq .Role "user" }}' + chat.user[0] + "{{ .Content }}" + chat.user[1]
        + '{{ else if eq .Role "assistant" }}' + chat.assistant[0] + "{{ .Content }}" + chat.assistant[1]
        + "{{ end }}{{ end }}"
        + opening
    )  # fmt: skip


def quoted(text: str) -> str:
    """A text between triple quotes.  A Modelfile knows no escapes, so three quotes within can't be written.

    Raises:
        ExportError: the text holds three quotes, or ends with one.
    """
    if '"""' in text or text.startswith('"') or text.endswith('"'):
        raise ExportError(
            'the system prompt holds """, or begins or ends with ", which a Modelfile can\'t quote; use '
            "other quotation marks, and give it with --system-prompt"
        )
    return f'"""{text}"""'


def parameters(source: Source) -> Mapping[str, Any]:
    """How the run sampled, in Ollama's names; empty without a run."""
    if source.settings is None:
        return {}
    found = {ollama: source.setting("generation", ours) for ours, ollama in PARAMETERS.items()}
    tokens = (
        source.setting("data", "max_prompt_tokens"),
        source.setting("generation", "max_completion_tokens"),
    )
    if all(isinstance(number, int) for number in tokens):
        found["num_ctx"] = max(CONTEXT, sum(tokens))
    return {name: value for name, value in found.items() if value is not None}


def adds_beginning(tokenizer: Any) -> bool:
    """Whether the tokenizer puts a token before any text by itself; llama.cpp and Ollama then do so too."""
    tokens = tokenizer("a")["input_ids"]
    return bool(tokens) and tokenizer.bos_token_id is not None and tokens[0] == tokenizer.bos_token_id
