"""Every version is pinned, and no committed file leads anywhere but to the registries by their usual clients."""

from __future__ import annotations

import os
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
REGISTRIES = tuple(
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("files", "pythonhosted", "org"),
        ("registry", "npmjs", "org"),
        ("registry", "yarnpkg", "com"),
        ("registry", "npmmirror", "com"),
        ("deb", "debian", "org"),
    )
)


@pytest.fixture(scope="module")
def locked() -> set[tuple[str, str]]:
    """Name and version of every package that uv resolved; the lockfile is made where it is missing."""
    lock = ROOT / "uv.lock"
    if not lock.exists():
        uv = os.environ.get("UV") or shutil.which("uv")
        assert uv, "uv is needed to resolve the dependencies: pip install uv"
        subprocess.run([uv, "lock", "--quiet"], cwd=ROOT, check=True)
    packages = tomllib.loads(lock.read_text(encoding="utf-8"))["package"]
    return {(package["name"], package["version"]) for package in packages if "virtual" not in package["source"]}


def pinned() -> set[tuple[str, str]]:
    manifest = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    requirements = [Requirement(line) for line in manifest["tool"]["uv"]["constraint-dependencies"]]
    return {(one.name, str(one.specifier).removeprefix("==")) for one in requirements}


def committed_text() -> dict[Path, str]:
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    paths = [ROOT / name for name in listing.stdout.split("\0") if name]
    return {path: path.read_text(encoding="utf-8", errors="replace") for path in paths if path.is_file()}


def test_the_constraints_are_what_uv_resolved(locked: set[tuple[str, str]]) -> None:
    assert pinned() == locked, "run .ci/pin: a dependency was added, removed or resolved to another version"


def test_the_lockfile_that_names_hosts_is_not_committed() -> None:
    assert ROOT / "uv.lock" not in committed_text()


def test_no_committed_file_names_a_registry_or_this_machine() -> None:
    forbidden = [*REGISTRIES, f"{ROOT}/", f"{Path.home()}/"]
    found = [
        f"{path.relative_to(ROOT)}: {word}"
        for path, text in committed_text().items()
        for word in forbidden
        if word in text
    ]
    assert found == []


def test_a_missing_python_is_not_fetched_from_elsewhere() -> None:
    manifest = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert manifest["tool"]["uv"]["python-downloads"] == "never"
