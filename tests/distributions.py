"""Installed distributions for tests of plug-ins."""

from __future__ import annotations

from importlib.metadata import EntryPoint, distributions
from pathlib import Path
from textwrap import dedent


def put_distribution(site: Path, group: str, name: str, source: str, *, target: str = "", tag: object) -> EntryPoint:
    """Put a distribution with one module and one entry point of a group into a folder, as pip would.

    The module's name is made of `tag`, so that no two tests import the same.
    """
    plain = name.replace("-", "_")
    module = f"{plain}_{abs(hash(tag))}"
    (site / f"{module}.py").write_text(dedent(source))
    about = site / f"{plain}-1.2.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.2\n")
    (about / "entry_points.txt").write_text(f"[{group}]\n{name} = {module}{target}\n")
    [found] = [one for dist in distributions(path=[str(site)]) for one in dist.entry_points if one.name == name]
    return found
