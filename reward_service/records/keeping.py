"""Wire → rows and back; and what is left of a check where only hashes of its texts may be kept."""

from __future__ import annotations

import hashlib
import hmac
import uuid
from dataclasses import dataclass
from datetime import datetime

from reward_service.errors import ConfigurationError
from reward_service.records.models import Check, ReasonRow
from reward_service.settings import Settings
from reward_service.text import normalise
from shared.schema import CheckRequest, CheckResponse, Reason, Review, ReviewState

SHORTEST_KEY = 16
KEY_VARIABLE = "REWARD_RECORD_HASH_KEY"
NOT_KEPT = "What it says of the text is not kept: this server keeps hashes of the texts."
"""The message of each reason in place of its own, which may quote the text."""


@dataclass(frozen=True, slots=True)
class Hashing:
    """Hashes texts with a key (HMAC-SHA256, RFC 2104), so that short ones can't be found by guessing."""

    key: bytes

    def __call__(self, text: str) -> str:
        """64 hexadecimal digits; equal for texts that read alike (see `reward_service.text.normalise`)."""
        return hmac.new(self.key, normalise(text).encode(), hashlib.sha256).hexdigest()


def hashing(settings: Settings) -> Hashing | None:
    """How texts are hashed; None where they are kept as they are.

    Raises:
        ConfigurationError: the key is missing or too short.
    """
    if settings.record_texts == "plain":
        return None
    key = settings.record_hash_key.get_secret_value() if settings.record_hash_key else ""
    if len(key) < SHORTEST_KEY:
        raise ConfigurationError(
            f"{KEY_VARIABLE}: REWARD_RECORD_TEXTS=hashed needs a secret of {SHORTEST_KEY} characters or more",
            where=KEY_VARIABLE,
        )
    return Hashing(key.encode("utf-8", "surrogatepass"))


def to_row(asked: CheckRequest, answered: CheckResponse, hashed: Hashing | None, now: datetime) -> Check:
    """A check as it is kept, under a new id."""
    question = _question(asked)
    row = Check(
        id=str(uuid.uuid4()),
        created_at=now,
        verdict=answered.verdict,
        policy=answered.policy,
        scores=dict(answered.scores),
        fingerprint=answered.fingerprint,
        state=ReviewState.OPEN,
    )
    if hashed is None:
        row.question, row.answer, row.context = question, answered.answer, asked.context
    else:
        row.question_hash, row.answer_hash = hashed(question), hashed(answered.answer)
        row.context_hashes = None if asked.context is None else [hashed(text) for text in asked.context]
    row.reasons = [
        _reason_row(position, reason, quotes=hashed is None)
        for position, reason in enumerate(answered.reasons)
    ]
    return row


def to_review(row: Check) -> Review:
    """A check as it is shown."""
    return Review(
        id=row.id,
        created_at=row.created_at,
        verdict=row.verdict,
        policy=row.policy,
        question=row.question,
        answer=row.answer,
        context=row.context,
        question_hash=row.question_hash,
        answer_hash=row.answer_hash,
        reasons=[_reason(reason) for reason in row.reasons],
        scores=row.scores,
        fingerprint=row.fingerprint,
        state=row.state,
        note=row.note,
        decided_at=row.decided_at,
    )


def _question(asked: CheckRequest) -> str:
    """Of chat messages, the last one of the user; a check without any was refused before."""
    if isinstance(asked.question, str):
        return asked.question
    return next((message.content for message in reversed(asked.question) if message.role == "user"), "")


def _reason_row(position: int, reason: Reason, *, quotes: bool) -> ReasonRow:
    start, end = reason.span if quotes and reason.span is not None else (None, None)
    return ReasonRow(
        position=position,
        code=reason.code,
        outcome=reason.outcome,
        message=reason.message if quotes else NOT_KEPT,
        span_start=start,
        span_end=end,
        measure=reason.measure,
        evidence=reason.evidence if quotes else {},
    )


def _reason(row: ReasonRow) -> Reason:
    span = None if row.span_start is None or row.span_end is None else (row.span_start, row.span_end)
    return Reason(
        code=row.code,
        outcome=row.outcome,
        message=row.message,
        span=span,
        measure=row.measure,
        evidence=row.evidence,
    )
