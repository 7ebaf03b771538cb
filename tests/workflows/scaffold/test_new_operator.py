"""What `new-operator` writes works, passes its own test, and is clean."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from workflows.scaffold.operator import NewOperator
from workflows.scaffold.writing import ScaffoldError

ROOT = Path(__file__).parents[3]
RUN_ITS_TEST = """
import sys
import pytest
import rules.operators
rules.operators.__path__.append(sys.argv[1])
from rules.discovery import operators_in_package
found = operators_in_package("rules.operators", [sys.argv[1]])
rules.operators.OPERATORS.update(found)
for name, kind in found.items():
    rules.operators.registry.register(name, kind)
options = ["-q", "-n0", "-c", "pyproject.toml", "--rootdir", "."]
reference = ["tests/rules/test_operator_reference.py", "-k", "tested_ending or holds_every"]
sys.exit(pytest.main([*options, "-p", "tests.conftest", sys.argv[2]]) or pytest.main([*options, *reference]))
"""


def test_what_is_written_is_clean_passes_its_own_test_and_stands_in_the_reference(tmp_path: Path) -> None:
    written = NewOperator("tested_ending").write(tmp_path)
    operator, test = written
    assert (operator.name, test.name) == ("tested_ending.py", "test_tested_ending.py")
    operator.with_name("__init__.py").touch()
    ruff = [Path(sys.executable).parent / "ruff"]
    for check in (["check"], ["format", "--check"]):
        subprocess.run([*ruff, *check, "--config", ROOT / "pyproject.toml", operator], check=True)
    run = [sys.executable, "-c", RUN_ITS_TEST, operator.parent, test]
    done = subprocess.run(
        run, cwd=ROOT, env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "no tests ran" not in done.stdout


@pytest.mark.parametrize("name", ["", "Ends_with", "ends-with", "ends.with", "_ends", "../ends", "=="])
def test_a_name_that_is_none_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ScaffoldError, match="as in starts_with"):
        NewOperator(name).write(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_is_taken_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ScaffoldError, match="there is an operator cat already"):
        NewOperator("cat", {"cat"}).write(tmp_path)
    NewOperator("mine").write(tmp_path)
    with pytest.raises(ScaffoldError, match=r"there already: .*mine\.py"):
        NewOperator("mine").write(tmp_path)


def test_a_name_that_the_profile_leaves_out_is_refused_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(ScaffoldError, match="no SQL form"):
        NewOperator("filter", (), {"filter": "filter has no SQL form"}).write(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["filter", "map", "reduce", "merge", "substr", "log"])
def test_the_command_writes_no_operator_that_the_profile_leaves_out(name: str) -> None:
    run = [sys.executable, "server.py", "new-operator", name]
    done = subprocess.run(run, cwd=ROOT, check=False, capture_output=True, text=True)
    said = " ".join(done.stderr.split())
    assert done.returncode != 0
    assert f"{name} is a name of JSONLogic that this profile leaves out" in said
    assert not (ROOT / "rules" / "operators" / f"{name}.py").exists()
