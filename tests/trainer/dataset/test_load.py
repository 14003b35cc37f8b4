"""A bad record is an error that names file, line and field."""

from __future__ import annotations

from pathlib import Path

import pytest

from trainer.dataset.load import DatasetError, load_any, load_curated, load_grpo

GOOD = '{"instruction": "What is value?", "response": "Congealed labour.", "source": "Capital"}\n'


def write(folder: Path, content: str | bytes) -> Path:
    path = folder / "data.jsonl"
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))
    return path


def test_good_pairs_load_in_order(tmp_path: Path) -> None:
    other = '{"instruction": "Was ist der Staat? 🙂", "response": "مثال"}'
    pairs = load_curated(write(tmp_path, GOOD + other))
    assert [pair.instruction for pair in pairs] == ["What is value?", "Was ist der Staat? 🙂"]
    assert [pair.source for pair in pairs] == ["Capital", None]


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ('{"instruction": "q"}', "field response: is missing"),
        ('{"instruction": "q", "response": 3}', "field response: Input should be a valid string"),
        ('{"instruction": " \\n", "response": "a"}', "field instruction: is empty"),
        ('{"instruction": "q", "response": "a\\u0000b"}', "field response: holds a NUL character"),
        ('{"instruction": "\\ud83d", "response": "a"}', "field instruction: holds half of a surrogate pair"),
        ('{"instruction": "q", "response": "a", "sorce": "s"}', "field sorce: is unknown"),
        ('{"instruction": "q", "response": "a", "response": "b"}', "field response: stands there twice"),
        ('["q", "a"]', "is no JSON object"),
        ('{"instruction": "q"', "is no JSON"),
        ("", "is blank"),
        ("[" * 100_000, "is nested too deeply"),
    ],
)
def test_the_first_bad_record_is_named(tmp_path: Path, line: str, complaint: str) -> None:
    path = write(tmp_path, GOOD + GOOD + line + "\n" + '{"also": "bad"}\n')
    with pytest.raises(DatasetError) as error:
        load_curated(path)
    assert str(error.value).startswith(f"{path}, line 3: {complaint}")


def test_a_byte_that_is_no_utf8_is_named(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD.encode() + b'{"instruction": "caf\xe9", "response": "a"}')
    with pytest.raises(DatasetError, match="line 2: byte 21 is not UTF-8"):
        load_curated(path)


@pytest.mark.parametrize("content", ["", None])
def test_an_empty_or_absent_file_is_an_error(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "absent.jsonl" if content is None else write(tmp_path, content)
    with pytest.raises(
        DatasetError, match=r"absent\.jsonl: can't be read" if content is None else "no records"
    ):
        load_curated(path)


@pytest.mark.parametrize(
    ("prompt", "complaint"),
    [
        ("[]", "field prompt: List should have at least 1 item"),
        ('[{"role": "system", "content": "s"}]', "field prompt: must end with a message of the user"),
        ('[{"role": "robot", "content": "s"}]', "field prompt.0.role: Input should be"),
        ('[{"role": "user", "content": ""}]', "field prompt.0.content: is empty"),
        ('"What is value?"', "field prompt: Input should be a valid list"),
    ],
)
def test_a_bad_prompt_is_named_to_the_message(tmp_path: Path, prompt: str, complaint: str) -> None:
    path = write(tmp_path, f'{{"prompt": {prompt}, "reference": "r"}}\n')
    with pytest.raises(DatasetError) as error:
        load_grpo(path)
    assert f"line 1: {complaint}" in str(error.value)


def test_the_schema_is_told_by_the_first_record(tmp_path: Path) -> None:
    grpo = '{"prompt": [{"role": "user", "content": "q"}], "reference": "r"}\n'
    assert load_any(write(tmp_path, GOOD))[0] == "curated"
    assert load_any(write(tmp_path, grpo))[0] == "grpo"
    with pytest.raises(DatasetError, match="line 2: field prompt: is missing"):
        load_any(write(tmp_path, grpo + GOOD))


CHAT = "<|im_start|>user\\nq<|im_end|>\\n<|im_start|>assistant\\na<|im_end|>\\n"


def test_conversations_in_chatml_load(tmp_path: Path) -> None:
    schema, records = load_any(write(tmp_path, f'{{"text": "{CHAT}"}}\n'))
    assert (schema, len(records)) == ("qwen", 1)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("plain", "message 1 must begin with <|im_start|>"),
        (CHAT.replace("user", "robot"), "message 1 must name one of system, user, assistant"),
        (CHAT.removesuffix("<|im_end|>\\n"), "message 2 has no <|im_end|>"),
        (CHAT.replace("<|im_end|>\\n", "", 1), "message 1 holds <|im_start|> before its <|im_end|>"),
        (CHAT.replace("nq<", "n <"), "message 1 is empty"),
        (
            CHAT.replace("assistant", "user"),
            "must end with a question of the user and the assistant's answer",
        ),
    ],
)
def test_what_is_no_conversation_is_named(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(DatasetError) as error:
        load_any(write(tmp_path, f'{{"text": "{text}"}}\n'))
    assert f"line 1: field text: {complaint}" in str(error.value)
