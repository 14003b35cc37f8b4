"""The tables.  A change here needs a revision in `migrations/versions/`; a test compares the two."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Double, Enum, ForeignKey, Index, MetaData, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from reward_service.records.columns import LosslessText, UtcTime
from shared.schema import Outcome, ReviewState

LONGEST_WORD = 16


def _word(kind: type[StrEnum]) -> Enum:
    """A word of an enumeration as a short string, so that a new one needs no change of type."""
    return Enum(
        kind,
        native_enum=False,
        length=LONGEST_WORD,
        values_callable=lambda each: [str(word) for word in each],
    )


class Base(DeclarativeBase):
    """Of all tables; names what a database would otherwise name by itself."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        }
    )


class Check(Base):
    """One live check, and what a person made of it."""

    __tablename__ = "checks"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    """A random UUID, so that nobody guesses the next one."""
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    verdict: Mapped[Outcome] = mapped_column(_word(Outcome))
    policy: Mapped[str] = mapped_column(LosslessText)
    question: Mapped[str | None] = mapped_column(LosslessText)
    answer: Mapped[str | None] = mapped_column(LosslessText)
    """As it was read: the reasons' spans refer to it."""
    context: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    question_hash: Mapped[str | None] = mapped_column(String(64))
    answer_hash: Mapped[str | None] = mapped_column(String(64))
    context_hashes: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    scores: Mapped[dict[str, float | None]] = mapped_column(JSON)
    fingerprint: Mapped[str] = mapped_column(LosslessText)
    state: Mapped[ReviewState] = mapped_column(_word(ReviewState))
    note: Mapped[str | None] = mapped_column(LosslessText)
    decided_at: Mapped[datetime | None] = mapped_column(UtcTime)
    reasons: Mapped[list[ReasonRow]] = relationship(
        order_by="ReasonRow.position", cascade="all, delete-orphan", passive_deletes=True
    )

    __table_args__ = (
        Index(None, "created_at", "id"),
        Index(None, "state", "verdict", "created_at", "id"),
        Index(None, "policy", "created_at", "id"),
    )


class ReasonRow(Base):
    """One reason of a check."""

    __tablename__ = "reasons"

    check_id: Mapped[str] = mapped_column(ForeignKey("checks.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    """Its place in the check's answer: the worst first."""
    code: Mapped[str] = mapped_column(LosslessText)
    outcome: Mapped[Outcome] = mapped_column(_word(Outcome))
    message: Mapped[str] = mapped_column(LosslessText)
    span_start: Mapped[int | None]
    span_end: Mapped[int | None]
    measure: Mapped[float] = mapped_column(Double)
    evidence: Mapped[dict[str, Any]] = mapped_column(JSON)

    __table_args__ = (Index(None, "code", "check_id"),)
