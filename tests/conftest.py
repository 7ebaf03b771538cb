"""What tests share: a real PostgreSQL, a database for each test, a key ring and a clock that stands still."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count

import psycopg
import pytest
import structlog
from hypothesis import settings
from psycopg import sql
from sqlalchemy import make_url

from engine.clock import FixedClock
from engine.database.connection import Database
from engine.database.migrate import migrate
from engine.secrets.keyring import KeyRing, new_key
from tests.cluster import running_cluster
from tests.rules import examples

_numbers = count(1)

DAWN = datetime(2026, 1, 7, 2, tzinfo=UTC)
"""10:00 in Shanghai on a Wednesday."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--rule-examples",
        type=int,
        default=examples.COUNT,
        help="random expressions for each law between forms of rules",
    )


def pytest_configure(config: pytest.Config) -> None:
    settings.register_profile("patient", deadline=None)  # a machine that is busy is no finding
    settings.load_profile("patient")
    plain = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[structlog.processors.add_log_level, plain])  # one in colours takes five seconds
    examples.COUNT = config.getoption("--rule-examples")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with walks come first, then whole services: a long one that begins last leaves the other cores idle."""
    items.sort(key=lambda item: (not item.get_closest_marker("browser"), not item.get_closest_marker("service")))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With WAYSTATION_NO_SKIPS (.ci/run sets it) a browser walk that is skipped has failed."""
    report = yield
    if report.skipped and os.environ.get("WAYSTATION_NO_SKIPS") and item.get_closest_marker("browser"):
        report.outcome = "failed"
        report.longrepr = f"must not be skipped here: {report.longrepr}"
    return report


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """The address of a PostgreSQL server: WAYSTATION_TEST_DATABASE_URL, or one that is started for this run."""
    given = os.environ.get("WAYSTATION_TEST_DATABASE_URL")
    if given:
        yield given
        return
    with running_cluster() as url:
        yield url


@pytest.fixture(scope="session")
def template(server_url: str) -> Iterator[str]:
    """The name of a migrated database that the tests' own databases are copied from."""
    with template_database(server_url, "template", "template1") as (name, url):
        migrate(url)
        yield name


@pytest.fixture
def empty_database_url(server_url: str) -> Iterator[str]:
    """The address of a database without tables, dropped after the test."""
    name = f"empty_{os.getpid()}_{next(_numbers)}"
    _create(server_url, name, "template1")
    yield _address(server_url, name)
    _drop(server_url, name)


@pytest.fixture
def database_url(server_url: str, template: str) -> Iterator[str]:
    """The address of a migrated database without rows, dropped after the test."""
    with copied_database(server_url, template) as url:
        yield url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A connection pool on a database of the test's own."""
    database = Database(database_url, pool_size=5, application="test")
    yield database
    database.close()


@pytest.fixture
def keys() -> KeyRing:
    """A fresh key ring."""
    return KeyRing.from_text(new_key())


@pytest.fixture
def clock() -> FixedClock:
    """10:00 in Shanghai on Wednesday 2026-01-07, until it is moved."""
    return FixedClock(DAWN)


@contextmanager
def template_database(server_url: str, kind: str, template: str) -> Iterator[tuple[str, str]]:
    """The name and address of a database to be filled once and copied often; dropped at the end of the block."""
    name = f"{kind}_{os.getpid()}"
    _create(server_url, name, template)
    yield name, _address(server_url, name)
    _drop(server_url, name)


@contextmanager
def copied_database(server_url: str, template: str) -> Iterator[str]:
    """The address of a migrated database without rows; it is dropped at the end of the block."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    _create(server_url, name, template)
    yield _address(server_url, name)
    _drop(server_url, name)


def _address(server_url: str, name: str) -> str:
    return make_url(server_url).set(database=name).render_as_string(hide_password=False)


def _create(server_url: str, name: str, template: str) -> None:
    with psycopg.connect(server_url, autocommit=True) as connection:
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY")
        connection.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))


def _drop(server_url: str, name: str) -> None:
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
