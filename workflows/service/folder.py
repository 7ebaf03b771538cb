"""The folder in which `dev` keeps everything: who holds it, where things lie, and the `dev.json` that others read."""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from workflows.service.errors import FolderInUseError, FolderUnusableError


@dataclass(frozen=True)
class Running:
    """What `DIR/dev.json` says of a service: its addresses, and the pids of its processes (null: not a child)."""

    pid: int
    url: str
    simulator_url: str
    temporal_address: str
    temporal_ui_url: str | None
    database_url: str
    database_dir: str | None
    processes: Mapping[str, int | None]


@dataclass(frozen=True)
class Folder:
    """`DIR` and the names in it."""

    path: Path

    @classmethod
    def at(cls, path: Path) -> "Folder":
        """Make the folder where it is missing, for its owner only; one that exists keeps its mode."""
        path = path.expanduser().absolute()
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise FolderUnusableError(f"{path} cannot be made: {error.strerror}; choose another with --data") from error
        if not os.access(path, os.W_OK | os.X_OK):
            raise FolderUnusableError(f"{path} cannot be written by this user; choose another with --data")
        return cls(path)

    @property
    def dev_json(self) -> Path:
        """Where the running service is described."""
        return self.path / "dev.json"

    @property
    def secrets(self) -> Path:
        """Where key, password and API keys are kept."""
        return self.path / "secrets.json"

    def part(self, name: str) -> Path:
        """Return the subfolder of this name, made where it is missing."""
        part = self.path / name
        part.mkdir(mode=0o700, exist_ok=True)
        return part

    def write_running(self, running: Running) -> None:
        """Replace `dev.json` in one step: whoever reads it sees the old one or the new one."""
        write_private(self.dev_json, json.dumps(asdict(running), indent=2) + "\n")

    def forget_running(self) -> None:
        """Remove `dev.json`: nothing runs any more."""
        self.dev_json.unlink(missing_ok=True)

    @contextmanager
    def held(self, url: str) -> Iterator[None]:
        """Hold the folder for this process. Raises FolderInUseError, which names who holds it."""
        with locked(self.path / "lock", f"the service with pid {os.getpid()} at {url}"):
            yield


@contextmanager
def locked(path: Path, holder: str) -> Iterator[None]:
    """Hold a lock file, which tells others who we are; the kernel lets go of it when we end, however we end."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            other = os.pread(descriptor, 1000, 0).decode(errors="replace").strip() or "another process"
            raise FolderInUseError(f"{path.parent} is in use by {other}") from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, holder.encode(), 0)
        yield
        os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def read_running(path: Path) -> Running | None:
    """Return what a folder's `dev.json` says, None when no service wrote one. It may be of one that was killed."""
    try:
        return Running(**json.loads((path / "dev.json").read_text()))
    except FileNotFoundError:
        return None


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, by rename. Raises FolderUnusableError, and leaves the old one, when
    there is no room or no right to.
    """
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except OSError as error:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise FolderUnusableError(f"{path} cannot be written: {error.strerror}") from error
