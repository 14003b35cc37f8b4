"""Ollama's template renders what the model's own chat template renders; any other model is refused.

No Ollama server is at hand, so its template is rendered by `go_template.py`, which knows what it uses of Go.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.trainer.export.go_template import render
from tests.trainer.export.parts import SYSTEM, save_run, smollm2_folder
from tests.trainer.tiny import save_tiny_policy
from trainer.export.chat import Message, chat_format
from trainer.export.errors import ExportError
from trainer.export.modelfile import adds_beginning, go_template, modelfile, quoted
from trainer.export.source import Source

BEGIN = "<｜begin▁of▁sentence｜>"
# Written by us after the published format of DeepSeek-R1's models, since no hub is at hand: what was reasoned
# in earlier turns is left out, and the answer opens where the template says so.
DEEPSEEK = (
    "{{ bos_token }}{% for message in messages %}"
    "{% if message['role'] == 'system' %}{{ message['content'] }}"
    "{% elif message['role'] == 'user' %}{{ '<｜User｜>' + message['content'] }}"
    "{% else %}{{ '<｜Assistant｜>' + message['content'].split('</think>')[-1] + '<｜end▁of▁sentence｜>' }}"
    "{% endif %}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<｜Assistant｜>' }}{% endif %}"
)
QUESTION: Message = {"role": "user", "content": 'What does "value" mean?\n\nIn {{ braces }}.'}
ANSWER: Message = {"role": "assistant", "content": "Socially necessary labour."}
SAID: Message = {"role": "system", "content": SYSTEM}
CONVERSATIONS = [
    [SAID, QUESTION],
    [QUESTION],
    [SAID, QUESTION, ANSWER, QUESTION],
    [QUESTION, ANSWER, QUESTION],
]


def smollm2() -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(smollm2_folder())


def with_template(tmp_path: Path, template: str) -> Any:
    from transformers import AutoTokenizer

    tokenizer: Any = AutoTokenizer.from_pretrained(save_tiny_policy(tmp_path))
    tokenizer.bos_token = BEGIN
    tokenizer.chat_template = template
    return tokenizer


def ollama(template: str, messages: Sequence[Message]) -> str:
    """As Ollama renders it: system messages are gathered, and stand among the messages as well."""
    system = "\n\n".join(message["content"] for message in messages if message["role"] == "system")
    turns = [{"Role": message["role"], "Content": message["content"]} for message in messages]
    return render(template, {"System": system, "Messages": turns})


def assert_same(tokenizer: Any, name: str) -> None:
    chat = chat_format(tokenizer)
    assert chat.name == name
    template = go_template(chat, adds_begin=False)
    for messages in CONVERSATIONS:
        expected = tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
        assert ollama(template, messages) == expected


def test_smollm2_is_asked_in_its_own_format() -> None:
    tokenizer = smollm2()
    assert_same(tokenizer, "ChatML")
    default = chat_format(tokenizer).default_system
    assert default is not None
    assert "SmolLM" in default
    assert not adds_beginning(tokenizer)


@pytest.mark.parametrize("opens", ["", "<think>\n"])
def test_deepseek_is_asked_in_its_own_format(tmp_path: Path, opens: str) -> None:
    template = DEEPSEEK.replace(
        "{{ '<｜Assistant｜>' }}", "{{ " + json.dumps("<｜Assistant｜>" + opens) + " }}"
    )
    tokenizer = with_template(tmp_path, template)
    assert_same(tokenizer, "DeepSeek")
    chat = chat_format(tokenizer)
    assert (chat.opens, chat.default_system) == (opens, None)
    assert go_template(chat, adds_begin=False).startswith(BEGIN)
    assert BEGIN not in go_template(chat, adds_begin=True)


def test_a_format_that_is_not_known_is_refused(tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    with pytest.raises(ExportError, match=r"of no known format: it renders '<\|im_start\|> system"):
        chat_format(AutoTokenizer.from_pretrained(save_tiny_policy(tmp_path)))
    trimmed = DEEPSEEK.replace(
        "'<｜User｜>' + message['content']", "'<｜User｜>' + message['content'] + '\n'"
    )
    with pytest.raises(ExportError, match="of no known format"):
        chat_format(with_template(tmp_path, trimmed))
    with pytest.raises(ExportError, match="can't be rendered: no system messages"):
        chat_format(with_template(tmp_path, "{{ raise_exception('no system messages') }}"))


def test_the_modelfile_says_how_the_run_sampled(tmp_path: Path) -> None:
    import yaml

    settings = yaml.safe_load((save_run(tmp_path) / "settings.yaml").read_text(encoding="utf-8"))
    source = Source(tmp_path, "base", settings)
    chat = chat_format(smollm2())
    text = modelfile("model-q8_0.gguf", chat, SYSTEM, source, adds_begin=False, origin="the run")
    assert text.startswith('FROM ./model-q8_0.gguf\n\nTEMPLATE """{{ if .System }}<|im_start|>system\n')
    assert f'# the run\nSYSTEM """{SYSTEM}"""\n' in text
    assert text.endswith(
        'PARAMETER stop "<|im_end|>"\nPARAMETER stop "<|im_start|>"\n'
        "PARAMETER temperature 0.7\nPARAMETER top_p 0.95\nPARAMETER top_k 0\nPARAMETER repeat_penalty 1.0\n"
        "PARAMETER num_ctx 4096\n"
    )
    alone = modelfile("m.gguf", chat, None, Source(tmp_path, "base", None), adds_begin=False, origin="")
    assert "SYSTEM " not in alone
    assert "temperature" not in alone


@pytest.mark.parametrize("text", ['Say """so""".', 'Say "so"', '"So" it is.'])
def test_what_a_modelfile_can_not_quote_is_refused(text: str) -> None:
    with pytest.raises(ExportError, match=r"can't quote.*--system-prompt"):
        quoted(text)
    assert quoted('Say "so".\nThen stop.') == '"""Say "so".\nThen stop."""'


@pytest.mark.parametrize(
    "template", ["{{ end }}", "{{- .System }}", "{{ slice .System }}", "{{ if not .System }}x{{ end }}"]
)
def test_the_renderer_refuses_what_it_does_not_know(template: str) -> None:
    with pytest.raises(ValueError, match=r"known here|without a beginning"):
        render(template, {"System": "s"})
