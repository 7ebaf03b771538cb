"""Compiled code is kept somewhere, whatever the environment forbids: else each start compiles everything anew."""

import os
import subprocess
import sys
from importlib.util import cache_from_source
from pathlib import Path

import pytest

from workflows.service.bytecode import bytecode_environment
from workflows.service.folder import Folder

FORBIDDEN = {"PYTHONDONTWRITEBYTECODE": "1"}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "library" / "large.py"
    path.parent.mkdir()
    path.write_text("ANSWER = 42\n")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder.at(tmp_path / "data")


def test_where_python_keeps_it_beside_the_source_nothing_is_told(source: Path, folder: Folder) -> None:
    assert bytecode_environment({}, folder, source) == {}
    assert bytecode_environment({"PYTHONDONTWRITEBYTECODE": ""}, folder, source) == {}
    assert not list(folder.path.iterdir())


def test_what_was_compiled_by_the_installation_is_used(source: Path, folder: Folder) -> None:
    compiled = Path(cache_from_source(str(source)))
    compiled.parent.mkdir(parents=True, exist_ok=True)
    compiled.touch()
    assert bytecode_environment(FORBIDDEN, folder, source) == {}


def test_an_installation_of_somebody_else_counts_as_forbidden(source: Path, folder: Folder) -> None:
    told = bytecode_environment({}, folder, source, allowed=lambda path: path.suffix != ".pyc")
    assert told["PYTHONPYCACHEPREFIX"] == str(folder.path / "bytecode")


def test_where_it_is_forbidden_it_is_kept_in_the_services_own_folder(source: Path, folder: Folder) -> None:
    told = bytecode_environment(FORBIDDEN, folder, source)
    command = [sys.executable, "-c", "import large; print(large.ANSWER)"]
    environment = {"PATH": os.defpath, **FORBIDDEN, **told, "PYTHONPATH": str(source.parent)}
    said = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    assert said.stdout == "42\n"
    assert list((folder.path / "bytecode").rglob("large.*.pyc"))
    assert [path.name for path in source.parent.iterdir()] == ["large.py"]
