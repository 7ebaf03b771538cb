"""The whole service as its users start it: a command, a folder, a port."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil

from workflows.service.account import Account
from workflows.service.folder import Running, read_running
from workflows.service.ports import Ports

ROOT = Path(__file__).parents[2]
START_SECONDS = 120.0
STOP_SECONDS = 60.0
WELCOME_ENDS = "Ctrl-C\n"
INHERITED = ("PATH", "HOME", "LANG", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE")


@dataclass
class Service:
    """One `server.py dev`; `program` is how it is called, `environment` all that it sees."""

    folder: Path
    port: int = field(default_factory=lambda: Ports({}).take("port"))
    program: tuple[str, ...] = (sys.executable, str(ROOT / "server.py"))
    environment: Mapping[str, str] = field(
        default_factory=lambda: {name: os.environ[name] for name in INHERITED if name in os.environ}
    )
    account: Account | None = None
    arguments: tuple[str, ...] = ("--no-seed",)
    process: subprocess.Popen[str] | None = None

    @property
    def console(self) -> str:
        """What it has said so far."""
        return self._console_file.read_text()

    @property
    def _console_file(self) -> Path:
        return self.folder.parent / f"{self.folder.name}.console"

    def launch(self) -> None:
        """Start the command, and return at once."""
        with self._console_file.open("w") as console:
            self.process = subprocess.Popen(
                [*self.program, "dev", "--data", self.folder, "--port", str(self.port), *self.arguments],
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
                cwd=self.folder.parent,
                env=self.environment,
                text=True,
                user=self.account.uid if self.account else None,
                group=self.account.gid if self.account else None,
                extra_groups=[] if self.account else None,
            )

    def start(self) -> Running:
        """Start the command and wait until `dev.json` says that all is ready, and the console has its last word."""
        self.launch()
        running = self.ready()
        deadline = time.monotonic() + START_SECONDS
        while WELCOME_ENDS not in self.console:
            assert time.monotonic() < deadline, self.console
            time.sleep(0.05)
        return running

    def ready(self) -> Running:
        """Wait for `dev.json`."""
        deadline = time.monotonic() + START_SECONDS
        while (running := read_running(self.folder)) is None:
            assert self.process is not None
            assert self.process.poll() is None, self.console
            assert time.monotonic() < deadline, self.console
            time.sleep(0.05)
        return running

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to stop, and return its exit status."""
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(STOP_SECONDS)

    def page(self, path: str = "/sign-in") -> httpx.Response:
        """Fetch a page."""
        return httpx.get(f"http://127.0.0.1:{self.port}{path}", timeout=60)

    def end(self) -> None:
        """End it whatever happened, and take a cluster outside of the folder with it."""
        if self.process is not None and self.process.poll() is None:
            self.stop()


def family(running: Running) -> list[psutil.Process]:
    """The processes of a service and all their descendants, as they are now."""
    roots = [psutil.Process(pid) for pid in (running.pid, *running.processes.values()) if pid]
    return list({*roots, *(one for root in roots for one in root.children(recursive=True))})


def still_run(processes: list[psutil.Process], seconds: float = 60.0) -> list[psutil.Process]:
    """Those that have not ended after this time."""
    _, alive = psutil.wait_procs(processes, timeout=seconds)
    return [one for one in alive if one.status() != psutil.STATUS_ZOMBIE]
