"""Tables as they are read: which column holds what, and how a bad row is named."""

from __future__ import annotations

import datetime
import os
import threading
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from reward_service.errors import ConfigurationError, RequestError, TextTooLong
from reward_service.tables.source import Format, format_of, opened
from reward_service.tables.survey import survey
from shared.schema import Limits
from tests.support.tables import GOOD, rows_of, table_of, write_lines, write_parquet

# --- JSON lines ---


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ({"prompt": "x"}, "in.jsonl:2:completion: is missing"),
        ({"question": "x", "text": "y"}, "in.jsonl:2:answer: is missing"),
        ({"prompt": "x", "completion": [{"role": "user"}]}, "in.jsonl:2:completion.0.content: "),
        (
            {"prompt": "x", "completion": "y", "referense": "z"},
            "in.jsonl:2:referense: did you mean",
        ),
        ({"instruction": "x"}, "in.jsonl:2:response: "),
        ({"id": "a", "prompt": "x", "completion": "y"}, "in.jsonl:2:id: "),
        ({"prompt": None, "completion": "y"}, "in.jsonl:2:prompt: is null"),
        ({"question": "x", "answer": 3}, "in.jsonl:2:answer: "),
        ({"id": 1.5, "prompt": "x", "completion": "y"}, "in.jsonl:2:id: "),
        ({"prompt": "x", "completion": "y", "context": "z"}, "in.jsonl:2:context: "),
        ({"prompt": "x", "completion": "y", "context": ["z", 1]}, "in.jsonl:2:context.1: "),
        (
            {"prompt": "x", "response": "y", "answer": "z"},
            "in.jsonl:2:answer: answer and response",
        ),
        (
            {"prompt": [{"role": "system", "content": "x"}], "completion": "y"},
            "in.jsonl:2:prompt: no message",
        ),
        ({"question": "x", "answer": []}, "in.jsonl:2:answer: no message"),
        ([1], "in.jsonl:2: a line must be a JSON object"),
    ],
)
def test_a_bad_line_is_named_by_file_line_and_field(tmp_path: Path, line: Any, says: str) -> None:
    file = write_lines(tmp_path / "in.jsonl", [GOOD | {"id": "a"}, line])
    with pytest.raises(RequestError) as caught:
        survey(table_of(file))
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b'{"prompt": "\xff"}', "in.jsonl:1: not UTF-8"),
        (b"\n\n{", "in.jsonl:3: no JSON"),
        (b"[" * 200_000, "in.jsonl:1: nested too deeply"),
        (b'{"prompt": ' + b"1" * 5000 + b"}", "in.jsonl:1: holds a number that is too long"),
        (b"\n\n", "holds no line"),
        (b"", "holds no line"),
    ],
)
def test_a_line_that_cannot_be_read_is_named(tmp_path: Path, data: bytes, says: str) -> None:
    file = tmp_path / "in.jsonl"
    file.write_bytes(data)
    with pytest.raises(RequestError, match=says):
        survey(table_of(file))


def test_lines_may_have_columns_of_their_own_and_further_ones(tmp_path: Path) -> None:
    messages = [{"role": "user", "content": "Q"}]
    lines = [
        GOOD | {"id": 7, "model": "m", "context": ["one", "two"]},
        {"instruction": "I", "response": "R", "step": 3},
        {"question": "Q", "answer": "A", "prompt": messages},
    ]
    first, second, third = rows_of(write_lines(tmp_path / "in.jsonl", lines))
    assert (first.item.id, second.item.id, third.item.id) == ("7", "2", "3")
    assert first.item.context == ["one", "two"]
    assert first.values["model"] == "m"
    assert (second.item.prompt, second.item.completion, second.values["step"]) == ("I", "R", 3)
    assert (third.columns["prompt"], third.item.completion) == (
        "prompt",
        "A",
    )  # the wire's own name goes first


def test_a_mark_of_byte_order_is_no_part_of_the_first_line(tmp_path: Path) -> None:
    file = tmp_path / "in.jsonl"
    file.write_bytes(b'\xef\xbb\xbf{"prompt": "x", "completion": "y"}')
    assert rows_of(file)[0].item.prompt == "x"


def test_a_column_that_resembles_a_field_can_be_kept(tmp_path: Path) -> None:
    file = write_lines(tmp_path / "in.jsonl", [{"prompt": "x", "completion": "y", "preference": 1}])
    with pytest.raises(RequestError, match="--keep preference"):
        rows_of(file)
    assert rows_of(file, keep=["preference"])[0].values["preference"] == 1
    both = write_lines(tmp_path / "both.jsonl", [GOOD | {"preference": 1}])
    assert rows_of(both)[0].item.reference == "Labour."  # it was not misspelt


# --- Parquet ---


def test_a_parquet_file_is_read_with_messages_passages_and_whole_numbers_as_ids(tmp_path: Path) -> None:
    file = write_parquet(
        tmp_path / "in.parquet",
        {
            "id": [7, None],
            "prompt": [[{"role": "user", "content": "Q"}], [{"role": "user", "content": "R"}]],
            "response": pa.array(["x", "y"]).dictionary_encode(),
            "context": [["p"], None],
            "reference": pa.nulls(2),
            "when": [datetime.date(2024, 1, 1), None],
        },
    )
    first, second = rows_of(file)
    assert (first.item.id, second.item.id) == ("7", "2")
    assert (first.item.completion, second.item.completion) == ("x", "y")
    assert first.item.context == ["p"]
    assert first.values["when"] == "2024-01-01"
    assert second.item.reference is None


def test_passages_of_a_parquet_file_may_be_json(tmp_path: Path) -> None:
    columns = {"prompt": ["x", "x"], "completion": ["y", "y"], "context": ['["p"]', ""]}
    first, second = rows_of(write_parquet(tmp_path / "in.parquet", columns))
    assert (first.item.context, second.item.context) == (["p"], None)


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"prompt": ["x"], "completion": [1]}, r"in\.parquet:completion: holds int64, where texts or chat"),
        ({"prompt": [b"x"], "answer": ["y"]}, r"in\.parquet:prompt: holds binary"),
        ({"prompt": ["x"], "answer": ["y"], "context": [[1]]}, r"in\.parquet:context: holds list"),
        ({"prompt": ["x"], "answer": ["y"], "id": [1.5]}, r"in\.parquet:id: holds double"),
        ({"prompt": ["x"], "text": ["y"]}, r"in\.parquet:completion: is missing .*found: prompt, text"),
        ({"prompt": ["x"] * 3, "answer": ["a", "b", None]}, r"in\.parquet:row 3:answer: is null"),
        ({"prompt": ["x"] * 2, "answer": ["a", "b"], "id": ["k", "k"]}, r"in\.parquet:row 2:id: .*row 1 has"),
        ({"prompt": pa.array([], pa.string()), "answer": pa.array([], pa.string())}, "holds no line"),
    ],
)
def test_what_is_wrong_with_a_parquet_file_is_said(
    tmp_path: Path, columns: dict[str, Any], says: str
) -> None:
    file = write_parquet(tmp_path / "in.parquet", columns)
    with pytest.raises(RequestError, match=says):
        survey(table_of(file))


@pytest.mark.parametrize("data", [b"", b"prompt,completion\nx,y\n", b"PAR1" + b"\0" * 40 + b"PAR1"])
def test_what_is_no_parquet_file_is_said(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "in.parquet"
    file.write_bytes(data)
    with pytest.raises(RequestError, match=r"in\.parquet: no Parquet file that can be read"):
        table_of(file)


def test_a_damaged_parquet_file_is_an_error_and_not_a_short_table(tmp_path: Path) -> None:
    file = tmp_path / "in.parquet"
    columns = {"prompt": [f"question {n}" for n in range(3000)], "completion": ["y"] * 3000}
    pq.write_table(pa.table(columns), file, use_dictionary=False, compression="zstd")
    data = bytearray(file.read_bytes())
    data[200:400] = b"\xff" * 200
    file.write_bytes(data)
    with pytest.raises(RequestError, match=r"in\.parquet: can't be read to its end"):
        survey(table_of(file))


# --- all of them ---


def test_the_format_is_told_by_the_ending_or_by_an_option() -> None:
    assert format_of(Path("a/B.PARQUET"), "--format") is Format.PARQUET
    assert format_of(Path("a.tsv"), "--format") is Format.CSV
    assert format_of(Path("-"), "--format") is Format.JSONL
    assert format_of(Path("a.txt"), "--format", Format.CSV) is Format.CSV
    with pytest.raises(ConfigurationError, match=r"a\.xlsx: its ending says no format .*--format does"):
        format_of(Path("a.xlsx"), "--format")


def test_the_longest_text_of_each_field_is_held_against_the_limits(tmp_path: Path) -> None:
    lines = [
        {"question": "x" * 9, "answer": "y" * 11},
        {"question": "x", "answer": "y" * 12, "context": ["z" * 10] * 4},
    ]
    found = survey(table_of(write_lines(tmp_path / "in.jsonl", lines)))
    limits = Limits(max_items=1, max_text_chars=12, max_body_bytes=1)
    found.require_within(limits)
    with pytest.raises(TextTooLong, match=r"in\.jsonl:2:answer: has 12 characters, 11 are allowed"):
        found.require_within(limits.model_copy(update={"max_text_chars": 11}))
    short = write_lines(tmp_path / "in.jsonl", [GOOD | {"prompt": "x", "context": ["z" * 10] * 5}])
    with pytest.raises(TextTooLong, match=r"in\.jsonl:1:context: has 50 characters, 48 are allowed"):
        survey(table_of(short)).require_within(limits)


def test_lone_surrogates_are_refused_where_they_cannot_be_written(tmp_path: Path) -> None:
    file = tmp_path / "in.jsonl"
    file.write_text('{"prompt": "x", "completion": "y", "note": ["\\ud800"]}\n')
    assert len(survey(table_of(file))) == 1
    with pytest.raises(RequestError, match=r"in\.jsonl:1:note: holds a lone surrogate"):
        survey(table_of(file), encodable=True)


def test_a_digest_tells_rows_and_their_order_apart(tmp_path: Path) -> None:
    def digest(*lines: Any) -> str:
        return survey(table_of(write_lines(tmp_path / "in.jsonl", lines))).digest

    a, b = GOOD | {"id": "a"}, GOOD | {"id": "b"}
    assert len({digest(a, b), digest(b, a), digest(a), digest(a, b | {"reference": "other"})}) == 4
    assert digest(a | {"model": "m"}, b) == digest(a, b)  # what isn't scored decides nothing


def test_a_pipe_can_be_read_more_than_once(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(b"line\n",))
    writer.start()
    with opened(pipe) as source:
        assert source.again().read() == source.again().read() == b"line\n"
    writer.join()
