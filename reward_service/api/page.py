"""`/`: the analysts' page; `/web/…`: its files."""

from __future__ import annotations

import hashlib
from pathlib import Path

from fastapi import APIRouter, Request
from starlette.responses import Response

from reward_service.errors import NotFound

router = APIRouter(include_in_schema=False)

FOLDER = Path(__file__).resolve().parents[1] / "web"
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
"""What is served; a file of any other kind in the folder is not."""

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "img-src 'self' data:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
"""The page runs its own scripts and talks to its own server, and to nobody else."""
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Kept, but asked about each time: after an update no old script talks to a new server.
    "Cache-Control": "no-cache",
}


@router.api_route("/", methods=["GET", "HEAD"])
def index(request: Request) -> Response:
    """The page.  It holds no secrets: whatever it shows, it fetches with the key that its reader gives."""
    return _answer("index.html", request)


@router.api_route("/web/{path:path}", methods=["GET", "HEAD"])
def file(path: str, request: Request) -> Response:
    """A file of the page."""
    return _answer(path, request)


def _answer(path: str, request: Request) -> Response:
    """The file with its headers; 304 without a body where the browser has it already.

    Raises:
        NotFound: the folder holds no such file.
    """
    content = _read(path)
    tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = HEADERS | {"ETag": tag}
    known = [each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")]
    if tag in known or known == ["*"]:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=TYPES[Path(path).suffix], headers=headers)


def _read(path: str) -> bytes:
    """Only what is found in the folder is served, so no path that is asked for is ever opened."""
    for file in FOLDER.rglob("*"):
        if file.suffix in TYPES and file.relative_to(FOLDER).as_posix() == path:
            return file.read_bytes()
    raise NotFound("the page has no such file")
