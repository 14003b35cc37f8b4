"""Light and dark, wide and narrow, mouse or keyboard: the page can be read and used."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest

from tests.browser.steps import GOOD, REFERENCE, REVERSED, score, write
from tests.browser.watching import Watched, keep_picture, overflow
from tests.support.fake_server import FakeServer

if TYPE_CHECKING:
    from playwright.sync_api import Page

expect = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed").expect

Scheme = Literal["light", "dark"]
WIDTHS = (360, 768, 1440)
AA, AA_LARGE = 4.5, 3.0
LARGE_PX, LARGE_BOLD_PX = 24.0, 18.66
CONTRASTS = Path(__file__).with_name("contrasts.js")


@pytest.fixture(params=["light", "dark"])
def scheme(request: pytest.FixtureRequest) -> Scheme:
    return "light" if request.param == "light" else "dark"


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_wider_than_the_window_and_all_can_be_read(
    watched: Watched, real_server: str, scheme: Scheme, width: int, tmp_path: Path
) -> None:
    page = watched.open(real_server, viewport={"width": width, "height": 900}, color_scheme=scheme)
    _look(page, f"empty-{scheme}-{width}", tmp_path)
    passages = f"{REFERENCE}\n---\nThe first volume appeared in Hamburg."
    write(page, answer=f"<think>Hm.</think>{GOOD} {REVERSED} And", reference=REFERENCE, passages=passages)
    score(page)
    page.locator("button.claim").first.click()
    page.click("[data-reward=nli_coherence_reward] summary")
    _look(page, f"answer-{scheme}-{width}", tmp_path)
    page.check("#pair")
    page.fill("#other", REVERSED)
    score(page)
    _look(page, f"pair-{scheme}-{width}", tmp_path)
    page.click("nav [data-view=file]")
    file = tmp_path / "some.jsonl"
    rows = [
        {"prompt": f"Question {n}?", "completion": GOOD, "reference": REFERENCE if n else None}
        for n in range(3)
    ]
    file.write_text("\n".join([*map(json.dumps, rows), "no json"]))
    page.set_input_files("#file-input", file)
    page.locator("label", has_text="completeness_reward").locator("input").check()
    page.click("#file-start")
    expect(page.locator(".run .status")).to_contain_text("finished")
    _look(page, f"file-{scheme}-{width}", tmp_path)
    page.click("nav [data-view=reviews]")
    page.locator(".entry").first.click()
    page.wait_for_selector("[data-review]")
    _look(page, f"reviews-{scheme}-{width}", tmp_path)


def test_the_keyboard_alone_scores_an_answer_and_reads_its_marks(watched: Watched, real_server: str) -> None:
    page = watched.open(real_server)
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    _tab_to(page, "#question")
    page.keyboard.type("What is surplus value?")
    _tab_to(page, "#answer")
    page.keyboard.insert_text(GOOD)
    _tab_to(page, "#reference")
    page.keyboard.insert_text(REFERENCE)
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".head")
    _tab_to(page, "button.claim")
    page.keyboard.press("Enter")
    expect(page.locator("button.claim").first).to_have_attribute("aria-pressed", "true")
    assert page.locator(".marked .lit").count() > 0
    page.keyboard.press("Escape")
    expect(page.locator("button.claim").first).to_have_attribute("aria-pressed", "false")


def test_the_keyboard_alone_changes_the_view(watched: Watched, fake_server: FakeServer) -> None:
    page = watched.open(fake_server.url)
    _tab_to(page, "nav [data-view=file]")
    page.keyboard.press("Enter")
    expect(page.locator("#file-title")).to_be_focused()
    expect(page.locator("nav [aria-current=page]")).to_have_text("File")
    assert page.title() == "File – Touchstone"
    _tab_to(page, "#file-input")
    page.go_back()
    expect(page.locator("#view-answer")).to_be_visible()


def test_everything_that_can_be_pressed_or_filled_has_a_name(watched: Watched, real_server: str) -> None:
    page = watched.open(real_server)
    write(page, answer=f"{GOOD} {REVERSED}", reference=REFERENCE, passages=REFERENCE)
    score(page)
    for view in ("answer", "file", "reviews"):
        page.click(f"nav [data-view={view}]")
        expect(page.locator(f"#view-{view}")).to_be_visible()  # the address changes first, the view after it
        if view == "reviews":
            expect(page.locator("#reviews-body [role=status]")).not_to_be_empty()
        for kind in ("button", "textbox", "checkbox", "combobox", "link"):
            for element in page.get_by_role(kind).all():
                html = str(element.evaluate("(each) => each.outerHTML"))
                assert element.aria_snapshot().split("\n")[0].count('"') >= 2, html


def _tab_to(page: Page, selector: str) -> None:
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"the keyboard does not reach {selector}")


def _look(page: Page, name: str, folder: Path) -> None:
    """Keep a picture, and hold the page to its width and to the contrasts of WCAG 2.2 AA."""
    keep_picture(page, name, folder)
    assert overflow(page) <= 0, name
    weak = [
        each
        for each in page.evaluate(CONTRASTS.read_text(encoding="utf-8"))
        if each["contrast"]
        < (AA_LARGE if each["size"] >= (LARGE_BOLD_PX if each["bold"] else LARGE_PX) else AA)
    ]
    assert weak == [], name
