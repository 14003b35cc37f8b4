"""Alembic runs this for each command, with the connection that `schema.config` was given."""

from __future__ import annotations

from alembic import context

from reward_service.records.models import Base
from reward_service.records.schema import VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    version_table=VERSION_TABLE,
    render_as_batch=True,  # SQLite changes a table by making it anew
)
context.run_migrations()
