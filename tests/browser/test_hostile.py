"""Whatever stands in a text is shown as text: nothing of it runs, loads or becomes an element."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.browser.steps import score, write
from tests.browser.watching import Watched, overflow
from tests.support.fake_server import FakeServer

if TYPE_CHECKING:
    from playwright.sync_api import Page

expect = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed").expect

HOSTILE = {
    "script": "<script>alert(1)</script><script src='https://evil.example/x.js'></script>",
    "image": "<img src=x onerror=alert(1)><img src='https://evil.example/x.png'>",
    "attribute": "\"><svg onload=alert(1)><a href='javascript:alert(1)'>here</a>",
    "style": "</style><style>@import url(https://evil.example/x.css); body { display: none }</style>",
    "template": "{{constructor.constructor('alert(1)')()}} ${alert(1)}",
    "frame": "<iframe srcdoc='<script>alert(1)</script>'></iframe><object data='https://evil.example'></object>",
    "overrides": "\u202egnirts desrever a\u202c \u2066isolated \u200bzero\u200dwidth\u2069 \u061c",
    "control": "before\x00after \x1b[31mred \x07 \ufffe \ud83d",
    "emoji": "👩‍👩‍👧‍👦🏳️‍🌈 é́́́́ " * 20,
    "long": "surplus value " * 2857 + "x",
    "one word": "x" * 40_000,
    "prototype": "__proto__ constructor toString hasOwnProperty",
}
FOREIGN = (
    "script[src*=evil], script:not([src]), iframe, object, embed, img, style, svg, "
    "[onerror], [onload], a[href^=javascript]"
)


@pytest.fixture
def page(watched: Watched, fake_server: FakeServer) -> Page:
    # A text of strange characters may be refused; that is told in words like any other failure.
    watched.refusals_expected = True
    return watched.open(fake_server.url, viewport={"width": 360, "height": 740})


@pytest.mark.parametrize("text", HOSTILE.values(), ids=list(HOSTILE))
def test_hostile_texts_in_every_field_stay_texts(page: Page, text: str) -> None:
    assert len(text) <= 40_000
    write(
        page,
        question=text,
        answer=f"{text} Workers sell labour power.",
        reference=text,
        passages=text,
        other=text,
    )
    if len(text) > 39_000:
        page.fill("#answer", text)
    page.click("#submit")
    page.wait_for_selector(
        "#answer-result:not(.stale) .head, .error:not([hidden]), #answer-error-box .notice"
    )
    for summary in page.locator(".score > summary").all():
        summary.click()
    _nothing_foreign(page)
    assert overflow(page) <= 0


def test_hostile_words_stay_readable(page: Page) -> None:
    write(page, answer=f"Capital is {HOSTILE['image']} a relation.", reference=HOSTILE["script"])
    score(page)
    expect(page.locator(".marked")).to_contain_text("<img src=x onerror=alert(1)>")


@pytest.mark.parametrize("kind", ["jsonl", "csv"])
def test_hostile_rows_stay_texts(page: Page, kind: str, tmp_path: Path) -> None:
    rows = [
        {"prompt": text, "completion": text, "id": text[:200], "<img src=x onerror=alert(1)>": text}
        for name, text in HOSTILE.items()
        if name != "control"
    ]
    file = tmp_path / f"<img src=x onerror=alert(1)>.{kind}"
    if kind == "jsonl":
        file.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    else:
        with file.open("w", encoding="utf-8", newline="") as output:
            writer = csv.DictWriter(output, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    page.click("nav [data-view=file]")
    page.set_input_files("#file-input", file)
    page.locator("label", has_text="match_format_exactly").locator("input").check()
    page.locator("label", has_text="full_coherence_reward").locator("input").uncheck()
    page.click("#file-start")
    expect(page.locator(".run .status")).to_contain_text("finished")
    expect(page.locator("table.rows tbody tr")).to_have_count(len(rows))
    _nothing_foreign(page)
    assert overflow(page) <= 0


def test_hostile_checks_stay_texts(watched: Watched, real_server: str) -> None:
    kept = []
    for text in HOSTILE.values():
        if len(text) < 10_000:
            answer = {"question": f"{text[:2000]}?", "answer": f"{text} And the", "context": [text]}
            body = json.dumps(answer)  # escaped, as a lone surrogate can't be sent in UTF-8
            sent = httpx.post(
                f"{real_server}/check",
                content=body,
                headers={"Content-Type": "application/json"},
                trust_env=False,
                timeout=60,
            )
            assert sent.status_code == httpx.codes.OK, sent.text
            kept.append(sent.json()["record_id"])
    page = watched.open(real_server, "#/reviews", viewport={"width": 360, "height": 740})
    page.select_option("[name=verdict]", "all")
    page.wait_for_selector(f".entry[data-id='{kept[0]}']")
    _nothing_foreign(page)
    for identity in kept:
        page.evaluate("(id) => { location.hash = `#/reviews/${id}`; }", identity)
        page.wait_for_selector(f"[data-review='{identity}']")
        _nothing_foreign(page)
        assert overflow(page) <= 0


def test_hostile_addresses_lead_nowhere(watched: Watched, fake_server: FakeServer) -> None:
    watched.refusals_expected = True
    for fragment in (
        "#/<img src=x onerror=alert(1)>",
        "#/__proto__",
        "#/constructor",
        "#/answer/%E0%A4%A",
        "#//evil.example",
    ):
        page = watched.open(fake_server.url, fragment)
        expect(page.locator("#view-answer")).to_be_visible()
        _nothing_foreign(page)


def _nothing_foreign(page: Page) -> None:
    found = page.locator(FOREIGN)
    assert [each.evaluate("(element) => element.outerHTML") for each in found.all()] == []
