"""Files of scores: read whatever their format, and refused with the place where they are wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reward_service.errors import RequestError
from reward_service.report.scores import ScoreFile, read_scores
from tests.reward_service.report.conftest import FINGERPRINT, REWARD, Write, parquet

FLAT: list[dict[str, Any]] = [
    {"id": "a", "prompt": "Why?", "completion": "So it is.", REWARD: 1.5, f"{REWARD}_reason": None},
    {"id": "b", "prompt": "How?", "completion": "<think>no word counts</think>Thus.", REWARD: None}
    | {f"{REWARD}_reason": "no claim, says it"},
]
CSV = f"""id,prompt,completion,{REWARD},{REWARD}_reason\r
a,Why?,So it is.,1.5,\r
b,How?,<think>no word counts</think>Thus.,,"no claim, says it"\r
"""


def _lines(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def _same(file: ScoreFile) -> None:
    assert file.ids == ("a", "b")
    assert file.questions == ("Why?", "How?")
    assert file.words.tolist() == [3, 1]
    np.testing.assert_array_equal(file.scores[REWARD], [1.5, np.nan])
    assert file.reasons[REWARD] == (None, "no claim, says it")


def test_a_table_reads_the_same_from_every_format(tmp_path: Path) -> None:
    columns = {name: [row[name] for row in FLAT] for name in FLAT[0]}
    _same(read_scores(parquet(tmp_path / "a.parquet", columns, [REWARD], FINGERPRINT), "a"))
    _same(read_scores(_lines(tmp_path / "a.jsonl", FLAT), "a"))
    for text in (CSV, "\ufeff" + CSV, CSV.replace(",,", ";;").replace(",", ";").replace("claim;", "claim,")):
        path = tmp_path / "a.csv"
        path.write_bytes(text.encode())
        _same(read_scores(path, "a"))


def test_the_servers_results_read_as_a_table(tmp_path: Path) -> None:
    result: dict[str, Any] = {
        "id": "a",
        "rewards": {REWARD: None},
        "unscorable": {REWARD: "no reference"},
        "layers": {REWARD: {"score": None}, "terminology_reward": {"score": 0.25}},
        "fingerprint": FINGERPRINT,
    }
    file = read_scores(_lines(tmp_path / "a.jsonl", [result]), "a")
    assert (file.questions, file.answers) == ((None,), (None,))
    assert file.reasons[REWARD] == ("no reference",)
    assert file.parts["terminology_reward"].tolist() == [0.25]
    assert REWARD not in file.parts
    assert file.fingerprints == (FINGERPRINT,)


def test_metadata_say_what_is_a_reward(tmp_path: Path, write: Write) -> None:
    path = write(
        "a", [1.0, 2.0], rewards=(REWARD, "match_format"), match_format=[0.0, 1.0], own_reward=[3, 4]
    )
    file = read_scores(path, "a")
    assert list(file.scores) == [REWARD, "match_format"]
    assert file.about["pack"] == "embedded"
    loose: dict[str, list[Any]] = {
        "own_reward": [1],
        "match": [2],
        "match_reason": [None],
        "year": [1917],
        "asked": [3],
    }
    file = read_scores(parquet(tmp_path / "b.parquet", loose, (), None), "b", ["asked"])
    assert list(file.scores) == ["own_reward", "match", "asked"]
    assert file.fingerprints == ()


def test_evidence_is_not_read(write: Write) -> None:
    path = write("a", [1.0], layers=["{" * 100])
    file = read_scores(path, "a")
    assert list(file.scores) == [REWARD]
    assert not file.parts


@pytest.mark.parametrize("as_text", [False, True])
def test_chat_messages_are_question_and_answer(tmp_path: Path, as_text: bool) -> None:
    chat = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Why?"},
        {"role": "assistant", "content": "So it is."},
    ]
    given = json.dumps(chat) if as_text else chat
    file = read_scores(_lines(tmp_path / "a.jsonl", [{"prompt": given, "completion": given, REWARD: 1}]), "a")
    assert (file.questions, file.answers) == (("Why?",), ("So it is.",))
    assert file.ids is None


def test_an_id_that_stands_there_twice_is_named(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [{"id": name, REWARD: 1} for name in ("a", "b", "a", "c", "c")]
    with pytest.raises(
        RequestError, match=r"a\.jsonl:id: .*more than once: 'a' \(1 and 3\), 'c' \(4 and 5\)"
    ):
        read_scores(_lines(tmp_path / "a.jsonl", rows), "a")


@pytest.mark.parametrize(
    ("value", "said"), [("1.5x", "'1.5x'"), (True, "'True'"), (float("nan"), "'nan'"), ([1], r"'\[1\]'")]
)
def test_what_is_no_number_is_refused_with_its_place(tmp_path: Path, value: object, said: str) -> None:
    path = _lines(tmp_path / "a.jsonl", [{REWARD: 1}, {REWARD: value}])
    with pytest.raises(RequestError, match=rf"a\.jsonl:2:{REWARD}: must be a finite number, .* not {said}"):
        read_scores(path, "a")


def test_a_nan_in_parquet_is_refused_with_its_row(write: Write) -> None:
    with pytest.raises(RequestError, match=rf"a\.parquet:row 2:{REWARD}: must be a finite number"):
        read_scores(write("a", [1.0, float("nan")]), "a")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.txt", b"x", r"from \.jsonl, .*, not from '\.txt'"),
        ("a.parquet", b"PAR1 no", "no Parquet that can be read"),
        ("a.jsonl", b"", "holds no row"),
        ("a.csv", b"id,own_reward\n", "holds no row"),
        ("a.csv", b"id,own_reward\na\n", r"a\.csv:2: has not as many fields as the first line \(2\)"),
        ("a.csv", b"id,id\na,b\n", "the column 'id' stands there twice"),
        ("a.csv", b"id,own_reward\n\xff,1\n", r"not UTF-8 \(byte 14\)"),
        ("a.jsonl", b'{"id": "a", "score": 1}\n', "no column holds a reward; say which"),
        ("a.jsonl", b'{"id": null, "own_reward": 1}\n', "1:id: must be a text or a whole number"),
        ("a.jsonl", b'{"prompt": 3, "own_reward": 1}\n', "1:prompt: must be a text or a list"),
        ("a.jsonl", b'{"rewards": {"own_reward": 1}, "layers": 3}\n', "1:layers: must be an object"),
    ],
)
def test_a_file_that_is_wrong_is_refused(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(RequestError, match=said):
        read_scores(path, "a")


def test_a_file_that_is_not_there_is_an_error_of_the_system(tmp_path: Path) -> None:
    for name in ("a.parquet", "a.jsonl", "a.csv"):
        with pytest.raises(FileNotFoundError):
            read_scores(tmp_path / name, "a")
