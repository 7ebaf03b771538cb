"""What the spine needs to stand: jobs, alerts, parking, retention, indexes for the questions that are asked often."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ROLE = "waystation_app"

# As in 0002: read once per statement.
ALL = "(SELECT current_setting('waystation.stores', true)) = '*'"
STORES = "((SELECT string_to_array(NULLIF(current_setting('waystation.stores', true), '*'), ',')::bigint[])::bigint[])"


def upgrade() -> None:
    """Add what is new, noun by noun."""
    add_alerts()
    add_parking()


def downgrade() -> None:
    """Take it away again, in the opposite order."""
    drop_parking()
    drop_alerts()


def add_alerts() -> None:
    """Signals, which every transaction may add whatever it sees, and the alerts that they are folded into."""
    op.create_table(
        "alert_signals",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), primary_key=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("store_id", sa.BigInteger(), nullable=True),
    )
    op.create_table(
        "alerts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), primary_key=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("store_id", sa.BigInteger(), nullable=True),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_by", sa.String(), nullable=True),
    )
    still_open = sa.text("acknowledged_at IS NULL")
    op.create_index("ix_alerts_open", "alerts", ["kind", "subject"], unique=True, postgresql_where=still_open)
    op.create_index("ix_alerts_subject", "alerts", ["kind", "subject", "id"])
    for table in ("alert_signals", "alerts"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY in_scope ON {table} TO {ROLE} USING ({ALL} OR store_id = ANY ({STORES}))")
    op.execute(f"CREATE POLICY may_signal ON alert_signals FOR INSERT TO {ROLE} WITH CHECK (true)")


def drop_alerts() -> None:
    """The tables go, and their policies with them."""
    op.drop_table("alerts")
    op.drop_table("alert_signals")


def add_parking() -> None:
    """Parked members are few and are looked for on every page of a member."""
    parked = sa.text("parked_at IS NOT NULL")
    op.create_index("ix_member_queue_parked", "member_queue", ["member_id"], postgresql_where=parked)


def drop_parking() -> None:
    """The index goes."""
    op.drop_index("ix_member_queue_parked", "member_queue")
