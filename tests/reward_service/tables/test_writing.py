"""Tables as they are written: all of the input comes back, with scores beside it."""

from __future__ import annotations

import csv
import datetime
import decimal
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rich.console import Console

from reward_service.commands import score
from reward_service.errors import RequestError
from reward_service.settings import Settings
from shared.schema import DEFAULT_REWARD, Detail
from tests.reward_service.api.fake_scorer import PART, FakeScorer
from tests.support.tables import GOOD, job, lines_of, said, write_lines, write_parquet

BOTH = (DEFAULT_REWARD, PART)


def run(file: Path, out: Path, console: Console, **changes: Any) -> None:
    assert score.run(job(file, out, **changes), Settings(), console, lambda _: FakeScorer()) == 0


def about(path: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(pq.read_schema(path).metadata[b"touchstone"])
    return told


def test_a_parquet_file_comes_back_with_all_columns_of_their_own_types(
    tmp_path: Path, console: Console
) -> None:
    given = pa.table(
        {
            "question": ["a", "b", "c"],
            "id": pa.array([7, None, 9], pa.int32()),
            "answer": ["1", "12", ""],
            "when": pa.array([datetime.datetime(2024, 1, 1)] * 3, pa.timestamp("ns", tz="UTC")),
            "price": [decimal.Decimal("1.10"), None, decimal.Decimal("0.01")],
            "bytes": [b"\xff", b"", None],
            "nested": [{"a": [1]}, None, {"a": []}],
            "kind": pa.array(["u", "v", None]).dictionary_encode(),
            "number": pa.array([1.5, None, float("nan")], pa.float32()),
        }
    )
    pq.write_table(given, tmp_path / "in.parquet")
    out = tmp_path / "out.parquet"
    run(tmp_path / "in.parquet", out, console, detail=Detail.LAYERS)
    written = pq.read_table(out)
    further = [name for name in given.column_names if name != "id"]
    assert written.column_names == [
        "id",
        *further,
        DEFAULT_REWARD,
        f"{DEFAULT_REWARD}_reason",
        f"part.{PART}",
    ]
    assert repr(written.select(further).to_pylist()) == repr(given.select(further).to_pylist())
    assert {name: written.schema.field(name).type for name in further if name != "nested"} == {
        name: given.schema.field(name).type for name in further if name != "nested"
    }
    assert written.column("id").to_pylist() == ["7", "2", "9"]
    assert written.schema.field(DEFAULT_REWARD).type == pa.float64()
    assert written.column(DEFAULT_REWARD).to_pylist() == [1.0, 2.0, None]
    assert written.column(f"{DEFAULT_REWARD}_reason").to_pylist() == [None, None, "there is no answer"]
    assert written.column(f"part.{PART}").to_pylist() == [1.5, 1.5, None]


def test_the_metadata_say_how_the_scores_came_about(tmp_path: Path, console: Console) -> None:
    file = write_parquet(tmp_path / "in.parquet", {"question": ["a"], "answer": ["b"]})
    run(file, tmp_path / "out.parquet", console, rewards=BOTH)
    told = about(tmp_path / "out.parquet")
    created = datetime.datetime.fromisoformat(told.pop("created"))
    assert abs((datetime.datetime.now(datetime.UTC) - created).total_seconds()) < 60
    assert told.pop("version")
    assert told == {
        "fingerprint": "f00d",
        "rewards": list(BOTH),
        "detail": "scores",
        "pack": "fake",
        "scored_with": "fake pack, in process",
        "source": "in.parquet",
        "rows": 1,
        "columns": {"prompt": "question", "completion": "answer"},
    }


def test_lines_become_columns_of_one_type_or_json(tmp_path: Path, console: Console) -> None:
    messages = [{"role": "user", "content": "Q"}]
    lines: list[dict[str, Any]] = [
        {"prompt": messages, "completion": "1", "text": "x", "flag": True, "whole": 2**60, "some": 1},
        {"prompt": messages, "completion": "2", "texts": ["a"], "mixed": 1, "some": 1.5, "big": 2**70},
        {"prompt": messages, "completion": "3", "mixed": "1", "object": {"a": None}, "null": None},
    ]
    out = tmp_path / "out.parquet"
    run(write_lines(tmp_path / "in.jsonl", lines), out, console)
    written = pq.read_table(out)
    assert written.column("prompt").to_pylist() == [messages] * 3
    assert {name: written.column(name).to_pylist() for name in lines[0] if name != "prompt"} == {
        "completion": ["1", "2", "3"],
        "text": ["x", None, None],
        "flag": [True, None, None],
        "whole": [2**60, None, None],
        "some": [1.0, 1.5, None],
    }
    assert written.column("texts").to_pylist() == [None, ["a"], None]
    assert written.column("mixed").to_pylist() == [None, "1", '"1"']
    assert written.column("object").to_pylist() == [None, None, '{"a": null}']
    assert written.column("big").to_pylist() == [None, str(2**70), None]
    assert "are JSON in it: mixed, big, object" in said(console)


def test_a_csv_comes_back_cell_by_cell(tmp_path: Path, console: Console) -> None:
    file, out = tmp_path / "in.csv", tmp_path / "out.csv"
    file.write_bytes('\ufeffquestion;answer;note\r\n"a\r\nb";"1;""2""";007\r\nc;;\r\n'.encode())
    run(file, out, console, rewards=BOTH)
    with out.open(newline="", encoding="utf-8") as opened:
        first, second = csv.DictReader(opened)
    assert first == {
        "id": "1",
        "question": "a\r\nb",
        "answer": '1;"2"',
        "note": "007",
        DEFAULT_REWARD: "5.0",
        f"{DEFAULT_REWARD}_reason": "",
        PART: "1.5",
        f"{PART}_reason": "",
        "fingerprint": "f00d",
    }
    assert (second[DEFAULT_REWARD], second[f"{DEFAULT_REWARD}_reason"]) == ("", "there is no answer")


def test_a_line_of_the_output_holds_its_input_and_the_result_as_the_wire_has_it(
    tmp_path: Path, console: Console
) -> None:
    file = tmp_path / "in.jsonl"
    file.write_text('{"instruction": "a", "response": "123", "id": 4, "note": {"x": "\\ud800"}}\n')
    run(file, tmp_path / "out.jsonl", console, detail=Detail.EVIDENCE)
    [line] = lines_of(tmp_path / "out.jsonl")
    layers = line.pop("layers")
    assert layers[PART]["evidence"] == {"covered": ["123"], "share": 0.7}
    assert line.pop("answer_as_read", "") in (None, "123")
    assert line == {
        "id": "4",
        "instruction": "a",
        "response": "123",
        "note": {"x": "\ud800"},
        DEFAULT_REWARD: 3.0,
        f"part.{PART}": 1.5,
        "rewards": {DEFAULT_REWARD: 3.0},
        "unscorable": {},
        "fingerprint": "f00d",
    }


@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_evidence_is_a_column_of_json(tmp_path: Path, console: Console, ending: str) -> None:
    out = tmp_path / f"out.{ending}"
    run(write_lines(tmp_path / "in.jsonl", [GOOD]), out, console, detail=Detail.EVIDENCE)
    if ending == "csv":
        with out.open(newline="") as opened:
            told = next(csv.DictReader(opened))["layers"]
    else:
        told = pq.read_table(out).column("layers").to_pylist()[0]
    assert json.loads(told)[PART]["evidence"] == {"covered": ["12345"], "share": 0.7}


def test_a_parquet_file_becomes_lines_and_cells_where_it_can(tmp_path: Path, console: Console) -> None:
    columns = {
        "prompt": ["a"],
        "completion": ["b"],
        "when": [datetime.date(2024, 2, 3)],
        "price": [decimal.Decimal("1.10")],
        "list": [[1, 2]],
        "flag": [True],
    }
    file = write_parquet(tmp_path / "in.parquet", columns)
    run(file, tmp_path / "out.jsonl", console)
    run(file, tmp_path / "out.csv", console)
    [line] = lines_of(tmp_path / "out.jsonl")
    assert (line["when"], line["price"], line["list"], line["flag"]) == ("2024-02-03", "1.10", [1, 2], True)
    with (tmp_path / "out.csv").open(newline="") as opened:
        [row] = csv.DictReader(opened)
    assert (row["when"], row["price"], row["list"], row["flag"]) == ("2024-02-03", "1.10", "[1, 2]", "true")
    bytes_ = write_parquet(tmp_path / "in.parquet", columns | {"image": [b"\xff"]})
    with pytest.raises(RequestError, match=r"in\.parquet:image: holds bytes, which csv can't"):
        run(bytes_, tmp_path / "out.csv", console)


@pytest.mark.parametrize(
    ("column", "out", "detail"),
    [
        (DEFAULT_REWARD, "out.parquet", Detail.SCORES),
        (f"{DEFAULT_REWARD}_reason", "out.csv", Detail.SCORES),
        ("part.x", "out.parquet", Detail.LAYERS),
        ("layers", "out.parquet", Detail.EVIDENCE),
        ("fingerprint", "out.csv", Detail.SCORES),
        ("rewards", "out.jsonl", Detail.SCORES),
    ],
)
def test_columns_that_the_results_would_hide_are_an_error_or_given_up(
    tmp_path: Path, console: Console, column: str, out: str, detail: Detail
) -> None:
    file = write_lines(tmp_path / "in.jsonl", [GOOD | {column: "old"}])
    with pytest.raises(RequestError, match=rf"in\.jsonl: has {column} already.*--replace"):
        run(file, tmp_path / out, console, detail=detail)
    run(file, tmp_path / out, console, detail=detail, replace=True)
    if out.endswith("parquet"):
        assert "old" not in str(pq.read_table(tmp_path / out).to_pylist())
    else:
        assert "old" not in (tmp_path / out).read_text()


def test_an_output_can_be_scored_again_under_another_reward(tmp_path: Path, console: Console) -> None:
    run(write_lines(tmp_path / "in.jsonl", [GOOD]), tmp_path / "a.parquet", console)
    run(tmp_path / "a.parquet", tmp_path / "b.parquet", console, rewards=(PART,))
    [row] = pq.read_table(tmp_path / "b.parquet").to_pylist()
    assert row == {"id": "1", **GOOD, DEFAULT_REWARD: 5.0, PART: 1.5}


def test_the_input_and_a_folder_are_no_place_for_the_output(tmp_path: Path, console: Console) -> None:
    file = write_lines(tmp_path / "in.jsonl", [GOOD])
    with pytest.raises(RequestError, match="is the input"):
        run(file, tmp_path / "." / "in.jsonl", console)
    with pytest.raises(RequestError, match="is a folder"):
        run(file, tmp_path, console, out_format="jsonl")
    run(file, tmp_path / "new" / "out.jsonl", console)
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["out.jsonl"]


def test_many_rows_go_into_several_row_groups_in_order(tmp_path: Path, console: Console) -> None:
    lines = [GOOD | {"completion": "x" * (n % 7 + 1), "n": n} for n in range(2500)]
    run(write_lines(tmp_path / "in.jsonl", lines), tmp_path / "a.parquet", console)
    run(tmp_path / "a.parquet", tmp_path / "b.parquet", console, rewards=BOTH, replace=True)
    for name in ("a.parquet", "b.parquet"):
        file = pq.ParquetFile(tmp_path / name)
        assert file.num_row_groups == 3
        written = file.read()
        assert written.column("n").to_pylist() == list(range(2500))
        assert written.column("id").to_pylist() == [str(n + 1) for n in range(2500)]
        assert written.column(DEFAULT_REWARD).to_pylist() == [float(n % 7 + 1) for n in range(2500)]
