"""A service's life: first start, a child's death, a second start, its end."""

import os
import signal
import stat
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import psycopg
import pytest

from tests.service.conftest import Make
from tests.service.running import START_SECONDS, Service, family, still_run
from tests.workflows.service.stand_ins import eventually
from workflows.service.dev import LASTING
from workflows.service.folder import Running, read_running

pytestmark = pytest.mark.service


@pytest.fixture(scope="module")
def service(make: Make, scratch: Path) -> Iterator[Service]:
    one = make(scratch / "data")
    one.start()
    return one


@pytest.fixture
def running(service: Service) -> Running:
    return service.ready()


def test_the_first_start_serves_the_sign_in_page_and_says_how_to_sign_in(service: Service, running: Running) -> None:
    assert service.page().status_code == 200
    assert f"ready at http://127.0.0.1:{service.port}" in service.console
    kept = service.folder / "secrets.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    password = service.console.split("the password ", 1)[1].split()[0]
    answer = httpx.post(f"{running.url}/sign-in", data={"username": "admin", "password": password})
    assert answer.status_code == 303
    assert httpx.post(f"{running.url}/sign-in", data={"username": "admin", "password": "no"}).status_code != 303


def test_dev_json_names_what_runs(running: Running) -> None:
    assert set(running.processes) == set(LASTING)
    names = {name: psutil.Process(pid).cmdline() for name, pid in running.processes.items() if pid}
    assert set(names) == set(LASTING)
    assert "postgres" in names["postgres"][0]
    assert "temporal" in names["temporal"][0]
    assert all(name in names[name] for name in ("simulator", "web", "worker", "router"))
    assert "dev" in psutil.Process(running.pid).cmdline()


def test_outside_tools_can_use_the_addresses(running: Running) -> None:
    with psycopg.connect(running.database_url) as connection:
        assert connection.execute("SELECT count(*) FROM users").fetchone() == (1,)
    assert httpx.get(running.temporal_ui_url or "").status_code == 200
    assert httpx.get(f"{running.simulator_url}/control/people").status_code == 200


def test_a_second_dev_on_the_same_folder_is_refused_by_name(service: Service, running: Running) -> None:
    second = Service(service.folder.parent / "data" / ".." / "data", arguments=())
    console = service.console
    second.launch()
    assert second.process is not None
    assert second.process.wait(START_SECONDS) == 1
    assert f"is in use by the service with pid {running.pid} at {running.url}" in second.console
    service._console_file.write_text(console)
    assert read_running(service.folder) == running


def test_a_port_in_use_is_named_and_nothing_is_left(service: Service, make: Make, scratch: Path) -> None:
    second = make(scratch / "elsewhere", port=service.port)
    second.launch()
    assert second.process is not None
    assert second.process.wait(START_SECONDS) == 1
    assert f"port {service.port} of 127.0.0.1 is in use: choose another with --port" in second.console


@pytest.mark.parametrize("name", LASTING)
def test_a_child_that_dies_is_named_and_started_again_and_dev_json_follows(service: Service, name: str) -> None:
    before = service.ready()
    pid = before.processes[name]
    assert pid
    psutil.Process(pid).kill()
    assert eventually(lambda: (read_running(service.folder) or before).processes[name] != pid, START_SECONDS)
    after = service.ready()
    assert f"{name} (pid {pid}) ended: SIGKILL" in service.console
    assert psutil.pid_exists(after.processes[name] or 0)
    assert {**vars(after), "processes": None} == {**vars(before), "processes": None}
    assert eventually(lambda: service.page().status_code == 200, START_SECONDS)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_everything_and_the_next_start_finds_it_as_it_was(
    service: Service, number: signal.Signals
) -> None:
    before = service.ready()
    with psycopg.connect(before.database_url) as connection:
        connection.execute(f"CREATE TABLE kept_{number.name} ()")
    processes = family(before)
    assert service.stop(number) == 0
    assert still_run(processes, 0.5) == []
    assert read_running(service.folder) is None
    after = service.start()
    assert service.page().status_code == 200
    with psycopg.connect(after.database_url) as connection:
        connection.execute(f"SELECT FROM kept_{number.name}")
    assert after.database_dir == before.database_dir
    assert "secrets.json" in service.console.split("sign in", 1)[1].splitlines()[0]
    assert "shown this once" not in service.console


def test_a_killed_supervisor_leaves_nothing_and_the_next_start_works(service: Service) -> None:
    before = service.ready()
    processes = family(before)
    os.kill(before.pid, signal.SIGKILL)
    assert service.process is not None
    service.process.wait()
    assert still_run(processes) == []
    service.folder.joinpath("dev.json").unlink()
    service.start()
    assert service.page().status_code == 200
    assert service.stop() == 0
