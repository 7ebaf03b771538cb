"""What `new-activity` writes works, passes its own test, and is clean."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from workflows.scaffold.activity import NewActivity
from workflows.scaffold.writing import ScaffoldError

ROOT = Path(__file__).parents[3]
RUN_ITS_TEST = """
import sys
import pytest
import workflows.activities
workflows.activities.__path__.append(sys.argv[1])
options = ["-q", "-n0", "-c", "pyproject.toml", "--rootdir", "."]
contract = ["tests/workflows/activities/test_contract.py", "-k", "tested.write_it"]
sys.exit(pytest.main([*options, "-p", "tests.conftest", sys.argv[2]]) or pytest.main([*options, *contract]))
"""


@pytest.mark.parametrize("remote", [False, True])
def test_what_is_written_is_clean_and_passes_its_own_test_and_the_contract(
    tmp_path: Path, *, remote: bool, server_url: str
) -> None:
    written = NewActivity("tested.write_it", remote=remote).write(tmp_path)
    activity, test = written
    activity.with_name("__init__.py").touch()
    assert activity.name == "tested_write_it.py"
    ruff = [Path(sys.executable).parent / "ruff"]
    subprocess.run([*ruff, "check", "--config", ROOT / "pyproject.toml", activity], check=True)
    subprocess.run([*ruff, "format", "--check", "--config", ROOT / "pyproject.toml", *written], check=True)
    done = subprocess.run(
        [sys.executable, "-c", RUN_ITS_TEST, activity.parent, test],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "WAYSTATION_TEST_DATABASE_URL": server_url},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "name", ["points", "Loyalty.points", "loyalty.", "loyalty..points", "loyalty.add-points", "../x.y"]
)
def test_a_name_that_is_none_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ScaffoldError, match=r"as in coupon\.issue"):
        NewActivity(name).write(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_is_left_alone(tmp_path: Path) -> None:
    _, test = NewActivity("a.b").write(tmp_path)
    test.write_text("mine")
    with pytest.raises(ScaffoldError, match=r"there already: .*a_b\.py, .*test_a_b\.py"):
        NewActivity("a.b", remote=True).write(tmp_path)
    assert test.read_text() == "mine"
