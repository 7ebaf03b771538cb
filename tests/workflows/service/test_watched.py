"""A role without pages can be watched on a port of its own."""

from __future__ import annotations

import asyncio
import http.client
import socket

import pytest

from engine.database.connection import Database
from engine.database.migrate import migrate
from engine.database.readiness import NotReadyError, demand_ready, newest
from workflows.service.errors import PortTakenError
from workflows.service.waiting import database_is_there, wait_for_database
from workflows.service.watched import Watched

HOST = "127.0.0.1"


def ask(port: int, path: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("is_ready", "can_work", "status"), [(True, True, 200), (False, True, 503), (True, False, 503), (False, False, 503)]
)
def test_a_role_is_ready_when_it_works_and_its_database_answers(is_ready: bool, can_work: bool, status: int) -> None:
    with Watched(HOST, 0, lambda: can_work).serving(lambda: is_ready) as port:
        assert port is not None
        assert ask(port, "/readyz")[0] == status
        assert ask(port, "/livez") == (200, "ok\n")
        assert "process_cpu_seconds_total" in ask(port, "/metrics?x=1")[1]
        assert ask(port, "/else")[0] == 404


@pytest.mark.parametrize("method", ["GET", "POST", "BREW"])
def test_no_answer_tells_what_serves_it(method: str) -> None:
    with Watched(HOST, 0, lambda: True).serving(lambda: True) as port:
        connection = http.client.HTTPConnection(HOST, port or 0, timeout=30)
        connection.request(method, "/livez")
        answer = connection.getresponse()
        told = f"{answer.headers}{answer.read().decode()}"
        connection.close()
    assert "Date" in answer.headers
    assert "Server" not in answer.headers
    assert "Python" not in told


@pytest.mark.parametrize("said", [b"", b"GET /livez HT", b"GET /livez HTTP/1.1\r\nHost: x\r\n"])
def test_a_connection_that_says_nothing_more_is_closed(said: bytes) -> None:
    with (
        Watched(HOST, 0, lambda: True, patience=0.05).serving(lambda: True) as port,
        socket.create_connection((HOST, port or 0), timeout=30) as connection,
    ):
        connection.sendall(said)
        assert connection.recv(100) == b""


def test_without_a_port_nothing_is_served() -> None:
    with Watched(HOST, None, lambda: True).serving(lambda: True) as port:
        assert port is None


def test_a_port_that_is_taken_is_told_by_name() -> None:
    with socket.create_server((HOST, 0)) as other:
        taken = other.getsockname()[1]
        watched = Watched(HOST, taken, lambda: True)
        with pytest.raises(PortTakenError, match=f"port {taken} .* WAYSTATION_METRICS_PORT"), watched.serving(bool):
            pass


def test_the_database_is_ready_when_its_schema_is_ours(empty_database_url: str) -> None:
    migrate(empty_database_url, "0002")
    database = Database(empty_database_url)
    try:
        with pytest.raises(NotReadyError, match="migrate"):
            demand_ready(database)
        migrate(empty_database_url)
        demand_ready(database)
    finally:
        database.close()


def test_a_database_that_is_newer_than_the_program_is_ready(database: Database, database_url: str) -> None:
    import psycopg  # noqa: PLC0415

    with psycopg.connect(database_url) as owner:
        owner.execute("UPDATE alembic_version SET version_num = '9999'")
    demand_ready(database)
    assert newest() < "9999"


def test_a_role_waits_until_its_database_is_there(empty_database_url: str) -> None:
    database, slept = Database(empty_database_url), []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 2:
            migrate(empty_database_url)

    try:
        wait_for_database(database, sleep)
    finally:
        database.close()
    assert len(slept) == 2


async def test_a_role_that_is_asked_to_stop_waits_no_longer(empty_database_url: str) -> None:
    database, stopping = Database(empty_database_url), asyncio.Event()
    waiting = asyncio.create_task(database_is_there(database, stopping))
    await asyncio.sleep(0)
    stopping.set()
    assert await waiting is False
    await asyncio.to_thread(migrate, empty_database_url)
    assert await database_is_there(database, asyncio.Event()) is True
    database.close()


def test_a_server_that_is_away_is_told_without_its_address() -> None:
    database = Database("postgresql://somebody:secret@127.0.0.1:1/nowhere")
    with pytest.raises(NotReadyError) as raised:
        demand_ready(database)
    assert str(raised.value) == "the database does not answer"
