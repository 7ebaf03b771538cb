"""A throw-away PostgreSQL cluster for one test run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def running_cluster(folder: Path) -> Iterator[str]:
    """Start a cluster in `folder`, give its address, and stop it at the end."""
    raise NotImplementedError(f"set WAYSTATION_TEST_DATABASE_URL; {folder} is not used yet")
    yield ""
