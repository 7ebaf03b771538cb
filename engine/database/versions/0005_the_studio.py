"""What the studio needs, noun by noun: edits, approvals, migrations of runs, audiences that enter, backtests."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what is new, noun by noun."""
    add_edits()


def downgrade() -> None:
    """Take it away again, in the opposite order."""
    drop_edits()


def add_edits() -> None:
    """Each change of a draft with its way back, and who looks at a draft. As text: jsonb would refuse U+0000."""
    op.create_table(
        "draft_edits",
        sa.Column("kind", sa.String(), primary_key=True),
        sa.Column("key", sa.String(), primary_key=True),
        sa.Column("revision", sa.Integer(), primary_key=True),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("deed", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("seat", sa.String(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("command", sa.Text(), nullable=False),
        sa.Column("forward", sa.Text(), nullable=False),
        sa.Column("inverse", sa.Text(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by", sa.String(), nullable=True),
    )
    op.create_table(
        "draft_presence",
        sa.Column("kind", sa.String(), primary_key=True),
        sa.Column("key", sa.String(), primary_key=True),
        sa.Column("seat", sa.String(), primary_key=True),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
    )


def drop_edits() -> None:
    """The tables go."""
    op.drop_table("draft_presence")
    op.drop_table("draft_edits")
