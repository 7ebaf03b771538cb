"""The layout holds: layers point one way, the top level is what the design says, packages introduce themselves."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("rules", "engine", "workflows", "ui")


def committed() -> list[Path]:
    """The files that git tracks."""
    listing = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / line for line in listing.stdout.splitlines() if (ROOT / line).is_file()]


def test_imports_point_one_way_through_the_layers() -> None:
    linter = subprocess.run(
        [Path(sys.executable).parent / "lint-imports"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert linter.returncode == 0, linter.stdout


def test_nothing_imports_the_composition_root() -> None:
    for path in committed():
        if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in PACKAGES:
            assert not re.search(r"^(from|import) server\b", path.read_text(encoding="utf-8"), re.MULTILINE), path


def test_only_whoever_proves_loads_the_prover() -> None:
    """Neither the worker nor what serves decisions pays for z3."""
    loaded = "import sys, ui.app, workflows.worker, engine.definitions.checks; print('z3' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", loaded], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"


def test_nothing_else_stands_at_the_top() -> None:
    expected = {
        *PACKAGES, "server.py", "tests", "docker-compose.yml", "Dockerfile", "pyproject.toml", "README.md",
        "CHANGELOG.md", "docs", "bench", "frontend",
    }  # fmt: skip
    top = {path.relative_to(ROOT).parts[0] for path in committed()}
    assert {name for name in top if not name.startswith(".")} <= expected


@pytest.mark.parametrize(
    "package",
    sorted(
        {
            path.parent.relative_to(ROOT).as_posix()
            for name in PACKAGES
            for path in (ROOT / name).glob("**/__init__.py")
            if len(path.relative_to(ROOT).parts) <= 3
        }
    ),
)
def test_each_package_has_a_readme_of_one_screen(package: str) -> None:
    readme = ROOT / package / "README.md"
    assert readme.is_file(), f"{package} needs a README.md: what it is, what it may import, how to add one more"
    assert len(readme.read_text(encoding="utf-8").splitlines()) <= 60


def test_no_module_is_named_after_nothing() -> None:
    vague = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "service_layer"}
    assert [path for path in committed() if path.suffix == ".py" and path.stem in vague] == []


def test_imports_stand_at_the_top_of_their_module() -> None:
    hidden = []
    for path in committed():
        if path.suffix != ".py" or path.relative_to(ROOT).parts[0] not in PACKAGES:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                inner = [n for n in ast.walk(node) if isinstance(n, ast.Import | ast.ImportFrom)]
                hidden += [f"{path.relative_to(ROOT)}:{n.lineno}" for n in inner]
    assert hidden == [], "an import in a function hides a cycle or slows a call"


def test_whoever_swallows_every_error_says_why() -> None:
    """On the line or beside it."""
    silent = []
    for path in committed():
        if path.suffix != ".py" or path.relative_to(ROOT).parts[0] not in (*PACKAGES, "server.py"):
            continue
        source = path.read_text(encoding="utf-8")
        lines = source.splitlines()
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.ExceptHandler) and _is_broad(node) and not isinstance(node.body[-1], ast.Raise):
                beside = lines[node.lineno - 2 : node.lineno + 1]
                silent += [] if "#" in "".join(beside) else [f"{path.relative_to(ROOT)}: {beside[-1].strip()}"]
    assert silent == []


def _is_broad(handler: ast.ExceptHandler) -> bool:
    return handler.type is None or ast.unparse(handler.type) in {"Exception", "BaseException"}
