"""A role says when it is ready, and ends at a signal."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.workflows.service.stand_ins import eventually

ROOT = Path(__file__).parents[3]
ROLE = """
import sys
from pathlib import Path
from workflows.service.role import Stop, run_until_signalled

async def work(stop):
    await stop.wait()
    print("finished what was under way", flush=True)

run_until_signalled(work, Path(sys.argv[1]))
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_that_it_is_ready_and_finishes_its_work_at_a_signal(tmp_path: Path, number: signal.Signals) -> None:
    ready = tmp_path / "ready"
    with subprocess.Popen([sys.executable, "-c", ROLE, ready], cwd=ROOT, stdout=subprocess.PIPE, text=True) as role:
        assert eventually(ready.exists)
        role.send_signal(number)
        said, _ = role.communicate(timeout=20)
    assert role.returncode == 0
    assert "finished what was under way" in said
