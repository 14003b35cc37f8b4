"""Checks and their reasons."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision: str | None = None


def upgrade() -> None:
    """Create both tables."""
    op.create_table(
        "checks",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("verdict", sa.String(16), nullable=False),
        sa.Column("policy", sa.Text, nullable=False),
        sa.Column("question", sa.Text),
        sa.Column("answer", sa.Text),
        sa.Column("context", sa.JSON),
        sa.Column("question_hash", sa.String(64)),
        sa.Column("answer_hash", sa.String(64)),
        sa.Column("context_hashes", sa.JSON),
        sa.Column("scores", sa.JSON, nullable=False),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("note", sa.Text),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_checks"),
    )
    op.create_index("ix_checks_created_at_id", "checks", ["created_at", "id"])
    op.create_index(
        "ix_checks_state_verdict_created_at_id", "checks", ["state", "verdict", "created_at", "id"]
    )
    op.create_index("ix_checks_policy_created_at_id", "checks", ["policy", "created_at", "id"])
    op.create_table(
        "reasons",
        sa.Column("check_id", sa.String(36), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("span_start", sa.Integer),
        sa.Column("span_end", sa.Integer),
        sa.Column("measure", sa.Double, nullable=False),
        sa.Column("evidence", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("check_id", "position", name="pk_reasons"),
        sa.ForeignKeyConstraint(["check_id"], ["checks.id"], name="fk_reasons_check_id", ondelete="CASCADE"),
    )
    op.create_index("ix_reasons_code_check_id", "reasons", ["code", "check_id"])


def downgrade() -> None:
    """Drop both; every kept check is lost."""
    op.drop_table("reasons")
    op.drop_table("checks")
