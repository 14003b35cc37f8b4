"""Errors on the wire: every exception becomes `{"error": {"code", "message", "where"}}`, here alone."""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import compile_path
from starlette.types import Send

from reward_service.errors import (
    BodyTooLarge,
    MethodNotAllowed,
    NotFound,
    RequestError,
    TouchstoneError,
    Unauthorized,
    Unavailable,
)
from shared.schema import ErrorDetail, ErrorResponse

logger = logging.getLogger(__name__)

DOCUMENTED: dict[int | str, dict[str, Any]] = {
    Unauthorized.status: {"model": ErrorResponse, "description": "No bearer token, or a wrong one"},
    BodyTooLarge.status: {"model": ErrorResponse, "description": "The body is larger than the limit"},
    RequestError.status: {
        "model": ErrorResponse,
        "description": "The request can't be scored; `where` names the field",
    },
    TouchstoneError.status: {"model": ErrorResponse, "description": "The server broke; its log says what"},
    Unavailable.status: {
        "model": ErrorResponse,
        "description": "Not now; `Retry-After` says when to come back",
    },
}
"""The errors of the routes, for the OpenAPI document."""

UNION_BRANCHES = frozenset({"str", "list[ChatMessage]"})
"""Labels that pydantic puts into a path for the branches of a union; they are no fields."""
LONGEST_PATH = 200


class AsciiJson(Response):
    """JSON in pure ASCII: a lone surrogate can be written so, and in UTF-8 it can't."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return json.dumps(content, ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode("ascii")


def install(app: FastAPI) -> None:
    """Map every exception that a route can raise."""

    async def on_own(_: Request, error: Exception) -> Response:
        assert isinstance(error, TouchstoneError)
        if error.status == TouchstoneError.status:
            logger.error("%s: %s", error.code, error.message, exc_info=error)
        return to_response(error)

    async def on_invalid(_: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return to_response(from_validation(error.errors()))

    async def on_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        headers = dict(error.headers or {})
        if error.status_code == MethodNotAllowed.status:
            headers["Allow"] = ", ".join(_allowed(request, headers.get("Allow", "")))
        return to_response(_from_http(error), headers=headers)

    app.add_exception_handler(TouchstoneError, on_own)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(HTTPException, on_http)


def to_response(error: TouchstoneError, headers: Mapping[str, str] | None = None) -> Response:
    """The answer that an exception becomes."""
    detail = ErrorDetail(code=error.code, message=error.message, where=error.where)
    sent = dict(headers or {})
    if error.retry_after_s is not None:
        sent["Retry-After"] = str(math.ceil(error.retry_after_s))
    if isinstance(error, Unauthorized):
        sent["WWW-Authenticate"] = 'Bearer realm="touchstone"'
    # Not model_dump_json: it fails on a lone surrogate.
    return AsciiJson(ErrorResponse(error=detail).model_dump(), error.status, sent)


async def send_error(send: Send, error: TouchstoneError, *, finish: bool = True) -> None:
    """Send an error from a middleware, outside of any route.

    Args:
        send: the ASGI channel.
        error: what went wrong.
        finish: False leaves the answer open, so that the caller can first be heard out.
    """
    response = to_response(error)
    await send(
        {"type": "http.response.start", "status": response.status_code, "headers": response.raw_headers}
    )
    await send({"type": "http.response.body", "body": response.body, "more_body": not finish})


def from_validation(errors: Sequence[Mapping[str, Any]]) -> RequestError:
    """Say the first of pydantic's complaints, with the path of the field and without the input."""
    first = errors[0]
    if first["type"] == "json_invalid":
        reason, position = first["ctx"]["error"], first["loc"][-1]
        return RequestError(f"the body is no JSON: {reason} at character {position}", where="body")
    path = _path(first["loc"])
    # A union complains once for each branch; the branch that got furthest is the one that was meant.
    same_field = [error for error in errors if _path(error["loc"])[: len(path)] == path]
    meant = max(same_field, key=lambda error: len(_path(error["loc"])))
    where = ".".join(_path(meant["loc"])) or "body"
    if where == "body" and meant["type"] != "missing":
        return RequestError(
            "the body must be a JSON object, sent with Content-Type: application/json", where=where
        )
    return RequestError(f"{where}: {_lower_first(str(meant['msg']))}", where=where)


def printable(text: str, longest: int = LONGEST_PATH) -> str:
    """A caller's word, shortened and in pure ASCII, so that it can stand in a message or a log."""
    shown = text[:longest].encode("ascii", "backslashreplace").decode("ascii")
    shown = "".join(
        character if character.isprintable() else f"\\x{ord(character):02x}" for character in shown
    )
    return shown[:longest] + ("…" if max(len(text), len(shown)) > longest else "")


def _path(location: Sequence[int | str]) -> list[str]:
    fields = list(location[1:] if location[:1] in (("body",), ("query",), ("path",)) else location)
    return [printable(str(field)) for field in fields if field not in UNION_BRANCHES]


def _allowed(request: Request, of_the_first: str) -> list[str]:
    """The methods of every documented route of a path; the framework names those of the first one alone."""
    found = {method.strip() for method in of_the_first.split(",") if method.strip()}
    for template, routes in request.app.openapi()["paths"].items():
        pattern, _, _ = compile_path(template)
        if pattern.match(request.url.path):
            found |= {method.upper() for method in routes}
    return sorted(found)


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]


def _from_http(error: HTTPException) -> TouchstoneError:
    if error.status_code == NotFound.status:
        return NotFound("there is no such route")
    if error.status_code == MethodNotAllowed.status:
        return MethodNotAllowed("this route does not know the method")
    cause = error.__cause__
    if isinstance(cause, UnicodeDecodeError):
        return RequestError(f"the body is not UTF-8 (byte {cause.start})", where="body")
    if isinstance(cause, RecursionError):
        return RequestError("the body is nested too deeply", where="body")
    if error.status_code < 500:
        return RequestError("the body can't be read", where="body")
    return TouchstoneError(str(error.detail))
