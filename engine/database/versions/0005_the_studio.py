"""What the studio needs, noun by noun: edits, approvals, migrations of runs, audiences that enter, backtests."""

from __future__ import annotations

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what is new, noun by noun."""


def downgrade() -> None:
    """Take it away again, in the opposite order."""
