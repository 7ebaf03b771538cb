"""Connections: the scope of a transaction ends with it, and a connection that the server closed is not used."""

from __future__ import annotations

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from engine.database.connection import Database, Scope

SCOPES: list[tuple[Scope, str]] = [("*", "*"), ((), ""), ((7,), "7"), ((7, 8), "7,8")]


@pytest.fixture
def one(database_url: str) -> Database:
    """A pool of a single connection, so that each transaction has the one of the last."""
    return Database(database_url, pool_size=1, application="test")


def scope(session: Session) -> str:
    return str(session.execute(text("SELECT current_setting('waystation.stores', true)")).scalar())


def backend(session: Session) -> int:
    return int(session.execute(text("SELECT pg_backend_pid()")).scalar_one())


@pytest.mark.parametrize(("stores", "seen"), SCOPES)
def test_a_transaction_sees_the_scope_that_it_was_begun_with(one: Database, stores: Scope, seen: str) -> None:
    with one.begin(stores) as session:
        assert scope(session) == seen
    one.close()


def test_a_scope_ends_with_its_transaction(one: Database) -> None:
    with one.begin((7,)) as session:
        first = backend(session)
    with one.begin() as session:
        assert (scope(session), backend(session)) == ("*", first)
    with one.begin((8,)) as session:
        assert (scope(session), backend(session)) == ("8", first)
    one.close()


def test_a_scope_ends_with_a_transaction_that_fails(one: Database) -> None:
    before: list[int] = []

    def work() -> None:
        with one.begin((7,)) as session:
            before.append(backend(session))
            session.execute(text("SELECT 1 / 0"))

    with pytest.raises(DBAPIError):
        work()
    with one.begin() as session:
        assert (scope(session), [backend(session)]) == ("*", before)
    one.close()


def test_a_connection_that_the_server_closed_is_replaced_before_it_is_used(
    database: Database, database_url: str
) -> None:
    with database.begin() as session, database.begin() as other:
        used = {backend(session), backend(other)}
    with psycopg.connect(database_url) as connection:
        for pid in used:
            connection.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
    with database.begin() as session, database.begin() as other:
        assert not used & {backend(session), backend(other)}
