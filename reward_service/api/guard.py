"""ASGI middleware at the door: bearer tokens, and the size of the body, before anything is parsed."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Sequence

from pydantic import SecretStr
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reward_service.api.failures import send_error
from reward_service.errors import BodyTooLarge, RequestError, TouchstoneError, Unauthorized

OPEN_PATHS = frozenset({"/health/live", "/health/ready", "/"})
"""Answered without a key: orchestrators probe them, and a browser fetches the page before it is given one."""
OPEN_FILES = "/web/"
"""Below it lie the page's files, which are open too."""
LINGER_S = 2.0
LINGER_BYTES = 256 * 2**20


class Guard:
    """Lets in requests with one of `keys` (if there are any) and at most `max_body_bytes` of body.

    The body is counted as it streams in, whatever `Content-Length` says.
    """

    def __init__(self, app: ASGIApp, keys: Sequence[SecretStr], max_body_bytes: int) -> None:
        self.app = app
        self.digests = [_digest(key.get_secret_value().encode()) for key in keys]
        self.max_body_bytes = max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        try:
            self._authorize(scope["path"], headers)
            body = await self._read(headers, receive)
        except TouchstoneError as refused:
            await _refuse(refused, receive, send)
            return
        if body is None:
            return
        await self.app(scope, _replay(body, receive), send)

    def _authorize(self, path: str, headers: Headers) -> None:
        if not self.digests or path in OPEN_PATHS or path.startswith(OPEN_FILES):
            return
        given = headers.get("authorization")
        if given is None:
            raise Unauthorized("a key is needed: Authorization: Bearer …")
        scheme, _, token = given.partition(" ")
        digest = _digest(token.strip().encode("latin-1"))
        # All are compared, so that the time tells nothing about which one was nearly right.
        known = [hmac.compare_digest(digest, each) for each in self.digests]
        if scheme.lower() != "bearer" or not any(known):
            raise Unauthorized("the key is not one that this server knows")

    async def _read(self, headers: Headers, receive: Receive) -> bytes | None:
        """The whole body; None if the caller left before its end."""
        declared = headers.get("content-length", "0")
        if not declared.isdecimal():
            raise RequestError("Content-Length is not a number", where="body")
        if int(declared) > self.max_body_bytes:
            raise self._too_large()
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            body += message.get("body", b"")
            if len(body) > self.max_body_bytes:
                raise self._too_large()
            if not message.get("more_body", False):
                return bytes(body)

    def _too_large(self) -> BodyTooLarge:
        return BodyTooLarge(f"the body is larger than {self.max_body_bytes} bytes; send fewer items at once")


def _digest(secret: bytes) -> bytes:
    """Equal lengths for the comparison, which would otherwise tell a key's length."""
    return hashlib.sha256(secret).digest()


def _replay(body: bytes, receive: Receive) -> Receive:
    """A channel that gives the body, and after it what really comes (the disconnect)."""
    given = False

    async def replayed() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replayed


async def _refuse(error: TouchstoneError, receive: Receive, send: Send) -> None:
    """Answer at once, then hear the caller out for a moment.

    Many clients read the answer only when all is sent; closing on them first would reset the connection, and
    they would see a broken pipe instead of the reason.
    """
    await send_error(send, error, finish=False)
    heard = 0
    try:
        async with asyncio.timeout(LINGER_S):
            while heard < LINGER_BYTES:
                message = await receive()
                heard += len(message.get("body", b""))
                if message["type"] == "http.disconnect" or not message.get("more_body", False):
                    break
    except TimeoutError:
        pass
    await send({"type": "http.response.body", "body": b"", "more_body": False})
