"""Exceptions in logs: types and places, and words only where they cannot repeat what somebody told us."""

from __future__ import annotations

import json
from collections.abc import Callable

import httpx
import psycopg
import pytest
from pydantic import BaseModel, ConfigDict
from sqlalchemy import text

from engine.database.connection import Database
from engine.database.readiness import NotReadyError
from engine.telemetry.faults import faults, plain_text, words_of

SECRET = "probe-12055512345"


class Params(BaseModel):
    model_config = ConfigDict(extra="forbid")

    phone: int


class TheirError(Exception):
    pass


def of_pydantic(_: Database) -> None:
    Params.model_validate({"phone": SECRET})


def of_httpx(_: Database) -> None:
    request = httpx.Request("GET", f"https://wecom.example.com/cgi-bin/user?access_token={SECRET}")
    httpx.Response(500, request=request).raise_for_status()


def of_a_unique_key(database: Database) -> None:
    insert = text("INSERT INTO seeds (part, version, at) VALUES (:part, 1, now())")
    with database.begin() as session:
        session.connection().execute(insert, {"part": SECRET})
        session.connection().execute(insert, {"part": SECRET})


def of_the_driver(database: Database) -> None:
    with psycopg.connect(database.url) as connection:
        connection.execute("SELECT %s::int", [SECRET])


def of_json(_: Database) -> None:
    json.loads(f'{{"{SECRET}')


def of_a_key(_: Database) -> None:
    {}[SECRET]  # type: ignore[index]


def of_somebody(_: Database) -> None:
    raise TheirError(SECRET)


def of_a_group(_: Database) -> None:
    raise ExceptionGroup(SECRET, [TheirError(SECRET)])


def of_a_cause(_: Database) -> None:
    try:
        of_somebody(_)
    except TheirError as error:
        raise NotReadyError("the database does not answer") from error


@pytest.mark.parametrize(
    "raising",
    [of_pydantic, of_httpx, of_a_unique_key, of_the_driver, of_json, of_a_key, of_somebody, of_a_group, of_a_cause],
)
def test_what_an_exception_was_given_is_not_repeated(raising: Callable[[Database], None], database: Database) -> None:
    with pytest.raises(Exception) as raised:  # noqa: PT011 - any at all
        raising(database)
    told = json.dumps(faults(raised.value)) + plain_text(raised.value)
    assert SECRET not in told
    assert raising.__name__ in told, "where it was raised"
    assert type(raised.value).__name__ in told


def test_our_own_words_are_told_and_what_lies_behind_them(database: Database) -> None:
    with pytest.raises(NotReadyError) as raised:
        of_a_cause(database)
    first, second = faults(raised.value)
    assert (first["exc_type"], first["exc_value"]) == ("NotReadyError", "the database does not answer")
    assert (second["exc_type"], second["exc_value"]) == ("TheirError", "")


def test_an_error_of_the_database_tells_its_code_and_constraint(database: Database) -> None:
    with pytest.raises(Exception) as raised:  # noqa: PT011
        of_a_unique_key(database)
    assert words_of(raised.value) == "sqlstate 23505 seeds_pkey seeds"


def test_an_error_of_the_system_tells_its_reason_without_the_path() -> None:
    assert words_of(FileNotFoundError(2, "No such file or directory", SECRET)) == "No such file or directory"


def test_exceptions_that_are_one_another_s_context_come_to_an_end() -> None:
    first, second = TheirError("a"), TheirError("b")
    first.__context__, second.__context__ = second, first
    assert len(faults(first)) == 2
