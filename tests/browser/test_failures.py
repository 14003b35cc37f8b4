"""What goes wrong is told in words, where it went wrong; a request can be given up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import KEY
from tests.browser.steps import GOOD, REFERENCE, score, write
from tests.browser.watching import Watched
from tests.support.fake_server import FakeServer

if TYPE_CHECKING:
    from playwright.sync_api import Page

expect = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed").expect

TOO_LONG = "x" * 40_001


@pytest.fixture(scope="module")
def slow_server() -> Iterator[FakeServer]:
    with FakeServer(delay_s=1.5) as server:
        yield server


@pytest.fixture
def page(watched: Watched, fake_server: FakeServer) -> Page:
    watched.refusals_expected = True
    return watched.open(fake_server.url)


@pytest.mark.parametrize("field", ["question", "answer", "other", "reference", "passages"])
def test_a_text_that_is_too_long_is_told_beside_its_field(page: Page, field: str) -> None:
    texts: dict[str, str] = {"answer": GOOD, "reference": REFERENCE, "other": GOOD, "passages": "One."}
    write(page, **(texts | {field: TOO_LONG}))
    page.click("#submit")
    told = page.locator(f"#{field}-error")
    expect(told).to_have_text("Has 40001 characters, 40000 are allowed")
    expect(page.locator(f"#{field}")).to_be_focused()
    described = str(page.get_attribute(f"#{field}", "aria-describedby")).split()
    assert f"{field}-error" in described
    expect(page.locator("#cancel")).to_be_hidden()


def test_a_server_that_went_away_is_told_and_may_come_back(watched: Watched) -> None:
    watched.refusals_expected = True
    with FakeServer() as server:
        page = watched.open(server.url)
        write(page, reference=REFERENCE)
        server.kill()
        page.click("#submit")
        expect(page.locator("#answer-error-box")).to_contain_text("The server can’t be reached.")
        server.start()
        page.get_by_role("button", name="Try again").click()
        page.wait_for_selector(".head")
        expect(page.locator("#answer-error-box")).to_be_empty()


def test_a_busy_server_is_told_with_the_time_to_wait(page: Page) -> None:
    page.route(
        "**/score",
        lambda route: route.fulfill(
            status=503,
            headers={"Retry-After": "7", "Content-Type": "application/json"},
            body='{"error": {"code": "overloaded", "message": "the queue is full", "where": null}}',
        ),
    )
    write(page, reference=REFERENCE)
    page.click("#submit")
    expect(page.locator("#answer-error-box")).to_contain_text("The queue is full. Try again in 7 s.")


def test_a_check_that_fails_leaves_the_scores_standing(page: Page) -> None:
    page.route(
        "**/check",
        lambda route: route.fulfill(
            status=500,
            content_type="application/json",
            body='{"error": {"code": "internal", "message": "the checker broke", "where": null}}',
        ),
    )
    write(page, reference=REFERENCE)
    score(page)
    expect(page.locator(".head")).to_contain_text("No verdict. The checker broke.")
    expect(page.locator(".score").first).to_be_visible()


def test_a_request_can_be_cancelled(watched: Watched, slow_server: FakeServer) -> None:
    page = watched.open(slow_server.url)
    write(page, reference=REFERENCE)
    page.click("#submit")
    page.click("#cancel")
    expect(page.locator("#answer-status")).to_have_text("Cancelled")
    expect(page.locator("#cancel")).to_be_hidden()
    expect(page.locator(".head")).to_have_count(0)


def test_a_second_submit_gives_up_the_first(watched: Watched, slow_server: FakeServer) -> None:
    page = watched.open(slow_server.url)
    ended: list[str] = []
    page.on("requestfailed", lambda request: ended.append(request.url))
    write(page, reference=REFERENCE)
    page.click("#submit")
    expect(page.locator("#cancel")).to_be_visible()
    page.fill("#answer", "Profit is a form of surplus value, and workers produce it in unpaid hours.")
    page.click("#submit")
    page.wait_for_selector("#answer-result:not(.stale) .head")
    expect(page.locator(".marked")).to_contain_text("Profit is a form")
    assert f"{slow_server.url}/score" in ended


def test_the_key_is_asked_for_and_kept_in_this_tab_only(watched: Watched, keyed_server: FakeServer) -> None:
    watched.refusals_expected = True
    page = watched.open(keyed_server.url, ready=False)
    dialog = page.locator("#key-dialog")
    expect(dialog).to_be_visible()
    expect(page.locator("#key")).to_be_focused()
    page.keyboard.type("no such key")
    page.keyboard.press("Enter")
    expect(page.locator("#key-message")).to_contain_text("no spaces")
    page.fill("#key", "wrong")
    page.keyboard.press("Enter")
    expect(page.locator("#key-message")).to_contain_text("did not fit")
    page.fill("#key", KEY)
    page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    page.wait_for_selector(".light.ready")
    write(page, reference=REFERENCE)
    score(page)
    assert page.evaluate("JSON.stringify(Object.values(sessionStorage))") == f'["{KEY}"]'
    assert page.evaluate("localStorage.length") == 0
    assert page.evaluate("document.cookie") == ""
    page.reload()
    page.wait_for_selector(".light.ready")
    expect(dialog).to_be_hidden()
    assert not any(KEY in address for address in watched.requests)


def test_a_key_that_is_not_given_stops_nothing_but_the_request(
    watched: Watched, keyed_server: FakeServer
) -> None:
    watched.refusals_expected = True
    page = watched.open(keyed_server.url, ready=False)
    page.locator("#key-dialog").wait_for()
    page.keyboard.press("Escape")
    expect(page.locator("#server")).to_contain_text("no key")
    write(page)
    page.click("#submit")
    page.fill("#key", KEY)
    page.keyboard.press("Enter")
    page.wait_for_selector(".head")
    page.wait_for_selector(".light.ready")
