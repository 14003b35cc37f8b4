"""Pages that are watched: nothing may go wrong in them behind a test's back."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Dialog, Page

READY_MS = 60_000
TIMEOUT_MS = 30_000
FAILED_REQUEST = "Failed to load resource"

LISTEN = """
addEventListener("securitypolicyviolation", (event) => {
  console.error(`policy violated: ${event.violatedDirective} ${event.blockedURI}`);
});
"""


class Watched:
    """Opens pages and notes what must not happen: errors on the console, exceptions, dialogs, violations of
    the content security policy, requests to another server than the page's own.

    Args:
        browser: in which each page gets a profile of its own.
    """

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._contexts: list[BrowserContext] = []
        self.wrong: list[str] = []
        self.requests: list[str] = []
        self.refusals_expected = False
        """Chromium reports every answer with an error's status on its console; a test that provokes one says
        so here."""

    def open(self, url: str, fragment: str = "", *, ready: bool = True, **context: Any) -> Page:
        """A page of the server at `url`.

        Args:
            url: the server's address.
            fragment: the view, such as `#/file`.
            ready: wait until the page says that the server is.
            context: options of Playwright's context, such as `viewport`.
        """
        profile = self._browser.new_context(**context)
        profile.set_default_timeout(TIMEOUT_MS)
        profile.add_init_script(LISTEN)
        self._contexts.append(profile)
        page = profile.new_page()
        page.on("console", lambda message: self._console(message.type, message.text))
        page.on("pageerror", lambda error: self.wrong.append(f"exception: {error}"))
        page.on("dialog", self._dialog)
        page.on("request", lambda request: self._request(request.url, url))
        page.goto(f"{url}/{fragment}")
        if ready:
            page.wait_for_selector(".light.ready", timeout=READY_MS)
        return page

    def close(self) -> None:
        """Close every page.

        Raises:
            AssertionError: something went wrong in one of them.
        """
        for context in self._contexts:
            context.close()
        assert self.wrong == []
        assert self.requests, "no request was seen, so nothing was watched"

    def _console(self, kind: str, text: str) -> None:
        if kind not in {"error", "warning"}:
            return
        if self.refusals_expected and text.startswith(FAILED_REQUEST):
            return
        self.wrong.append(f"console: {text}")

    def _dialog(self, dialog: Dialog) -> None:
        self.wrong.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _request(self, address: str, server: str) -> None:
        self.requests.append(address)
        if not address.startswith((f"{server}/", "blob:", "data:")):
            self.wrong.append(f"request to {address}")


def overflow(page: Page) -> int:
    """Pixels by which the page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def keep_picture(page: Page, name: str, folder: Path) -> Path:
    """A picture of the whole page, in the folder that `SCREENSHOTS` names, else in `folder`."""
    kept = Path(os.environ.get("SCREENSHOTS") or folder)
    kept.mkdir(parents=True, exist_ok=True)
    path = kept / f"{name}.png"
    page.screenshot(path=path, full_page=True)
    return path
