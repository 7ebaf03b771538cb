"""The embedded PostgreSQL: its cluster, and the child that serves it.

It listens on the loopback interface with a password. A Unix socket would need a short path, and as root a folder that
two users share; with an address and a password every outside tool can use `database_url` as it stands.
"""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from workflows.service.account import Account
from workflows.service.child import Child
from workflows.service.errors import ClusterError
from workflows.service.logs import LogFile
from workflows.service.probes import accepts_sessions

SYSTEM_HOME = Path("/var/lib/waystation")
SUPERUSER = "postgres"
OWNER = "waystation"
DATABASE = "waystation"
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "150",
    "shared_buffers": "192MB",
    "max_wal_size": "2GB",
    "jit": "off",
    "autovacuum_naptime": "15s",  # queues grow by thousands within a minute, and plans rest on what is known of them
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    "log_line_prefix": "%m [%p] %q%u ",
    "cluster_name": "waystation",
}
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
LEFTOVER_PATIENCE = 15.0


@dataclass(frozen=True)
class Cluster:
    """A cluster's folders, the account that owns it, the programs that serve it, its port and its password."""

    home: Path
    programs: Path
    account: Account | None
    port: int
    password: str

    @property
    def data(self) -> Path:
        """The folder that PostgreSQL calls PGDATA."""
        return self.home / "cluster"

    def url(self, user: str = OWNER, database: str = DATABASE) -> str:
        """Return the address for outside tools, password included."""
        return f"postgresql://{user}:{self.password}@127.0.0.1:{self.port}/{database}"


def cluster_home(folder: Path, account: Account | None, instance: str) -> Path:
    """Return the folder for the cluster, made where it is missing: below DIR, or as root in a place open to pass.

    Only folders that we make get a mode from us.
    """
    if account is None:
        home = folder / "postgres"
        home.mkdir(mode=0o700, exist_ok=True)
        return home
    home = SYSTEM_HOME / instance
    for path in (SYSTEM_HOME, home):
        with suppress(FileExistsError):
            path.mkdir()
            path.chmod(0o755)
    return home


def make_cluster(cluster: Cluster) -> None:
    """Make the cluster where it is missing; a making that was interrupted is begun anew."""
    if cluster.data.exists():
        _check_version(cluster)
        return
    (cluster.home / "prepared").unlink(missing_ok=True)
    partial = cluster.home / "partial-cluster"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(mode=0o700)
    password_file = cluster.home / "partial-password"
    password_file.unlink(missing_ok=True)
    password_file.touch(mode=0o600)
    password_file.write_text(cluster.password)
    if cluster.account:
        for path in (partial, password_file):
            os.chown(path, cluster.account.uid, cluster.account.gid)
    _run(
        cluster,
        *("initdb", f"--pgdata={partial}", f"--username={SUPERUSER}", f"--pwfile={password_file}"),
        *("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C"),
        *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions"),
    )
    password_file.unlink()
    # The owner of the tables is no superuser, since a superuser bypasses row-level security.
    # With -j a statement ends with a semicolon and an empty line.
    statements = (
        f"CREATE ROLE {OWNER} LOGIN CREATEROLE PASSWORD '{cluster.password}'",
        f"CREATE DATABASE {DATABASE} OWNER {OWNER}",
    )
    _run(cluster, "postgres", "--single", "-j", "-D", str(partial), "postgres", say=";\n\n".join((*statements, "")))
    partial.rename(cluster.data)


def _run(cluster: Cluster, program: str, *arguments: str, say: str = "") -> None:
    """Run one of PostgreSQL's programs as the account that owns the cluster, with `say` as its input."""
    account = cluster.account
    try:
        done = subprocess.run(
            [cluster.programs / program, *arguments],
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
            cwd="/",
            env=ENVIRONMENT,
            input=say,
            check=False,
            capture_output=True,
            text=True,
        )
    except PermissionError as error:
        who = account.name if account else "this user"
        raise ClusterError(f"{who} cannot run {program}: {error}; give WAYSTATION_DATABASE_URL instead") from error
    if done.returncode or "ERROR:" in done.stderr:
        raise ClusterError(f"{program} failed:\n{done.stdout}{done.stderr}")


def _check_version(cluster: Cluster) -> None:
    made_by = (cluster.data / "PG_VERSION").read_text().strip()
    said = subprocess.run([cluster.programs / "postgres", "--version"], check=True, capture_output=True, text=True)
    ours = said.stdout.split()[-1].partition(".")[0]
    if made_by != ours:
        raise ClusterError(
            f"the cluster in {cluster.data} was made by PostgreSQL {made_by}, the installed one is {ours}: "
            "dump it with the old programs and load it with the new ones, or start with another --data"
        )


def postgres_child(cluster: Cluster, log: LogFile) -> Child:
    """Describe the child. SIGINT is its fast shutdown: sessions are ended, everything is written."""
    settings: Mapping[str, str] = {**SETTINGS, "port": str(cluster.port)}
    return Child(
        name="postgres",
        argv=(
            str(cluster.programs / "postgres"),
            *("-D", str(cluster.data)),
            *(word for name, value in settings.items() for word in ("-c", f"{name}={value}")),
        ),
        environment=ENVIRONMENT,
        log=log,
        ready=accepts_sessions(cluster.programs / "pg_isready", cluster.port),
        before_start=partial(end_leftover, cluster),
        account=cluster.account,
        stop_signal=signal.SIGINT,
        orphan_signal=signal.SIGINT,
        patience=30.0,
    )


def end_leftover(cluster: Cluster) -> None:
    """End the server that a killed supervisor left on this cluster. Call it only while holding the cluster's lock.

    PostgreSQL takes any process of its user that has the noted pid for a running server, and refuses to start: a note
    that names somebody else is removed. The note of a server that died is left to PostgreSQL, which looks by it for
    sessions that are still ending.
    """
    note = cluster.data / "postmaster.pid"
    if not note.exists():
        return
    pid = int(note.read_text().split("\n", 1)[0])
    command = _command_line(pid)
    if command and not _serves(command, cluster):
        note.unlink()
    deadline = time.monotonic() + LEFTOVER_PATIENCE
    while _serves(_command_line(pid), cluster):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGINT if time.monotonic() < deadline else signal.SIGQUIT)
        time.sleep(0.1)


def _serves(command: str, cluster: Cluster) -> bool:
    """Say whether this is the command line of a PostgreSQL server on this cluster."""
    return "postgres" in command and str(cluster.data) in command


def _command_line(pid: int) -> str:
    if Path("/proc/self/cmdline").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_text(errors="replace").replace("\0", " ")
        except (FileNotFoundError, ProcessLookupError):
            return ""
    return subprocess.run(
        ["ps", "-ww", "-o", "args=", "-p", str(pid)], check=False, capture_output=True, text=True
    ).stdout
