"""What can go wrong between a client and the reward server.

RewardClientError
├── RewardRejected        a 4xx: the server will not score this request, now or later; never retried
├── RewardServerError     a 500: the server failed on this request, say a model raised; never retried
├── RewardUnavailable     no answer, or 502, 503, 504, until the patience was spent
└── RewardProtocolError   an answer came that is not what the schema promises; nothing of it is used

None of them carries a score: what could not be scored has no number.  All of them pickle, since trainers pass
exceptions between processes.
"""

from __future__ import annotations


class RewardClientError(Exception):
    """Anything that the reward client raises on purpose."""


class _ErrorAnswer(RewardClientError):
    """The server answered with an error.

    Attributes:
        status: the HTTP status.
        code: the server's word for programs, or `http_<status>` where the body had none.
        message: the server's sentence for people.
        where: the path of the bad field, such as `items.3.completion`, counted in the caller's own items.
    """

    def __init__(self, status: int, code: str, message: str, where: str | None = None) -> None:
        super().__init__(status, code, message, where)
        self.status = status
        self.code = code
        self.message = message
        self.where = where

    def __str__(self) -> str:
        at = f" at {self.where}" if self.where else ""
        return f"the reward server answered {self.status} {self.code}{at}: {self.message}"


class RewardRejected(_ErrorAnswer):
    """The server will not score this request: a bad field, an unknown reward, a wrong token, …"""


class RewardServerError(_ErrorAnswer):
    """The server failed on this request.  The same request would most likely fail again."""


class RewardUnavailable(RewardClientError):
    """The server could not be reached, or said that it can't answer now, until the patience was spent.

    Attributes:
        url: the server.
        reason: what the last attempt met.
        attempts: how often it was tried.
        elapsed_s: seconds from the first attempt to giving up.
        cause: the last exception; None where the last attempt got an answer such as 503.
    """

    def __init__(
        self, url: str, reason: str, attempts: int, elapsed_s: float, cause: Exception | None = None
    ) -> None:
        super().__init__(url, reason, attempts, elapsed_s, cause)
        self.url = url
        self.reason = reason
        self.attempts = attempts
        self.elapsed_s = elapsed_s
        self.cause = cause

    def __str__(self) -> str:
        tried = "once" if self.attempts == 1 else f"{self.attempts} times"
        return (
            f"the reward server at {self.url} gave no answer: tried {tried} in {self.elapsed_s:.1f} s, "
            f"at last: {self.reason}"
        )


class RewardProtocolError(RewardClientError):
    """The answer is not the schema's, has the wrong number or order of results, or is of another version."""
