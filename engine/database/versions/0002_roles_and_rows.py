"""The app role, and row-level security: what belongs to a store is seen by those who may see the store.

The login role owns the tables; everything the product does runs in `waystation_app`, which owns none. The setting
`waystation.stores` is `*` or a list of store ids; without it nothing is visible.
"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ROLE = "waystation_app"

# Read once per statement: a sub-select becomes an init plan.
ALL = "(SELECT current_setting('waystation.stores', true)) = '*'"
STORES = "((SELECT string_to_array(NULLIF(current_setting('waystation.stores', true), '*'), ',')::bigint[])::bigint[])"

OF_A_STORE = ("associates", "chats", "channels", "relations", "seats", "events", "runs", "coupons")
OF_A_RUN = ("deliveries", "effects", "run_commands", "run_stages", "turns")


def upgrade() -> None:
    """Make the role, let it work, and bind it."""
    op.execute(f"""
        DO $$ BEGIN
            CREATE ROLE {ROLE} NOLOGIN;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
        END $$""")
    op.execute(f"GRANT {ROLE} TO CURRENT_USER")
    op.execute(f"GRANT USAGE ON SCHEMA public TO {ROLE}")
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {ROLE}")
    op.execute(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {ROLE}")
    op.execute(f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {ROLE}")
    op.execute(f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE ON SEQUENCES TO {ROLE}")
    op.execute("REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM waystation_app")
    op.execute("REVOKE UPDATE, DELETE ON audit, versions, bundles FROM waystation_app")
    op.execute("INSERT INTO live_revision (singleton, revision) VALUES (true, 0)")
    for table in OF_A_STORE:
        bind(table, f"store_id = ANY ({STORES})")
    bind("stores", f"id = ANY ({STORES})")
    bind("funnel_sums", f"store_id = ANY ({STORES})")
    bind("funnel_deltas", f"store_id = ANY ({STORES})")
    for table in OF_A_RUN:
        bind(table, f"EXISTS (SELECT 1 FROM runs WHERE runs.id = {table}.run_id)")
    bind("contact_ways", "EXISTS (SELECT 1 FROM channels WHERE channels.id = contact_ways.channel_id)")
    bind(
        "members",
        f"store_id = ANY ({STORES})"
        " OR EXISTS (SELECT 1 FROM relations WHERE relations.member_id = members.id)"
        " OR EXISTS (SELECT 1 FROM seats WHERE seats.member_id = members.id)",
    )
    bind("identities", "EXISTS (SELECT 1 FROM members WHERE members.id = identities.member_id)")


def bind(table: str, visible: str) -> None:
    """Let the app role see and write rows of `table` only where its scope is everything or `visible` holds."""
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY in_scope ON {table} TO {ROLE} USING ({ALL} OR {visible})")


def downgrade() -> None:
    """Take the policies and rights away; the role stays, since other databases of the cluster may use it."""
    sums = ("funnel_sums", "funnel_deltas")
    tables = (*OF_A_STORE, *OF_A_RUN, "stores", *sums, "contact_ways", "members", "identities")
    for table in tables:
        op.execute(f"DROP POLICY in_scope ON {table}")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    op.execute("DELETE FROM live_revision")
    op.execute(f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {ROLE}")
    op.execute(f"REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM {ROLE}")
    op.execute(f"ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON TABLES FROM {ROLE}")
    op.execute(f"ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON SEQUENCES FROM {ROLE}")
    op.execute(f"REVOKE USAGE ON SCHEMA public FROM {ROLE}")
