"""What rules need: attributes that are derived from events, and the record of decisions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ROLE = "waystation_app"

# As in 0002: read once per statement.
ALL = "(SELECT current_setting('waystation.stores', true)) = '*'"
STORES = "((SELECT string_to_array(NULLIF(current_setting('waystation.stores', true), '*'), ',')::bigint[])::bigint[])"


def upgrade() -> None:
    """Add what is new, noun by noun."""
    add_derived_fields()
    add_decisions()
    add_accepted_findings()


def downgrade() -> None:
    """Take it away again, in the opposite order."""
    drop_accepted_findings()
    drop_decisions()
    drop_derived_fields()


def add_derived_fields() -> None:
    """What derived attributes are made of, and the events that count for them: seen by whoever sees the member."""
    op.create_table(
        "field_sources",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), primary_key=True),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("event_type", sa.String(), nullable=False),
        sa.Column("spec", sa.Text(), nullable=False),
        sa.Column("kept_days", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ready_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
    )
    wanted = sa.text("retired_at IS NULL")
    op.create_index("uq_field_sources_hash", "field_sources", ["hash"], unique=True, postgresql_where=wanted)
    op.create_table(
        "counted_events",
        sa.Column("member_id", sa.BigInteger(), sa.ForeignKey("members.id"), primary_key=True),
        sa.Column("source_id", sa.BigInteger(), sa.ForeignKey("field_sources.id"), primary_key=True),
        sa.Column("time", sa.DateTime(timezone=True), primary_key=True),
        sa.Column("seq", sa.BigInteger(), primary_key=True),
        sa.Column("decided", sa.Boolean(), nullable=False),
        sa.Column("value", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    )
    op.create_index("ix_counted_events_source", "counted_events", ["source_id", "time"])
    op.execute("ALTER TABLE counted_events ENABLE ROW LEVEL SECURITY")
    seen = f"{ALL} OR EXISTS (SELECT 1 FROM members WHERE members.id = counted_events.member_id)"
    op.execute(f"CREATE POLICY in_scope ON counted_events TO {ROLE} USING ({seen})")


def drop_derived_fields() -> None:
    """The tables go, and their policy with them."""
    op.drop_table("counted_events")
    op.drop_table("field_sources")


def add_decisions() -> None:
    """What rulesets decided: kept by whoever asks, seen with the member or the store, never changed."""
    op.create_table(
        "decisions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("ruleset", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("now", sa.DateTime(timezone=True), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=True),
        sa.Column("store_id", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("outcome", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("rows", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("missing", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("trouble", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("facts_enc", sa.LargeBinary(), nullable=False),
    )
    op.execute("REVOKE UPDATE ON decisions FROM waystation_app")
    op.execute("ALTER TABLE decisions ENABLE ROW LEVEL SECURITY")
    seen = (
        f"{ALL} OR store_id = ANY ({STORES}) OR EXISTS (SELECT 1 FROM members WHERE members.id = decisions.member_id)"
    )
    op.execute(f"CREATE POLICY in_scope ON decisions TO {ROLE} USING ({seen})")
    op.execute(f"CREATE POLICY may_record ON decisions FOR INSERT TO {ROLE} WITH CHECK (true)")


def drop_decisions() -> None:
    """The table goes, and its policies with it."""
    op.drop_table("decisions")


def add_accepted_findings() -> None:
    """Findings that authors accepted, each pinned to what it is about."""
    op.create_table(
        "accepted_findings",
        sa.Column("kind", sa.String(), primary_key=True),
        sa.Column("key", sa.String(), primary_key=True),
        sa.Column("code", sa.String(), primary_key=True),
        sa.Column("mark", sa.String(), primary_key=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )


def drop_accepted_findings() -> None:
    """The table goes."""
    op.drop_table("accepted_findings")
