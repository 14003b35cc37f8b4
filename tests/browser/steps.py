"""What people do on the page, and the texts that they do it with."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Page

Choose = Callable[[str, str], None]
"""Chooses a file with a name and a content."""

QUESTION = "What is surplus value?"
REFERENCE = (
    "Surplus value is the difference between the value that labour creates and the value of labour power. "
    "The capitalist appropriates it because he owns the means of production. "
    "Marx sets this out in Capital, published in 1867."
)
GOOD = (
    "Surplus value is the difference between the value that labour creates and the value of labour power. "
    "Because the capitalist owns the means of production, he appropriates it. "
    "However, profit, interest and rent are only its forms, as Marx shows in Capital, published in 1867."
)
REVERSED = "Marx sets this out in Capital, published in 1848."
ROWS = 230
"""Of `many_rows`."""
FORMAT = "match_format_exactly"
"""A reward that is there at once."""
SELF_CONTRADICTING = (
    "Surplus value, as Marx shows, comes from unpaid labour 😀. "
    "Surplus value does not exist. Surplus value exists in every hour of unpaid labour."
)


def write(
    page: Page,
    *,
    question: str = QUESTION,
    answer: str = GOOD,
    reference: str = "",
    passages: str = "",
    other: str | None = None,
) -> None:
    """Fill the form of the view "Answer"."""
    page.fill("#question", question)
    page.fill("#answer", answer)
    page.fill("#reference", reference)
    if passages:
        page.evaluate("document.querySelector('#passages-field').open = true")
        page.fill("#passages", passages)
    page.set_checked("#pair", other is not None)
    if other is not None:
        page.fill("#other", other)


def score(page: Page) -> None:
    """Press the button, and wait for the result."""
    page.click("#submit")
    page.wait_for_selector("#answer-result:not(.stale) .head")


def total(page: Page) -> float:
    """The total that is shown."""
    shown = page.get_attribute(".head", "data-total")
    assert shown, "no total is shown"
    return float(shown)


def many_rows() -> list[dict[str, Any]]:
    """Rows of which every other one is well formed."""
    return [
        {
            "instruction": f"Question {number}?",
            "response": ("<think>Hm.</think>" if number % 2 else "") + "Value is labour time, “congealed”.",
            "author": "Anon, A.",
            "year": 1900 + number,
        }
        for number in range(ROWS)
    ]


def choose_only(page: Page, reward: str) -> None:
    """Choose this reward and no other."""
    page.locator("label", has_text=reward).locator("input").check()
    page.locator(".boxes input[value=full_coherence_reward]").uncheck()


def column(page: Page, position: int) -> list[str]:
    """The cells of a column of the table, as they are shown."""
    return page.locator(f"table.rows tbody td:nth-child({position})").all_inner_texts()


def exported_rows(page: Page) -> list[dict[str, str]]:
    """What the export holds, column by name."""
    with page.expect_download() as download:
        page.get_by_role("button", name="Export CSV").click()
    content = Path(download.value.path()).read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))
