"""The whole service on a scratch folder and free ports: started as its users start it, and gone without a trace."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psycopg

from bench.figures import BenchError
from engine.database.connection import Database
from engine.secrets.keyring import KeyRing
from workflows.service.folder import Folder, Running, read_running
from workflows.service.ports import LOOPBACK, Ports

ROOT = Path(__file__).parent.parent
SERVER = ROOT / "server.py"
PATIENCE = 120.0
ROLES = ("worker", "router", "web", "simulator")


@dataclass
class Service:
    """One service on one folder."""

    folder: Path
    port: int
    options: Sequence[str] = ()
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def url(self) -> str:
        """Where the pages and the API are."""
        return f"http://{LOOPBACK}:{self.port}"

    def start(self) -> float:
        """Start it, and wait until a page is served; the seconds that took."""
        log = (self.folder / "bench.log").open("ab")
        began = time.monotonic()
        self._process = subprocess.Popen(
            [sys.executable, SERVER, "dev", "--data", self.folder / "data", "--port", str(self.port), *self.options],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=ROOT,
            env=own_environment(os.environ),
        )
        log.close()
        while not self._serves():
            if self._process.poll() is not None or time.monotonic() - began > PATIENCE:
                raise BenchError(f"the service does not start:\n{(self.folder / 'bench.log').read_text()[-2000:]}")
            time.sleep(0.02)
        served = time.monotonic() - began
        while read_running(self.folder / "data") is None:
            time.sleep(0.05)
        self._note_database()
        return served

    def stop(self) -> None:
        """End it as Ctrl-C would."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(PATIENCE)
            self._process = None

    def remove(self) -> None:
        """Remove all that it kept, also what lies outside of its folder."""
        home = self.folder / "database_dir"
        if home.exists():
            shutil.rmtree(home.read_text())

    @property
    def running(self) -> Running:
        """Addresses and pids."""
        running = read_running(self.folder / "data")
        if running is None:
            raise BenchError("the service does not run")
        return running

    def pid(self, name: str) -> int:
        """The process of one part."""
        pid = self.running.processes[name]
        if pid is None:
            raise BenchError(f"{name} does not run")
        return pid

    @property
    def secrets(self) -> Mapping[str, str]:
        """What `dev` made up."""
        kept: Mapping[str, str] = json.loads(Folder(self.folder / "data").secrets.read_text())
        return kept

    def keys(self) -> KeyRing:
        """The service's key ring."""
        return KeyRing.from_text(self.secrets["secret_key"])

    def database(self) -> Database:
        """A pool of connections in the role that the service's own processes have."""
        return Database(self.running.database_url, application="bench")

    def _note_database(self) -> None:
        """Remember where the cluster lies, for `remove`, should that be outside of the folder."""
        home = self.running.database_dir
        if home and self.folder not in Path(home).parents:
            (self.folder / "database_dir").write_text(home)

    @contextmanager
    def asleep(self, *names: str) -> Iterator[None]:
        """Some of its processes stand still meanwhile and use no CPU."""
        pids = [self.pid(name) for name in names]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)

    def _serves(self) -> bool:
        try:
            return httpx.get(f"{self.url}/", follow_redirects=True, timeout=5).is_success
        except httpx.TransportError:
            return False


@contextmanager
def service(*options: str, started: bool = True) -> Iterator[Service]:
    """A service on a scratch folder, running unless `started` is False; ended and removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="waystation-bench-"))
    one = Service(folder, Ports({}).take("web"), options)
    try:
        if started:
            one.start()
        yield one
    finally:
        one.stop()
        one.remove()
        shutil.rmtree(folder)


def durability(url: str) -> str:
    """The settings of PostgreSQL that say what survives a power cut."""
    names = ("fsync", "synchronous_commit", "full_page_writes", "wal_sync_method", "shared_buffers")
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT name, current_setting(name) FROM unnest(%s::text[]) AS name", [list(names)])
        return ", ".join(f"{name} {value}" for name, value in rows)


def own_environment(inherited: Mapping[str, str]) -> dict[str, str]:
    """Without settings that would lead the service to somebody's database, Temporal or WeCom."""
    return {name: value for name, value in inherited.items() if not name.startswith(("WAYSTATION_", "TEMPORAL_"))}
