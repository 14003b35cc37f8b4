"""The view "File": what is read of a file, what is scored, and what is exported."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.steps import FORMAT, ROWS, Choose, choose_only, column, exported_rows, many_rows
from tests.browser.watching import Watched
from tests.support.fake_server import FakeServer

if TYPE_CHECKING:
    from playwright.sync_api import Page

expect = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed").expect


@pytest.fixture
def page(watched: Watched, fake_server: FakeServer) -> Page:
    return watched.open(fake_server.url, "#/file")


def test_rows_are_scored_sorted_filtered_and_exported(page: Page, choose: Choose) -> None:
    choose("answers.jsonl", "\n".join(json.dumps(row) for row in many_rows()))
    expect(page.locator(".understood")).to_contain_text("instruction")
    expect(page.locator(".plan")).to_contain_text("Kept for the export: author, year.")
    choose_only(page, FORMAT)
    page.click("#file-start")
    expect(page.locator(".run .status")).to_contain_text(f"{ROWS} of {ROWS} rows")
    expect(page.locator(".run .status")).to_contain_text("rows a second · finished")
    body = page.locator("table.rows tbody tr")
    expect(body).to_have_count(50)

    header = page.locator(f"th[data-column={FORMAT}]")
    header.locator("button").click()
    expect(header).to_have_attribute("aria-sort", "ascending")
    assert column(page, 2) == ["0.00"] * 50
    header.locator("button").click()
    expect(header).to_have_attribute("aria-sort", "descending")
    expect(page.locator("th[aria-sort]")).to_have_count(1)
    assert column(page, 2) == ["+3.00"] * 50
    page.get_by_role("button", name="Next").click()
    expect(page.locator(".pager")).to_contain_text("page 2 of 5")

    page.fill("[data-filter=least]", "3")
    expect(page.locator("#file-table [role=status]")).to_contain_text(f"of {ROWS // 2} rows ({ROWS} in all)")
    page.fill("[data-filter=text]", "QUESTION 17")
    expect(body).to_have_count(6)  # 17, 171, 173, … 179: only odd ones are well formed
    page.check("[data-filter=unscorable]")
    expect(page.locator("#file-table [role=status]")).to_have_text("No row is left under this filter.")

    exported = exported_rows(page)
    assert len(exported) == ROWS
    assert list(exported[0]) == [
        "instruction",
        "response",
        "author",
        "year",
        FORMAT,
        f"{FORMAT}_reason",
        "fingerprint",
    ]
    for row, source in zip(exported, many_rows(), strict=True):
        assert row["instruction"] == source["instruction"]
        assert row["response"] == source["response"]
        assert row["year"] == str(source["year"])
        assert row[FORMAT] == ("3" if "</think>" in source["response"] else "0")
        assert row[f"{FORMAT}_reason"] == ""
        assert row["fingerprint"]


def test_unscorable_rows_have_their_reason_in_table_andexported_rows(page: Page, choose: Choose) -> None:
    rows = [
        {"prompt": "What is value?", "completion": "Labour.", "reference": ref}
        for ref in ("Labour time.", None)
    ]
    choose("some.jsonl", "\n".join(map(json.dumps, rows)))
    choose_only(page, "completeness_reward")
    page.click("#file-start")
    expect(page.locator(".run .status")).to_contain_text("finished")
    page.check("[data-filter=unscorable]")
    expect(page.locator("table.rows tbody tr")).to_have_count(1)
    expect(page.locator("td.reason")).to_have_text("no reference was given")
    exported = exported_rows(page)
    assert exported[0]["completeness_reward"] != ""
    assert exported[1]["completeness_reward"] == ""
    assert exported[1]["completeness_reward_reason"] == "no reference was given"


def test_bad_rows_are_named_before_anything_is_sent(page: Page, watched: Watched, choose: Choose) -> None:
    good = {"question": "What is value?", "answer": "Labour.", "reference": None, "context": ["One."]}
    lines: list[Any] = [
        good,
        "no json",
        [1],
        good | {"answer": 7},
        good | {"question": "  "},
        {"question": "Alone?"},
        good | {"context": [1]},
        good | {"reference": "x" * 40_001},
        good | {"answer": [{"role": "robot", "content": "Hello."}]},
        good | {"answer": [{"role": "assistant", "content": "Hello."}]},
    ]
    choose(
        "bad.jsonl", "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines) + "\n\n"
    )
    told = [
        "Line 2, the whole line is no JSON",
        "Line 3, the whole line is no JSON object",
        "Line 4, answer is neither a text nor a list of chat messages",
        "Line 5, question is empty",
        "Line 6, answer is missing",
        "Line 7, context is no list of texts",
        "Line 8, reference has 40,001 characters, 40,000 are allowed",
        "Line 9, answer is neither a text nor a list of chat messages",
    ]
    expect(page.locator(".plan .notice li")).to_have_text(told)
    expect(page.locator(".plan .notice p")).to_have_text("8 rows can’t be scored and are left out:")
    expect(page.locator("#file-start")).to_have_text("Score 2 rows")
    assert not any(address.endswith("/score") for address in watched.requests)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_as_spreadsheets_write_it(page: Page, choose: Choose, delimiter: str) -> None:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow(["ID", "Question", "Answer", "Reference", "note"])
    writer.writerow(
        ["a", "What is value,\nsaid “plainly”?", '<think>x</think>It is "labour"; time\tindeed.', "", "=1+1"]
    )
    writer.writerow(["b", "And price?", "Its form.", "The form of value.", "-5"])
    writer.writerow(["c", "And profit?", "Another.", "", "-5 apples"])
    choose("sheet.csv", "\ufeff" + text.getvalue() + delimiter.join(["d", "too few"]) + "\r\n\r\n")
    told = page.locator(".plan .notice li")
    expect(told).to_have_text(["Line 6, the whole row has 2 cells, the first line has 5"])
    choose_only(page, FORMAT)
    page.click("#file-start")
    expect(page.locator(".run .status")).to_contain_text("3 of 3 rows")
    exported = exported_rows(page)
    assert [row["Question"] for row in exported] == [
        "What is value,\nsaid “plainly”?",
        "And price?",
        "And profit?",
    ]
    assert exported[0]["Answer"] == '<think>x</think>It is "labour"; time\tindeed.'
    # A formula is disarmed, a number stays a number.
    assert [row["note"] for row in exported] == ["'=1+1", "-5", "'-5 apples"]
    assert [row[FORMAT] for row in exported] == ["3", "0", "0"]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("empty.csv", "", "The file is empty."),
        ("open.csv", 'question,answer\n"never closed,x\n', "Line 2: a quotation mark is never closed."),
        (
            "after.csv",
            'question,answer\n"a"b,x\n',
            "Line 2: something stands behind a closing quotation mark.",
        ),
        ("twice.csv", "answer,answer,question\nx,y,z\n", "Two columns are called “answer”."),
        (
            "none.csv",
            "q,answer\nx,y\n",
            "No column holds the question: it would be called prompt, question, instruction.",
        ),
        (
            "many.csv",
            "question,answer\n" + "x,y\n" * 1001,
            "The file has 1,001 rows; this page takes 1,000 at once.",
        ),
    ],
)
def test_files_that_cant_be_read_say_why(
    page: Page, choose: Choose, name: str, content: str, words: str
) -> None:
    choose(name, content)
    expect(page.locator("#file-problem")).to_contain_text(words)
    expect(page.locator("#file-start")).to_have_count(0)


def test_a_file_that_is_not_in_utf8_says_so(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "latin.csv"
    file.write_bytes("question,answer\nWas ist Mehrwert für Marx?,Größe\n".encode("latin-1"))
    page.set_input_files("#file-input", file)
    expect(page.locator("#file-problem")).to_contain_text("not in UTF-8")


def test_a_file_can_be_dropped(page: Page) -> None:
    content = "question,answer\nWhat is value?,Labour.\n"
    transfer = page.evaluate_handle(
        """(text) => {
          const data = new DataTransfer();
          data.items.add(new File([text], "dropped.csv"));
          return data;
        }""",
        content,
    )
    page.dispatch_event("#drop", "drop", {"dataTransfer": transfer})
    expect(page.locator("#file-start")).to_have_text("Score 1 row")


def test_a_row_opens_in_the_view_answer_and_the_table_is_kept(page: Page, choose: Choose) -> None:
    choose(
        "one.csv", "question,answer,context\nWhat is value?,Labour time makes value.,A passage.\nWhy?,So.,\n"
    )
    choose_only(page, FORMAT)
    page.click("#file-start")
    expect(page.locator(".run .status")).to_contain_text("finished")
    page.locator("table.rows tbody tr").first.locator("td").last.click()
    expect(page.locator("#question")).to_have_value("What is value?")
    expect(page.locator("#passages")).to_have_value("A passage.")
    page.wait_for_selector("#answer-result .head")
    page.click("nav [data-view=file]")
    expect(page.locator("table.rows tbody tr")).to_have_count(2)
