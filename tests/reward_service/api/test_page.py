"""The page's files over HTTP: their headers, what is kept, and what is not served."""

from __future__ import annotations

import re

import pytest

from reward_service.api.page import FOLDER, TYPES
from tests.reward_service.api.fake_scorer import FakeScorer
from tests.reward_service.api.serving import error_of, serving

pytestmark = pytest.mark.anyio

FILES = sorted(path for path in FOLDER.rglob("*") if path.is_file())


async def test_the_page_and_its_files_need_no_key_and_talk_to_nobody_else() -> None:
    async with serving(FakeScorer(), api_keys="secret") as client:
        assert len(FILES) > 10
        for path in ["/", *(f"/web/{each.relative_to(FOLDER).as_posix()}" for each in FILES)]:
            response = await client.get(path)
            assert response.status_code == 200, path
            policy = response.headers["content-security-policy"].split("; ")
            assert policy[0] == "default-src 'none'"
            assert {"script-src 'self'", "style-src 'self'", "connect-src 'self'"} <= set(policy)
            assert {"base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"} <= set(policy)
            assert "unsafe" not in response.headers["content-security-policy"]
            assert response.headers["x-content-type-options"] == "nosniff"
            assert response.headers["referrer-policy"] == "no-referrer"
        assert (await client.get("/rewards")).status_code == 401


async def test_a_file_that_the_browser_has_is_not_sent_again() -> None:
    async with serving(FakeScorer()) as client:
        first = await client.get("/")
        assert first.headers["content-type"] == "text/html; charset=utf-8"
        assert first.headers["cache-control"] == "no-cache"
        tag = first.headers["etag"]
        for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
            again = await client.get("/", headers={"If-None-Match": known})
            assert again.status_code == 304
            assert again.content == b""
            assert again.headers["etag"] == tag
            assert "content-security-policy" in again.headers
        assert (await client.get("/", headers={"If-None-Match": '"other"'})).status_code == 200


async def test_the_head_of_the_page_can_be_asked_for() -> None:
    async with serving(FakeScorer()) as client:
        head, page = await client.head("/"), await client.get("/")
        assert head.status_code == 200
        assert head.headers["etag"] == page.headers["etag"]


@pytest.mark.parametrize(
    "path",
    [
        "/web/",
        "/web/js",
        "/web/none.js",
        "/web/..%2fapi%2fpage.py",
        "/web/%2e%2e/__init__.py",
        "/web/..%2f..%2freward_service%2fweb%2f..%2faudit%2fpage.css",
        "/web/%2fetc%2fpasswd",
        "/web/js/main.js%00.css",
        "/web/js%00",
        "/web/" + "a" * 5000 + ".js",
    ],
)
async def test_nothing_else_is_served(path: str) -> None:
    async with serving(FakeScorer()) as client:
        response = await client.get(path)
        assert response.status_code == 404
        assert error_of(response)["code"] == "not_found"


def test_no_file_names_another_host_or_writes_markup() -> None:
    """Every text on the page is put there as text."""
    for path in FILES:
        assert path.suffix in TYPES
        text = path.read_text(encoding="utf-8")
        hosts = set(re.findall(r"(?:https?:)?//[\w.-]+\.\w+", text)) - {"http://www.w3.org"}
        assert hosts == set(), path
        for word in (
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "new Function",
        ):
            assert word not in text, (path, word)
        if path.suffix == ".html":
            assert re.search(r"\sstyle=|\son\w+=|<script>", text) is None
