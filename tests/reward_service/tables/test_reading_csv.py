"""CSV tables as they are read."""

from __future__ import annotations

from pathlib import Path

import pytest

from reward_service.errors import ConfigurationError, RequestError
from reward_service.tables.survey import survey
from tests.support.tables import rows_of, table_of


def csv_file(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    file = folder / "in.csv"
    file.write_bytes(text.encode(encoding))
    return file


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("quote", ["", '"'])
def test_a_csv_is_read_whatever_separates_its_cells(
    tmp_path: Path, delimiter: str, mark: str, quote: str
) -> None:
    names = delimiter.join(
        f"{quote}{name}{quote}" for name in ("id", "question", "answer", "context", "note")
    )
    cells = delimiter.join(["", '"a, b; c\td"', '"two\nlines"', '"[""p"", ""q""]"', "  =1 "])
    [row] = rows_of(csv_file(tmp_path, f"{mark}{names}\r\n{cells}\r\n\r\n"))
    assert (row.item.id, row.item.prompt, row.item.completion) == ("1", "a, b; c\td", "two\nlines")
    assert row.item.context == ["p", "q"]
    assert row.values == {
        "id": "",
        "question": "a, b; c\td",
        "answer": "two\nlines",
        "context": '["p", "q"]',
        "note": "  =1 ",
    }


def test_an_empty_cell_is_no_reference_and_no_context_but_is_an_answer(tmp_path: Path) -> None:
    [row] = rows_of(csv_file(tmp_path, "prompt,completion,reference,context\nx,,,\n"))
    assert (row.item.completion, row.item.reference, row.item.context) == ("", None, None)


def test_a_place_is_the_line_on_which_a_record_begins(tmp_path: Path) -> None:
    text = 'prompt,completion\n"a\nb\nc",x\n\ny\n'
    with pytest.raises(RequestError, match=r"in\.csv:6: has 1 cells, the header has 2"):
        rows_of(csv_file(tmp_path, text))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "holds no row"),
        ("\n\n", "holds no row"),
        ("prompt,completion\n", "holds no line"),
        ("prompt,text\nx,y\n", r"in\.csv:1:completion: is missing .*; found: prompt, text"),
        ("prompt;text\nx;y\n", r"in\.csv:1:completion: is missing .*; found: prompt, text"),
        ("prompt,completion,k,k\nx,y,1,2\n", r"in\.csv:1:k: the header names this column twice"),
        ("prompt,completion,context\nx,y,z\n", r"in\.csv:2:context: must be a JSON list"),
        ('prompt,completion,context\nx,y,"[1]"\n', r"in\.csv:2:context\.0: "),
        ("id,prompt,completion\n2,x,y\n,x,y\n", r"in\.csv:3:id: .*in\.csv:2 has the same id '2'"),
        ('prompt,completion\n"x,y\nz,w\n', r"in\.csv:2: no CSV"),
        ('prompt,completion\n"x"z,y\n', r"in\.csv:2: no CSV"),
    ],
)
def test_what_is_wrong_with_a_csv_is_said(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(RequestError, match=says):
        survey(table_of(csv_file(tmp_path, text)))


def test_another_encoding_has_to_be_named(tmp_path: Path) -> None:
    text = "prompt,completion\nx,y\nWert,Größe\n"
    file = csv_file(tmp_path, text, "cp1252")
    with pytest.raises(RequestError, match=r"in\.csv:3: not utf-8 \(byte 7 of the line\).*--encoding"):
        rows_of(file)
    assert rows_of(file, encoding="cp1252")[1].item.completion == "Größe"
    wide = csv_file(tmp_path, text, "utf-16")
    with pytest.raises(RequestError, match="looks like UTF-16; say --encoding utf-16"):
        rows_of(wide)
    assert rows_of(wide, encoding="utf-16")[1].item.completion == "Größe"
    for unknown in ("klingon", "rot13"):
        with pytest.raises(ConfigurationError, match=f"--encoding: there is no encoding '{unknown}'"):
            rows_of(file, encoding=unknown)


def test_a_long_cell_is_no_error_of_the_csv(tmp_path: Path) -> None:
    [row] = rows_of(csv_file(tmp_path, f"prompt,completion\nx,{'y' * 200_000}\n"))
    assert len(row.item.completion) == 200_000
