"""Work that meets other work is done again, and at last the error is told."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from psycopg import errors
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from engine.database import direct, retrying
from engine.database.connection import Database
from engine.database.retrying import ATTEMPTS, ContendedError

DEADLOCK = "DO $$ BEGIN RAISE SQLSTATE '40P01'; END $$"


def by_driver(session: Session) -> None:
    direct.execute(session, DEADLOCK, {})


def by_session(session: Session) -> None:
    session.connection().execute(text(DEADLOCK))


def by_hand(_session: Session) -> None:
    raise ContendedError("somebody else was quicker")


@pytest.mark.parametrize("fail", [by_driver, by_session, by_hand])
def test_work_that_met_other_work_is_done_again(database: Database, fail: Callable[[Session], None]) -> None:
    tries: list[int] = []

    def work(session: Session) -> str:
        tries.append(len(tries))
        if len(tries) < ATTEMPTS:
            fail(session)
        return "done"

    assert retrying.run(database, work) == "done"
    assert len(tries) == ATTEMPTS


@pytest.mark.parametrize(
    ("fail", "error"), [(by_driver, errors.DeadlockDetected), (by_session, DBAPIError), (by_hand, ContendedError)]
)
def test_in_the_end_the_error_is_told(
    database: Database, fail: Callable[[Session], None], error: type[Exception]
) -> None:
    with pytest.raises(error):
        retrying.run(database, fail)


def test_what_is_wrong_with_the_work_itself_is_told_at_once(database: Database) -> None:
    tries: list[int] = []

    def work(session: Session) -> None:
        tries.append(len(tries))
        session.connection().execute(text("SELECT 1 / 0"))

    with pytest.raises(DBAPIError):
        retrying.run(database, work)
    assert len(tries) == 1
