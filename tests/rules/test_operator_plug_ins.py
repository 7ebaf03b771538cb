"""Operators are found in the modules of their package and in plug-ins; one that cannot be used is named."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from textwrap import dedent

import pytest

from rules.compile import compile_rule
from rules.discovery import GROUP, operators_in_package, operators_of_plug_ins
from rules.errors import OperatorError
from rules.operators import OPERATORS, add_plug_ins, registry
from tests.distributions import put_distribution
from tests.rules.ruleworld import FIELDS, decide, var

ROOT = Path(__file__).parents[2]
WORKS = '''
    from dataclasses import dataclass
    from rules.strict import Strict
    from rules.types import BOOLEAN, TEXT

    @dataclass
    class EndsWith(Strict):
        """Whether a text ends with another one."""
        arity = (2, 2)

        def infer(self, checker):
            checker.expect_all(self.arguments, TEXT)
            return BOOLEAN

        def compute(self, moment, *values):
            return values[0].endswith(values[1])

    OPERATORS = {"NAME": EndsWith}
'''
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


@pytest.fixture
def as_before() -> Iterator[None]:
    """Takes out again what a test adds."""
    before = set(OPERATORS)
    yield
    for name in OPERATORS.keys() - before:
        del OPERATORS[name]
        registry.remove(name)


def works(name: str = "tested_tail") -> str:
    return WORKS.replace("NAME", name)


@pytest.mark.parametrize("target", ["", ":OPERATORS"])
@pytest.mark.usefixtures("as_before")
def test_an_operator_of_a_plug_in_is_used_like_any_other(install: Install, target: str) -> None:
    entry = install("tails", works(), target)
    add_plug_ins([entry])
    add_plug_ins([entry])
    assert decide({"tested_tail": [var("event.channel.kind"), "os"]}) is True
    assert compile_rule({"tested_tail": ["a", "b"]}, FIELDS).type == "boolean"


def test_the_service_finds_what_is_installed_by_itself(site: Path, install: Install) -> None:
    install("tails", works())
    asked = "from rules.operators import OPERATORS, add_plug_ins; add_plug_ins(); print(*OPERATORS)"
    done = subprocess.run(
        [sys.executable, "-c", asked],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": f"{ROOT}:{site}"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert {"tested_tail", "and"} <= set(done.stdout.split())


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("import no_such_module_anywhere", "ModuleNotFoundError: No module named 'no_such_module_anywhere'"),
        ("def broken(:", "SyntaxError"),
        ("OPERATORS = {}", "it holds no OPERATORS"),
        ("POINTS = 5", "it holds no OPERATORS"),
        ("OPERATORS = {'tested_tail': 5}", "tested_tail must be a subclass of rules.nodes.Operator"),
        (works(""), "the name of an operator is a text"),
        (works().replace("def compute", "def computed"), "tested_tail does not say compute"),
        (
            works("filter"),
            "filter is a name of JSONLogic that this profile leaves out, since what it makes has no SQL form",
        ),
        (works("and"), "it registers and, which is an operator of Waystation itself"),
    ],
)
def test_a_plug_in_that_cannot_be_used_is_named_with_the_reason(install: Install, source: str, complaint: str) -> None:
    with pytest.raises(OperatorError) as raised:
        operators_of_plug_ins(OPERATORS, [install("tails", source)])
    assert str(raised.value).startswith("the plug-in 'tails' of tails 1.2: ")
    assert complaint in str(raised.value)
    assert "nothing starts" in str(raised.value)


def test_all_that_are_broken_are_named_at_once_and_nothing_is_added(install: Install) -> None:
    entries = [install("one", "raise RuntimeError('1')"), install("tails", works()), install("two", "1 / 0")]
    with pytest.raises(OperatorError, match=r"(?s)'one'.*RuntimeError.*'two'.*ZeroDivisionError"):
        add_plug_ins(entries)
    assert "tested_tail" not in OPERATORS


def test_two_plug_ins_cannot_have_one_name(install: Install) -> None:
    with pytest.raises(
        OperatorError, match=r"'more'.*registers tested_tail, which is an operator of the plug-in 'tails'"
    ):
        operators_of_plug_ins(OPERATORS, [install("tails", works()), install("more", works())])


def test_a_file_of_the_package_that_cannot_be_used_is_named(site: Path) -> None:
    folder = site / "broken_operators"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "fine.py").write_text(dedent(works()))
    (folder / "shared.py").write_text("POINTS = 5\n")
    assert list(operators_in_package("broken_operators", [str(folder)])) == ["tested_tail"]
    (folder / "wrong.py").write_text("POINTS = 5\nOPERATORS = {'x': POINTS}\n")
    (folder / "worse.py").write_text("POINTS = 5\nPOINTS.x\n")
    with pytest.raises(OperatorError, match=r"broken_operators/worse\.py, line 2: Attr.*/wrong\.py, .*subclass"):
        operators_in_package("broken_operators", [str(folder)])


def test_the_service_says_in_a_sentence_why_it_does_not_start(site: Path, install: Install) -> None:
    install("tails", works("and"))
    done = subprocess.run(
        [sys.executable, "server.py", "definitions", "check", "engine/library/journeys"],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(site), "HOME": str(site)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("server.py: the plug-in 'tails' of tails 1.2: ")
    assert "Traceback" not in done.stderr
