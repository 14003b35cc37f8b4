"""The exceptions of the reward server, and the HTTP status that each becomes.

TouchstoneError                500 internal
├── RequestError               422 invalid_request      the caller sent something that can't be scored
│   ├── UnknownReward          422 unknown_reward
│   ├── UnknownPolicy          422 unknown_policy
│   ├── TextTooLong            422 text_too_long
│   └── TooManyItems           422 too_many_items
├── Unauthorized               401 unauthorized
├── NotFound                   404 not_found
├── MethodNotAllowed           405 method_not_allowed
├── BodyTooLarge               413 too_large
├── Unavailable                503 unavailable
│   ├── NotReady               503 not_ready            the models are still loading, or a worker is dead
│   ├── Overloaded             503 overloaded           the queue can't meet the deadline
│   ├── DeadlinePassed         503 deadline_passed
│   └── RecordsUnavailable     503 records_unavailable  checks are not kept here, or the database is away
├── WorkerFailed               500 worker_failed        a model raised on a batch
├── ConfigurationError         –   at start: a setting, recipe or lexicon is wrong
└── ModelUnavailable           –   at start: a model can't be loaded; says what to do
"""

from __future__ import annotations


class TouchstoneError(Exception):
    """Anything that this package raises on purpose."""

    status = 500
    code = "internal"

    def __init__(self, message: str, *, where: str | None = None, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.retry_after_s = retry_after_s


class RequestError(TouchstoneError):
    """The caller sent something that can't be scored."""

    status = 422
    code = "invalid_request"


class UnknownReward(RequestError):
    """No reward has this name."""

    code = "unknown_reward"


class UnknownPolicy(RequestError):
    """No policy has this name."""

    code = "unknown_policy"


class TextTooLong(RequestError):
    """A text is longer than the limit; nothing is cut silently."""

    code = "text_too_long"


class TooManyItems(RequestError):
    """More items than one request may hold."""

    code = "too_many_items"


class Unauthorized(TouchstoneError):
    """No bearer token, or a wrong one."""

    status = 401
    code = "unauthorized"


class NotFound(TouchstoneError):
    """No route has this path."""

    status = 404
    code = "not_found"


class MethodNotAllowed(TouchstoneError):
    """The route exists, but not for this method."""

    status = 405
    code = "method_not_allowed"


class BodyTooLarge(TouchstoneError):
    """The body is larger than the limit."""

    status = 413
    code = "too_large"


class Unavailable(TouchstoneError):
    """The server can't answer now; the same request may succeed later."""

    status = 503
    code = "unavailable"

    def __init__(self, message: str, *, where: str | None = None, retry_after_s: float | None = 1.0) -> None:
        super().__init__(message, where=where, retry_after_s=retry_after_s)


class NotReady(Unavailable):
    """The models are still loading, or a worker is dead."""

    code = "not_ready"


class Overloaded(Unavailable):
    """The queue can't meet the request's deadline."""

    code = "overloaded"


class DeadlinePassed(Unavailable):
    """The deadline passed while the request waited."""

    code = "deadline_passed"


class RecordsUnavailable(Unavailable):
    """Checks are not kept here, or the database can't be reached."""

    code = "records_unavailable"


class WorkerFailed(TouchstoneError):
    """A model raised while it worked on a batch."""

    code = "worker_failed"


class ConfigurationError(TouchstoneError):
    """A setting, a recipe or a lexicon is wrong; raised at start."""


class ModelUnavailable(TouchstoneError):
    """A model can't be loaded; raised at start, and the message says what to do."""
