"""Alembic's entry point: it is handed an open connection by `engine.database.migrate`."""

from __future__ import annotations

from alembic import context

from engine.database.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, compare_type=True)
with context.begin_transaction():
    context.run_migrations()
