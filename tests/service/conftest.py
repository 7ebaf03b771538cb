"""Services for the tests of the whole: ended after the test, a cluster outside of the folder removed."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.service.running import Service
from workflows.service.postgres import SYSTEM_HOME

Make = Callable[..., Service]


@pytest.fixture(scope="module")
def make() -> Iterator[Make]:
    """Makes services that end with the module's tests."""
    made: list[Service] = []

    def one_more(folder: Path, **differing: Any) -> Service:
        made.append(Service(folder, **differing))
        return made[-1]

    yield one_more
    for service in made:
        service.end()
        secrets = service.folder / "secrets.json"
        if secrets.exists():
            shutil.rmtree(SYSTEM_HOME / json.loads(secrets.read_text())["instance"], ignore_errors=True)


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for the services of one module."""
    return tmp_path_factory.mktemp("services")
