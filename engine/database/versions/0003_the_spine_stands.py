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
    extend_jobs()
    add_directory()
    add_parking()
    add_telemetry()
    add_retention()
    add_heard_types()
    change_runs()


def downgrade() -> None:
    """Take it away again, in the opposite order."""
    restore_runs()
    drop_heard_types()
    drop_retention()
    drop_telemetry()
    drop_parking()
    drop_directory()
    restore_jobs()
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


def extend_jobs() -> None:
    """Jobs that Temporal drives page by page: where they stand, whose stores they see, what they could not do."""
    op.drop_column("jobs", "errors")
    for column in (
        sa.Column("cursor", postgresql.JSONB(astext_type=sa.Text()), nullable=False, server_default="{}"),
        sa.Column("stores", sa.ARRAY(sa.BigInteger()), nullable=True),
        sa.Column("lane", sa.String(), nullable=True),
        sa.Column("failed", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("tries", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("reason", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")),
    ):
        op.add_column("jobs", column)
        op.alter_column("jobs", column.name, server_default=None)
    live = sa.text("state IN ('waiting', 'running')")
    op.create_index("ix_jobs_live", "jobs", ["id"], postgresql_where=live)
    waiting = sa.text("state = 'waiting' AND lane IS NOT NULL")
    op.create_index("uq_jobs_waiting_in_lane", "jobs", ["lane"], unique=True, postgresql_where=waiting)
    op.create_index("ix_jobs_ended", "jobs", ["ended_at"], postgresql_where=sa.text("ended_at IS NOT NULL"))
    _add_of_jobs()
    op.execute("ALTER TABLE jobs ENABLE ROW LEVEL SECURITY")
    within = f"cardinality(stores) > 0 AND stores <@ {STORES}"
    op.execute(f"CREATE POLICY in_scope ON jobs TO {ROLE} USING ({ALL} OR ({within}))")


def _add_of_jobs() -> None:
    """What could not be done of a job, and what its pages still have to read: seen by whoever sees the job."""
    op.create_table(
        "job_errors",
        sa.Column("job_id", sa.BigInteger(), sa.ForeignKey("jobs.id"), primary_key=True),
        sa.Column("n", sa.Integer(), primary_key=True),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("message", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    )
    op.create_table(
        "job_parts",
        sa.Column("job_id", sa.BigInteger(), sa.ForeignKey("jobs.id"), primary_key=True),
        sa.Column("n", sa.Integer(), primary_key=True),
        sa.Column("content_enc", sa.LargeBinary(), nullable=False),
    )
    for table in ("job_errors", "job_parts"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        seen = f"{ALL} OR EXISTS (SELECT 1 FROM jobs WHERE jobs.id = {table}.job_id)"
        op.execute(f"CREATE POLICY in_scope ON {table} TO {ROLE} USING ({seen})")


def restore_jobs() -> None:
    """Jobs as they were; what they could not do is forgotten."""
    op.drop_table("job_parts")
    op.drop_table("job_errors")
    op.execute("DROP POLICY in_scope ON jobs")
    op.execute("ALTER TABLE jobs DISABLE ROW LEVEL SECURITY")
    for index in ("ix_jobs_ended", "uq_jobs_waiting_in_lane", "ix_jobs_live"):
        op.drop_index(index, table_name="jobs")
    for column in ("updated_at", "reason", "tries", "failed", "lane", "stores", "cursor"):
        op.drop_column("jobs", column)
    empty = sa.Column("errors", postgresql.JSONB(astext_type=sa.Text()), nullable=False, server_default="[]")
    op.add_column("jobs", empty)
    op.alter_column("jobs", "errors", server_default=None)


def add_telemetry() -> None:
    """The trace that accepted an event, where traces are made; an index for effects whose outcome is open."""
    op.add_column("events", sa.Column("trace", sa.String(), nullable=True))
    still_open = sa.text("settled_at IS NULL")
    op.create_index("ix_effects_open", "effects", ["type", "asked_at"], postgresql_where=still_open)


def drop_telemetry() -> None:
    """Traces are forgotten."""
    op.drop_index("ix_effects_open", "effects")
    op.drop_column("events", "trace")


def add_retention() -> None:
    """How far an ended run has been trimmed; entries of the audit may be forgotten, by this function alone and late."""
    op.add_column("runs", sa.Column("trimmed", sa.Integer(), nullable=False, server_default="0"))
    op.alter_column("runs", "trimmed", server_default=None)
    to_do = sa.text("ended_at IS NOT NULL AND trimmed < 2")
    op.create_index("ix_runs_to_trim", "runs", ["trimmed", "ended_at"], postgresql_where=to_do)
    op.create_table(
        "trims",
        sa.Column("of", sa.String(), primary_key=True),
        sa.Column("upto", sa.BigInteger(), nullable=False),
    )
    op.execute("""
        CREATE FUNCTION forget_audit(earlier_than timestamptz, at_most int) RETURNS int
        LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
            WITH gone AS (
                DELETE FROM audit WHERE id IN (
                    SELECT id FROM audit WHERE at < LEAST(earlier_than, now() - interval '365 days')
                    ORDER BY at LIMIT at_most)
                RETURNING 1)
            SELECT count(*)::int FROM gone $$""")
    op.execute("REVOKE ALL ON FUNCTION forget_audit FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION forget_audit TO {ROLE}")


def drop_retention() -> None:
    """What was trimmed stays so."""
    op.execute("DROP FUNCTION forget_audit")
    op.drop_table("trims")
    op.drop_index("ix_runs_to_trim", "runs")
    op.drop_column("runs", "trimmed")


def add_heard_types() -> None:
    """The types of events that journeys name: what each bundle resolved to says them."""
    op.create_table("heard_types", sa.Column("type", sa.String(), primary_key=True))
    op.execute("""
        INSERT INTO heard_types
        SELECT DISTINCT jsonb_object_keys(content -> 'events') FROM bundles WHERE content ? 'events'""")


def drop_heard_types() -> None:
    """All types go to journeys again."""
    op.drop_table("heard_types")


def change_runs() -> None:
    """Runs know their execution, effects what contact they are; indexes for pauses, and for runs ended from outside."""
    op.add_column("runs", sa.Column("execution", sa.String(), nullable=True))
    op.add_column("effects", sa.Column("contact", sa.String(), nullable=False, server_default="none"))
    op.alter_column("effects", "contact", server_default=None)
    op.drop_index("ix_runs_paused", "runs")
    op.create_index("ix_runs_paused", "runs", ["journey"], postgresql_where=sa.text("status = 'paused'"))
    called_off = sa.text("ended_at IS NOT NULL AND wake_at IS NOT NULL")
    op.create_index("ix_runs_called_off", "runs", ["id"], postgresql_where=called_off)
    op.drop_index("ix_pauses_journey", "pauses")
    op.create_index("ix_pauses_journey", "pauses", ["journey"], postgresql_where=sa.text("run_id IS NULL"))
    lasting = sa.text("to_at IS NULL")
    op.create_index("ix_pauses_lasting", "pauses", ["journey", "run_id"], postgresql_where=lasting)


def restore_runs() -> None:
    """Columns and indexes as they were."""
    op.drop_index("ix_pauses_lasting", "pauses")
    op.drop_index("ix_pauses_journey", "pauses")
    op.create_index("ix_pauses_journey", "pauses", ["journey"])
    op.drop_index("ix_runs_called_off", "runs")
    op.drop_index("ix_runs_paused", "runs")
    op.create_index("ix_runs_paused", "runs", ["id"], postgresql_where=sa.text("status = 'paused'"))
    op.drop_column("effects", "contact")
    op.drop_column("runs", "execution")


def add_directory() -> None:
    """What WeCom's directory says: departments, and of each associate the department and whether they can receive."""
    op.create_table(
        "departments",
        sa.Column("corp_id", sa.String(), primary_key=True),
        sa.Column("id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("parent_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("region_id", sa.BigInteger(), sa.ForeignKey("regions.id"), nullable=True),
        sa.Column("store_id", sa.BigInteger(), sa.ForeignKey("stores.id"), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_departments_store_id", "departments", ["store_id"])
    op.execute("ALTER TABLE departments ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY in_scope ON departments TO {ROLE} USING ({ALL} OR store_id = ANY ({STORES}))")
    op.add_column("associates", sa.Column("activated", sa.Boolean(), nullable=False, server_default="true"))
    op.add_column("associates", sa.Column("department", sa.BigInteger(), nullable=True))
    op.add_column("associates", sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True))


def drop_directory() -> None:
    """The departments go, and what was noted of associates."""
    for column in ("seen_at", "department", "activated"):
        op.drop_column("associates", column)
    op.drop_table("departments")
