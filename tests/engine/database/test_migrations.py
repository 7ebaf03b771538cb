"""The migrations give what the models say, can be undone, and bind the app role to its scope."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DataError, ProgrammingError

from engine.database.connection import Database, scope_text, sqlalchemy_url
from engine.database.migrate import migrate
from engine.database.tables import metadata


def test_the_migrated_database_is_what_the_models_say(database_url: str) -> None:
    engine = create_engine(sqlalchemy_url(database_url))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_migrations_can_be_undone_and_done_again(empty_database_url: str) -> None:
    for revision in ("head", "base", "head", "head"):
        migrate(empty_database_url, revision)
    database = Database(empty_database_url)
    with database.begin() as session:
        assert session.connection().execute(text("SELECT count(*) FROM members")).scalar_one() == 0
    database.close()


def test_what_was_published_before_is_heard_after_the_migration(empty_database_url: str) -> None:
    migrate(empty_database_url, "0002")
    engine = create_engine(sqlalchemy_url(empty_database_url))
    with engine.begin() as connection:
        insert = text("INSERT INTO bundles (hash, content) VALUES (:hash, CAST(:content AS jsonb))")
        for content in ('{"events": {"a": {}, "b": {}}}', '{"events": {"b": {}}}', '{"document": {}}'):
            connection.execute(insert, {"hash": content, "content": content})
    migrate(empty_database_url, "head")
    with engine.connect() as connection:
        assert set(connection.execute(text("SELECT type FROM heard_types")).scalars()) == {"a", "b"}
    engine.dispose()


def test_every_transaction_works_as_the_app_role(database: Database) -> None:
    with database.begin() as session:
        assert session.connection().execute(text("SELECT current_user")).scalar_one() == "waystation_app"


def test_rows_of_a_store_are_seen_only_within_its_scope(database: Database) -> None:
    with database.begin() as session:
        execute = session.connection().execute
        region = execute(text("INSERT INTO regions (key, title) VALUES ('r', '{}') RETURNING id")).scalar_one()
        ids = [
            execute(
                text(
                    "INSERT INTO stores (key, title, region_id, ownership, price_kind, mode, details, is_test)"
                    " VALUES (:key, '{}', :region, 'own', 'full', 'distributed', '{}', false) RETURNING id"
                ),
                {"key": key, "region": region},
            ).scalar_one()
            for key in ("a", "b")
        ]
    seen = {}
    for scope in ("*", (ids[0],), (ids[1],), ()):
        with database.begin(scope) as session:
            seen[scope_text(scope)] = list(
                session.connection().execute(text("SELECT key FROM stores ORDER BY key")).scalars()
            )
    assert seen == {"*": ["a", "b"], str(ids[0]): ["a"], str(ids[1]): ["b"], "": []}


def test_without_a_scope_nothing_is_visible(database: Database) -> None:
    with database.engine.connect() as connection:
        connection.execute(text("SELECT set_config('waystation.stores', '', false)"))
        assert connection.execute(text("SELECT count(*) FROM stores")).scalar_one() == 0


@pytest.mark.parametrize("statement", ["DELETE FROM audit", "UPDATE versions SET n = 2", "DELETE FROM bundles"])
def test_what_must_never_change_cannot_be_changed_by_the_app_role(database: Database, statement: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), database.begin() as session:
        session.connection().execute(text(statement))


def test_an_address_of_another_database_is_refused_with_a_remedy() -> None:
    with pytest.raises(ValueError, match="postgresql://"):
        sqlalchemy_url("sqlite:///x")


def test_an_error_does_not_repeat_the_values_of_its_statement(database: Database) -> None:
    with pytest.raises(DataError) as caught, database.begin() as session:
        session.connection().execute(text("SELECT :given"), {"given": "13800000000\0"})
    assert "13800000000" not in str(caught.value)
