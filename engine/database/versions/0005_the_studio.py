"""What the studio needs, noun by noun: edits, approvals, migrations of runs, audiences that enter, backtests."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ROLE = "waystation_app"

# As in 0002: read once per statement.
ALL = "(SELECT current_setting('waystation.stores', true)) = '*'"

# Of a draft from before, only who changed it last is known.
EDITED = """
UPDATE drafts SET editors = ARRAY[updated_by] WHERE NOT EXISTS (
    SELECT 1 FROM versions WHERE versions.kind = drafts.kind AND versions.key = drafts.key
    AND versions.published_at > drafts.updated_at)"""


def upgrade() -> None:
    """Add what is new, noun by noun."""
    add_edits()
    add_occurrences()
    add_known_as()
    add_approvals()
    add_backtests()
    add_calls()
    add_standing()


def downgrade() -> None:
    """Take it away again, in the opposite order."""
    drop_standing()
    drop_calls()
    drop_backtests()
    drop_approvals()
    drop_known_as()
    drop_occurrences()
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


def add_occurrences() -> None:
    """Entries that are no events: their clocks, and whom they chose, who is seen by whoever sees the member."""
    op.create_table(
        "entry_clocks",
        sa.Column("journey", sa.String(), primary_key=True),
        sa.Column("entry", sa.String(), primary_key=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("issue_at", sa.DateTime(timezone=True), nullable=False),
    )
    due = sa.text("next_at IS NOT NULL")
    op.create_index("ix_entry_clocks_due", "entry_clocks", ["next_at"], postgresql_where=due)
    op.create_table(
        "occurrences",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), primary_key=True),
        sa.Column("journey", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("entry", sa.String(), nullable=False),
        sa.Column("form", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("chosen", sa.Integer(), nullable=False),
        sa.Column("issued", sa.Integer(), nullable=False),
        sa.Column("by", sa.String(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.UniqueConstraint("journey", "name"),
    )
    op.create_index("ix_occurrences_entry", "occurrences", ["journey", "entry", "id"])
    op.create_index("ix_occurrences_open", "occurrences", ["at"], postgresql_where=sa.text("ended_at IS NULL"))
    ended = sa.text("ended_at IS NOT NULL")
    op.create_index("ix_occurrences_ended", "occurrences", ["ended_at"], postgresql_where=ended)
    op.create_table(
        "chosen_members",
        sa.Column("occurrence_id", sa.BigInteger(), sa.ForeignKey("occurrences.id"), primary_key=True),
        sa.Column("member_id", sa.BigInteger(), sa.ForeignKey("members.id"), primary_key=True),
        sa.Column("doubtful", sa.Boolean(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=True),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fate", sa.String(), nullable=True),
    )
    chosen, left, told = "chosen_members", sa.text("seq IS NULL"), sa.text("seq IS NOT NULL")
    op.create_index("ix_chosen_members_left", chosen, ["occurrence_id", "member_id"], postgresql_where=left)
    op.create_index("ix_chosen_members_issued", chosen, ["occurrence_id", "issued_at"])
    op.create_index("ix_chosen_members_member", chosen, ["member_id"])
    op.create_index("ix_chosen_members_seq", chosen, ["seq"], postgresql_where=told)
    op.create_table(
        "entry_truths",
        sa.Column("journey", sa.String(), primary_key=True),
        sa.Column("entry", sa.String(), primary_key=True),
        sa.Column("member_id", sa.BigInteger(), sa.ForeignKey("members.id"), primary_key=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_entry_truths_member_id", "entry_truths", ["member_id"])
    for table in ("chosen_members", "entry_truths"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        seen = f"{ALL} OR EXISTS (SELECT 1 FROM members WHERE members.id = {table}.member_id)"
        op.execute(f"CREATE POLICY in_scope ON {table} TO {ROLE} USING ({seen})")


def drop_occurrences() -> None:
    """The tables go, and their policies with them."""
    for table in ("entry_truths", "chosen_members", "occurrences", "entry_clocks"):
        op.drop_table(table)


def add_known_as() -> None:
    """The key under which the world outside knows an effect that a migration has given another place."""
    op.add_column("effects", sa.Column("known_as", sa.String(), nullable=True))


def drop_known_as() -> None:
    """Take it away again."""
    op.drop_column("effects", "known_as")


def add_approvals() -> None:
    """The second person who has read a draft as it stands; a version says who that was, a draft who cannot be it."""
    op.create_table(
        "approvals",
        sa.Column("kind", sa.String(), primary_key=True),
        sa.Column("key", sa.String(), primary_key=True),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.add_column("versions", sa.Column("approved_by", sa.String(), nullable=True))
    none = sa.text("'{}'")
    op.add_column("drafts", sa.Column("editors", postgresql.ARRAY(sa.Text()), nullable=False, server_default=none))
    op.execute(EDITED)
    op.alter_column("drafts", "editors", server_default=None)


def drop_approvals() -> None:
    """The table and the columns go."""
    op.drop_column("drafts", "editors")
    op.drop_column("versions", "approved_by")
    op.drop_table("approvals")


def add_backtests() -> None:
    """The figures of backtests, and who would be treated otherwise: seen by whoever sees the job, gone with it."""
    job = sa.ForeignKey("jobs.id", ondelete="CASCADE")
    op.create_table(
        "backtest_sums",
        sa.Column("job_id", sa.BigInteger(), job, primary_key=True),
        *(sa.Column(name, sa.String(), primary_key=True) for name in ("side", "what", "of")),
        sa.Column("store_id", sa.BigInteger(), primary_key=True),
        sa.Column("day", sa.String(), primary_key=True),
        sa.Column("n", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "backtest_differs",
        sa.Column("job_id", sa.BigInteger(), sa.ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("n", sa.Integer(), primary_key=True),
        sa.Column("member_id", sa.BigInteger(), nullable=True),
        sa.Column("was", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("would", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    )
    for table in ("backtest_sums", "backtest_differs"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        seen = f"{ALL} OR EXISTS (SELECT 1 FROM jobs WHERE jobs.id = {table}.job_id)"
        op.execute(f"CREATE POLICY in_scope ON {table} TO {ROLE} USING ({seen})")


def drop_backtests() -> None:
    """The tables go."""
    op.drop_table("backtest_differs")
    op.drop_table("backtest_sums")


def add_calls() -> None:
    """Journeys that others start or call: seen with the caller's run."""
    op.create_table(
        "calls",
        sa.Column("run_id", sa.BigInteger(), sa.ForeignKey("runs.id"), primary_key=True),
        sa.Column("node", sa.String(), primary_key=True),
        sa.Column("visit", sa.Integer(), primary_key=True),
        sa.Column("journey", sa.String(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("bundle_hash", sa.String(), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("depth", sa.Integer(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("called_run_id", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("taken", sa.Boolean(), nullable=False),
    )
    called, untaken = sa.text("called_run_id IS NOT NULL"), sa.text("state = 'over' AND NOT taken")
    op.create_index("ix_calls_seq", "calls", ["seq"])
    op.create_index("ix_calls_called", "calls", ["called_run_id"], postgresql_where=called)
    op.create_index("ix_calls_untaken", "calls", ["run_id"], postgresql_where=untaken)
    op.execute("ALTER TABLE calls ENABLE ROW LEVEL SECURITY")
    seen = f"{ALL} OR EXISTS (SELECT 1 FROM runs WHERE runs.id = calls.run_id)"
    op.execute(f"CREATE POLICY in_scope ON calls TO {ROLE} USING ({seen})")


def drop_calls() -> None:
    """The table goes, and its policy with it."""
    op.drop_table("calls")


def add_standing() -> None:
    """Who stands where in a journey, told by the index alone: it holds what decides who may see a run."""
    op.create_index(
        "ix_runs_standing", "runs", ["journey", "version", "node", "status"], postgresql_include=["store_id"],
        postgresql_where=sa.text("ended_at IS NULL"),
    )  # fmt: skip


def drop_standing() -> None:
    """Pages count the rows themselves again."""
    op.drop_index("ix_runs_standing", "runs")
