"""What the spine needs to stand: jobs, alerts, parking, retention, and indexes for the questions that are asked often."""

from __future__ import annotations

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what is new, noun by noun."""


def downgrade() -> None:
    """Take it away again, in the opposite order."""
