"""Writes new files from templates, and never over old ones."""

from collections.abc import Mapping
from pathlib import Path
from string import Template

TEMPLATES = Path(__file__).parent / "templates"


class ScaffoldError(Exception):
    """Nothing was written; the message says why."""


def write_new(files: Mapping[Path, str], words: Mapping[str, str]) -> list[Path]:
    """Write each file from the template that it names, and return them. Raises ScaffoldError where one is there."""
    if there := [str(path) for path in files if path.exists()]:
        raise ScaffoldError(f"there already: {', '.join(there)}")
    for path, template in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(Template((TEMPLATES / template).read_text()).substitute(words))
    return list(files)
