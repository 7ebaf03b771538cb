"""The command: which benchmarks there are, what it prints, and its exit status. Nothing is measured here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import bench.__main__ as command
from bench.figures import BenchError, Budget, Figure, Report

ROOT = Path(__file__).parents[2]
FIGURES = {
    "good": Report([Figure("one", 1, "s", (Budget("value", "<=", 2),))], ["fsync on"]),
    "bad": Report([Figure("one", 3, "s", (Budget("value", "<=", 2),))]),
}


def measured(name: str) -> command.Benchmark:
    def run(*, quick: bool = False) -> Report:
        if name == "broken":
            raise BenchError("nothing was measured")
        return FIGURES[name]

    return run


def bench(*arguments: str) -> Result:
    benchmarks = {name: measured(name) for name in ("good", "bad", "broken")}
    return CliRunner().invoke(command.app_of(benchmarks), arguments)


@pytest.mark.parametrize(("name", "status"), [("good", 0), ("bad", 1), ("broken", 2), ("rules", 2)])
def test_the_exit_status_tells_whether_the_budgets_are_kept(name: str, status: int) -> None:
    assert bench(name).exit_code == status


def test_an_unknown_name_is_answered_with_those_that_there_are() -> None:
    assert "there is no benchmark rules; there are good, bad, broken" in bench("rules").stderr


def test_json_is_all_that_a_program_is_shown() -> None:
    shown = json.loads(bench("good", "--json").stdout)
    assert [(one["name"], one["ok"]) for one in shown["figures"]] == [("one", True)]
    assert list(shown) == ["figures"]


def test_a_quick_run_is_never_ok() -> None:
    result = bench("good", "--quick", "--json")
    assert result.exit_code == 1
    assert not json.loads(result.stdout)["figures"][0]["ok"]


def test_what_could_not_be_measured_is_told_in_a_sentence() -> None:
    assert bench("broken").stderr == "bench: nothing was measured\n"


def test_the_benchmarks_are_those_of_the_readme() -> None:
    readme = (ROOT / "bench" / "README.md").read_text(encoding="utf-8")
    assert all(f"| `{name}` |" in readme for name in command.BENCHMARKS)


def test_it_starts_as_a_module() -> None:
    told = subprocess.run(
        [sys.executable, "-m", "bench", "nothing"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert told.returncode == 2
    assert "there are journeys, latency, ingest, start, memory" in told.stderr.replace("\n", " ").replace("│", "")
