"""Plug-ins: real distributions with an entry point, found by their metadata, and those that cannot be used."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from tests.distributions import put_distribution
from workflows.activities.registry import GROUP, PlugInError, load_activities

ROOT = Path(__file__).parents[3]
WORKS = """
    from typing import Annotated
    from pydantic import BaseModel, ConfigDict
    from sqlalchemy.orm import Session
    from workflows.activities.registry import Effect, Result, activity_type

    class Params(BaseModel):
        \"\"\"How many points.\"\"\"
        model_config = ConfigDict(extra="forbid")
        points: int

    @activity_type("NAME", title={"zh": "加积分", "en": "Add points"}, contact="push")
    def add_points(_session: Session, params: Params, _effect: Effect) -> Result:
        \"\"\"Add points to the member's account.\"\"\"
        return Result(value={"points": params.points})
"""
Install = Callable[..., EntryPoint]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of installed distributions."""
    folder = tmp_path / "site-packages"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    return folder


@pytest.fixture
def install(site: Path, request: pytest.FixtureRequest) -> Install:
    """Puts a distribution with one module and one entry point there, as pip would."""

    def put(name: str, source: str, target: str = "") -> EntryPoint:
        return put_distribution(site, GROUP, name, source, target=target, tag=request.node.name)

    return put


def works(name: str = "tested.add_points") -> str:
    return WORKS.replace("NAME", name)


def test_an_installed_plug_in_is_found_without_being_told_of(site: Path, install: Install) -> None:
    """In a fresh process, which looks at what is installed by itself."""
    install("loyalty", works())
    asked = "from workflows.activities.registry import load_activities; print(*sorted(load_activities()))"
    done = subprocess.run(
        [sys.executable, "-c", asked],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": f"{ROOT}:{site}"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "tested.add_points" in done.stdout.split()
    assert "coupon.issue" in done.stdout.split()


@pytest.mark.parametrize("target", ["", ":add_points"])
def test_an_entry_point_names_a_module_or_one_type(install: Install, target: str) -> None:
    found = load_activities([install("loyalty", works(), target)])
    assert found["tested.add_points"].type.contact == "push"


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("import no_such_module_anywhere", "ModuleNotFoundError: No module named 'no_such_module_anywhere'"),
        ("raise RuntimeError('no licence')", "RuntimeError: no licence"),
        ("def broken(:", "SyntaxError"),
        (
            'from rules.types import Declaration\nPOINTS = Declaration(type="number")',
            "line 2: ValidationError: Declaration: type: ",
        ),
        ("POINTS = 5", "holds no activity type"),
        (works().replace('"""Add points to the member\'s account."""', ""), "tested.add_points needs a docstring"),
        (works("coupon.issue"), "it registers coupon.issue, which is a type of Waystation itself"),
    ],
)
def test_a_plug_in_that_cannot_be_used_is_named_with_the_reason(install: Install, source: str, complaint: str) -> None:
    with pytest.raises(PlugInError) as raised:
        load_activities([install("loyalty", source)])
    assert str(raised.value).startswith("the plug-in 'loyalty' of loyalty 1.2: ")
    assert complaint in str(raised.value)
    assert "nothing starts" in str(raised.value)


def test_all_that_are_broken_are_named_at_once(install: Install) -> None:
    first, second = install("loyalty", "raise RuntimeError('one')"), install("points", "raise RuntimeError('two')")
    with pytest.raises(PlugInError, match=r"(?s)'loyalty'.*one.*'points'.*two"):
        load_activities([first, install("fine", works()), second])


def test_two_plug_ins_cannot_have_one_name(install: Install) -> None:
    with pytest.raises(PlugInError, match=r"'points'.*registers tested\.add_points, which is a type of the plug"):
        load_activities([install("loyalty", works()), install("points", works())])


def test_the_service_says_in_a_sentence_why_it_does_not_start(site: Path, install: Install) -> None:
    install("loyalty", works("coupon.issue"))
    done = subprocess.run(
        [sys.executable, "server.py", "definitions", "check", "engine/library/journeys"],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(site), "HOME": str(site)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("server.py: the plug-in 'loyalty' of loyalty 1.2: ")
    assert "Traceback" not in done.stderr
