"""docs/journeys.md names every node type and every key of the document; what the README says about both works."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from engine.events.types import EVENT_TYPES
from engine.journeys.check import check
from engine.journeys.context import CheckContext
from engine.journeys.document import Journey, Node, NodePart, UntilTime
from engine.members.fields import base_fields
from rules.documents.allowed import keys_of
from rules.documents.values import LongWords, Words
from workflows.activities.registry import catalogue_of, load_activities
from workflows.service.kept_secrets import load_or_make

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "docs" / "journeys.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
NODES = {get_args(node.model_fields["type"].annotation)[0]: node for node in get_args(Node)}


def models(form: Any, seen: set[Any]) -> Iterator[type[BaseModel]]:
    """The models that a form is made of."""
    if isinstance(form, type) and issubclass(form, BaseModel):
        if form not in seen:
            seen.add(form)
            yield form
            for field in form.model_fields.values():
                yield from models(field.annotation, seen)
    else:
        for inner in get_args(form):
            yield from models(inner, seen)


FOUND = [*models(Journey, {Words, LongWords}), UntilTime]


def test_the_models_of_the_document_are_found() -> None:
    assert {"Journey", "Declaration", "BecomesEntry", "RetryPart", "WaitingAt"} <= {one.__name__ for one in FOUND}


@pytest.mark.parametrize("model", FOUND, ids=lambda model: model.__name__)
def test_every_key_of_the_document_stands_in_the_reference(model: type[BaseModel]) -> None:
    assert [key for key in keys_of(model) if f"`{key}`" not in TEXT] == []


@pytest.mark.parametrize("name", NODES)
def test_every_node_type_has_a_line_with_its_own_keys(name: str) -> None:
    [line] = [line for line in TEXT.splitlines() if line.startswith(f"| `{name}` |") and line.count("|") == 4]
    own = set(keys_of(NODES[name])) - set(keys_of(NodePart)) - {"type"}
    assert [key for key in sorted(own) if f"`{key}`" not in line] == []


def test_the_example_is_sound_and_its_tests_pass() -> None:
    [example] = re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)
    events = {name: kind.fields for name, kind in EVENT_TYPES.items()}
    context = CheckContext(catalogue_of(load_activities()), base_fields(), events)
    assert check(json.loads(example), context) == []


def test_the_readme_leads_to_it() -> None:
    assert "(docs/journeys.md)" in README


def test_the_readme_gives_a_command_that_prints_the_api_key(tmp_path: Path) -> None:
    [command] = re.findall(r"KEY=\$\(uv run (python .*)\)\n", README)
    (tmp_path / "data").mkdir()
    kept = load_or_make(tmp_path / "data" / "secrets.json")
    given = [sys.executable, *shlex.split(command)[1:]]
    done = subprocess.run(given, cwd=tmp_path, check=True, capture_output=True, text=True)
    assert done.stdout.strip() == kept.api_key


def test_the_folder_that_the_readme_exports_to_is_left_alone_by_git() -> None:
    [folder] = re.findall(r"definitions export .* (\w+/)\n", README)
    assert f"/{folder}" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
