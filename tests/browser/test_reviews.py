"""The view "Reviews" on a real database: checks come in, people decide."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.browser.steps import GOOD, QUESTION
from tests.browser.watching import Watched
from tests.support.fake_server import FakeServer

if TYPE_CHECKING:
    from playwright.sync_api import Page

expect = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed").expect

BEGINNING = "Workers sell their labour power 😀 to the capitalist for a wage, as Marx shows in Capital."


@pytest.fixture
def kept(real_server: str) -> list[str]:
    """The ids of three checks that fail, the newest first."""
    ids = [
        _check(real_server, f"{QUESTION} ({number})", f"{BEGINNING} {'wage wage wage ' * 40}")
        for number in (1, 2, 3)
    ]
    return ids[::-1]


@pytest.fixture
def page(watched: Watched, real_server: str, kept: list[str]) -> Page:  # noqa: ARG001
    return watched.open(real_server, "#/reviews")


def test_checks_are_listed_and_a_decision_is_kept(page: Page, real_server: str, kept: list[str]) -> None:
    page.locator(f".entry[data-id='{kept[0]}']").click()
    detail = page.locator(f"[data-review='{kept[0]}']")
    expect(detail).to_contain_text(f"{QUESTION} (3)")
    detail.locator("#note").fill("A loop, <b>no doubt</b>.")
    detail.locator("[data-decide=rejected]").click()
    expect(detail).to_have_attribute("data-state", "rejected")
    expect(page.locator(f".entry[data-id='{kept[0]}'] .state")).to_have_text("rejected")
    review = _review(real_server, kept[0])
    assert (review["state"], review["note"]) == ("rejected", "A loop, <b>no doubt</b>.")

    page.locator("[data-decide=open]").click()
    expect(detail).to_have_attribute("data-state", "open")
    assert _review(real_server, kept[0])["state"] == "open"


def test_the_keyboard_is_enough(page: Page, real_server: str, kept: list[str]) -> None:
    expect(page.locator(".entry").first).to_have_attribute("data-id", kept[0])
    page.keyboard.press("j")
    expect(page.locator(f"[data-review='{kept[0]}']")).to_be_visible()
    page.keyboard.press("a")
    expect(page.locator(f"[data-review='{kept[0]}']")).to_have_attribute("data-state", "accepted")
    page.keyboard.press("j")
    expect(page.locator(f"[data-review='{kept[1]}']")).to_be_visible()
    page.keyboard.press("r")
    expect(page.locator(f"[data-review='{kept[1]}']")).to_have_attribute("data-state", "rejected")
    page.keyboard.press("k")
    expect(page.locator(f"[data-review='{kept[0]}']")).to_be_visible()
    page.focus("#note")
    page.keyboard.type("a jar")
    expect(page.locator("#note")).to_have_value("a jar")
    assert [_review(real_server, each)["state"] for each in kept] == ["accepted", "rejected", "open"]


def test_a_reason_leads_to_its_place(page: Page, kept: list[str]) -> None:
    """The emoji before the place counts one character for the server and two for the browser."""
    page.locator(f".entry[data-id='{kept[0]}']").click()
    page.locator("button.reason", has_text="loop").click()
    lit = "".join(page.locator(".marked .lit").all_inner_texts())
    assert lit.startswith("wage wage")
    assert lit.strip("wage ") == ""


def test_filters_reach_the_server(page: Page, real_server: str, kept: list[str]) -> None:
    _decide(real_server, kept[2], "accepted")
    passed = _check(real_server, f"{QUESTION} (fine)", GOOD)
    page.select_option("[name=state]", "accepted")
    expect(page.locator(f".entry[data-id='{kept[2]}']")).to_be_visible()
    expect(page.locator(f".entry[data-id='{kept[0]}']")).to_have_count(0)
    page.select_option("[name=state]", "all")
    page.select_option("[name=verdict]", "pass")
    expect(page.locator(f".entry[data-id='{passed}']")).to_be_visible()
    expect(page.locator(f".entry[data-id='{kept[0]}']")).to_have_count(0)
    page.select_option("[name=verdict]", "")
    page.select_option("[name=code]", "loop")
    expect(page.locator(f".entry[data-id='{kept[0]}']")).to_be_visible()
    page.fill("[name=contains]", "no such words at all")
    page.keyboard.press("Enter")
    expect(page.locator(".review-side")).to_contain_text("No check is kept that this filter lets through.")
    page.fill("[name=contains]", "labour power")
    page.fill("[name=since]", "2001-01-01")
    page.fill("[name=until]", "2001-01-02")
    page.keyboard.press("Enter")
    expect(page.locator(".entry")).to_have_count(0)
    page.fill("[name=until]", "2999-01-02")
    expect(page.locator(f".entry[data-id='{kept[0]}']")).to_be_visible()


def test_more_checks_than_a_page_are_fetched_on_demand(watched: Watched, real_server: str) -> None:
    for number in range(31):
        _check(real_server, f"Many ({number})?", "Yes. And the")
    page = watched.open(real_server, "#/reviews")
    page.fill("[name=contains]", "Many")
    page.keyboard.press("Enter")
    expect(page.locator(".entry")).to_have_count(30)
    page.get_by_role("button", name="Show more").click()
    expect(page.locator(".review-side [role=status]")).to_have_text(re.compile(r"^31 checks of 31$"))


def test_a_check_has_an_address(watched: Watched, real_server: str, kept: list[str]) -> None:
    watched.refusals_expected = True
    page = watched.open(real_server, f"#/reviews/{kept[1]}")
    expect(page.locator(f"[data-review='{kept[1]}']")).to_be_visible()
    page = watched.open(real_server, "#/reviews/no-such-check")
    expect(page.locator(".review-detail")).to_contain_text("This check is not kept (any more).")


def test_at_phone_width_list_and_check_take_turns(
    watched: Watched, real_server: str, kept: list[str]
) -> None:
    page = watched.open(real_server, "#/reviews", viewport={"width": 360, "height": 740})
    page.locator(f".entry[data-id='{kept[0]}']").click()
    expect(page.locator(f"[data-review='{kept[0]}']")).to_be_visible()
    expect(page.locator(".review-side")).to_be_hidden()
    page.click(".back a")
    expect(page.locator(".review-side")).to_be_visible()


def test_a_server_that_keeps_nothing_says_how_to_change_that(
    watched: Watched, fake_server: FakeServer
) -> None:
    watched.refusals_expected = True
    page = watched.open(fake_server.url, "#/reviews")
    expect(page.locator("#reviews-problem")).to_contain_text("REWARD_RECORD_CHECKS=true")
    expect(page.locator("#reviews-filter")).to_be_hidden()


def _check(server: str, question: str, answer: str) -> str:
    body = {"question": question, "answer": answer}
    response = httpx.post(f"{server}/check", json=body, trust_env=False, timeout=60)
    assert response.status_code == httpx.codes.OK, response.text
    return str(response.json()["record_id"])


def _review(server: str, identity: str) -> dict[str, Any]:
    return dict(httpx.get(f"{server}/reviews/{identity}", trust_env=False, timeout=30).json())


def _decide(server: str, identity: str, state: str) -> None:
    httpx.post(
        f"{server}/reviews/{identity}", json={"state": state}, trust_env=False, timeout=30
    ).raise_for_status()
