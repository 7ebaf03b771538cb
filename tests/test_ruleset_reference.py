"""docs/rulesets.md names every key of the document, and its example is sound."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from engine.events.types import EVENT_TYPES
from engine.fields.document import FieldsDocument
from engine.journeys.context import CheckContext
from engine.members.fields import base_fields
from engine.rulesets.check import check, report
from engine.seeds.published import documents
from rules.documents.allowed import keys_of
from rules.documents.values import LongWords, Words
from rules.tables.document import OUTPUT_TYPES, Ruleset
from rules.types import Declaration
from tests.test_journey_reference import models

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "docs" / "rulesets.md").read_text(encoding="utf-8")
OF_FIELDS = (ROOT / "docs" / "fields.md").read_text(encoding="utf-8")
JOURNEYS = (ROOT / "docs" / "journeys.md").read_text(encoding="utf-8")
CONTEXT = CheckContext({}, base_fields(), {name: kind.fields for name, kind in EVENT_TYPES.items()})


@pytest.mark.parametrize("model", [*models(Ruleset, {Words, LongWords, Declaration})], ids=lambda model: model.__name__)
def test_every_key_of_the_document_stands_in_the_reference(model: type[BaseModel]) -> None:
    assert [key for key in keys_of(model) if f"`{key}`" not in TEXT] == []


def test_every_type_of_output_stands_in_the_reference() -> None:
    assert [name for name in OUTPUT_TYPES if f"`{name}`" not in TEXT] == []


@pytest.mark.parametrize("model", [*models(FieldsDocument, {Words, LongWords})], ids=lambda model: model.__name__)
def test_every_key_of_definitions_of_fields_stands_in_their_reference(model: type[BaseModel]) -> None:
    told = OF_FIELDS + JOURNEYS if issubclass(model, Declaration) else OF_FIELDS
    assert [key for key in keys_of(model) if not re.search(rf"[`\"]{key}\b", told)] == []


def test_the_example_is_sound_and_its_test_passes() -> None:
    [example] = re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)
    assert [each for each in check(json.loads(example), CONTEXT) if each.severity == "error"] == []
    played = report(json.loads(example), CONTEXT)
    assert played is not None
    assert [test.name for test in played.tests if not test.ok] == []


def test_the_readme_leads_to_both() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "(docs/rulesets.md)" in readme
    assert "(docs/fields.md)" in readme


def test_every_shipped_ruleset_has_a_paragraph_about_changing_it() -> None:
    told = re.findall(r"^\*\*`([a-z-]+)`\*\*", TEXT, re.MULTILINE)
    assert sorted(told) == [key for key, _ in documents("ruleset")]
