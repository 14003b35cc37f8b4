"""The view "File" while it scores: many rows, a stop, a server that goes away."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.steps import FORMAT, ROWS, Choose, choose_only, exported_rows, many_rows
from tests.browser.watching import Watched
from tests.support.fake_server import FakeServer

if TYPE_CHECKING:
    from playwright.sync_api import Page

expect = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed").expect


@pytest.fixture
def page(watched: Watched, fake_server: FakeServer) -> Page:
    return watched.open(fake_server.url, "#/file")


def test_a_thousand_rows_stay_quick(page: Page, choose: Choose) -> None:
    rows = [{"prompt": f"Question {n}?", "completion": "Value is labour time. " * 20} for n in range(1000)]
    choose("thousand.jsonl", "\n".join(map(json.dumps, rows)))
    choose_only(page, FORMAT)
    page.click("#file-start")
    expect(page.locator(".run .status")).to_contain_text("1,000 of 1,000 rows", timeout=120_000)
    spent = page.evaluate(
        """() => {
          const start = performance.now();
          for (const button of document.querySelectorAll("th button")) {
            button.click();
            document.body.getBoundingClientRect();
          }
          return (performance.now() - start) / document.querySelectorAll("th button").length;
        }"""
    )
    print(f"\nsorting 1,000 rows: {spent:.0f} ms")
    assert spent < 500
    assert page.locator("table.rows tbody tr").count() == 50


def test_a_run_is_cancelled_and_continued(page: Page, choose: Choose) -> None:
    sent: list[int] = []
    page.on("request", lambda request: _note(request.url, request.post_data, sent))
    choose("answers.jsonl", "\n".join(json.dumps(row) for row in many_rows()))
    choose_only(page, FORMAT)
    held = []
    page.route("**/score", lambda route: held.append(route) if len(sent) > 3 else route.continue_())
    page.click("#file-start")
    expect(page.locator(".run .status")).to_contain_text(f"36 of {ROWS} rows")
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator(".run .status")).to_contain_text("stopped")
    assert len(exported_rows(page)) == ROWS
    page.unroute("**/score")
    page.get_by_role("button", name="Continue").click()
    expect(page.locator(".run .status")).to_contain_text(f"{ROWS} of {ROWS} rows")
    # The one that was held is sent again, and nothing else.
    assert sum(sent) == ROWS + 12
    assert all(row[FORMAT] for row in exported_rows(page))


def test_a_run_outlives_its_server(watched: Watched, tmp_path: Path) -> None:
    watched.refusals_expected = True
    file = tmp_path / "answers.jsonl"
    file.write_text("\n".join(json.dumps(row) for row in many_rows()))
    with FakeServer() as server:
        page = watched.open(server.url, "#/file")
        page.set_input_files("#file-input", file)
        choose_only(page, FORMAT)
        done = 0

        def count(route: Any) -> None:
            nonlocal done
            done += 1
            if done == 5:
                server.kill()
            route.continue_()

        page.route("**/score", count)
        page.click("#file-start")
        expect(page.locator("#file-run .notice")).to_contain_text("can’t be reached")
        expect(page.locator(".run .status")).to_contain_text(f"48 of {ROWS} rows")
        server.start()
        page.get_by_role("button", name="Continue").click()
        expect(page.locator(".run .status")).to_contain_text("finished")
        assert all(row[FORMAT] for row in exported_rows(page))


def test_a_row_that_the_server_refuses_does_not_stop_the_others(
    page: Page, watched: Watched, choose: Choose
) -> None:
    watched.refusals_expected = True
    conversation = [{"role": "system", "content": "There is no user in this one."}]
    rows = [
        {"prompt": "Why?", "completion": "So."},
        {"prompt": conversation, "completion": "So."},
        {"prompt": "And?", "completion": "So."},
    ]
    choose("refused.jsonl", "\n".join(map(json.dumps, rows)))
    choose_only(page, FORMAT)
    page.click("#file-start")
    expect(page.locator(".run .status")).to_contain_text("3 of 3 rows")
    exported = exported_rows(page)
    assert [row[FORMAT] for row in exported] == ["0", "", "0"]
    assert "no message has the role user" in exported[1][f"{FORMAT}_reason"]


def _note(url: str, body: str | None, sent: list[int]) -> None:
    if url.endswith("/score") and body:
        sent.append(len(json.loads(body)["items"]))
