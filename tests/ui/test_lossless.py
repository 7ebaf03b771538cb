"""Any definition that is valid JSON goes through the page, the API and the command line, and stays what it is."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.clock import FixedClock
from engine.database.connection import Database
from engine.definitions.kinds import KINDS
from engine.definitions.source import read_source
from engine.journeys.canonical import content_hash
from rules.types import Json
from tests.engine.edits.commanding import DOCUMENTS
from tests.law import TIMES
from tests.ui.definition_files.asked import service_of
from tests.ui.visitor import Visitor
from ui.definition_files.applying import store_files
from ui.definition_files.online import export_files
from ui.definition_files.service import Service


@pytest.fixture
def service(admin: Visitor, database: Database, clock: FixedClock) -> Service:
    """The application that the administrator's browser looks at, as the command line asks it."""
    return service_of(admin, database, clock)


def deep(levels: int) -> Json:
    value: Json = "deep"
    for level in range(levels):
        value = [value] if level % 2 else {"in": value}
    return value


ODD: list[dict[str, Any]] = [
    {"deep": deep(60), "": {"": [""]}, "/~": "~1", "line\u2028break": "\t\r\n", "tag": "</textarea><script>&amp;"},
    {"numbers": [2**53, -(2**53), 0.1, -0.0, 1e-300, 1.7976931348623157e308, 1e21, 1234567890123456, 1.0]},
    {"text": "\u0000 \U0001f468\u200d\U0001f469 é ｡ \ufffe \ufeff", "键": {"值": None}, "schema": 7, "key": ["x"]},
]
TEXTS = st.sampled_from(ODD) | DOCUMENTS
LAYOUTS = st.sampled_from([{}, {"indent": 1}, {"ensure_ascii": False}, {"separators": (",", ":"), "sort_keys": True}])


def shown(admin: Visitor, kind: str) -> tuple[str, str]:
    """The text and the revision that the page of the draft shows."""
    page = admin.get(f"/edit/{kind}/odd/json").text
    [text] = re.findall(r"<textarea[^>]*>\n(.*?)</textarea>", page, flags=re.DOTALL)
    [base] = re.findall(r'name="base" value="(\d+)"', page)
    return html.unescape(text), base


def stored(service: Service, kind: Any) -> str:
    draft = service.draft(kind, "odd")
    assert draft is not None
    return draft.text


@settings(max_examples=12 * TIMES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(document=TEXTS, kind=st.sampled_from(KINDS), layout=LAYOUTS)
def test_page_api_and_command_line_keep_a_definition_to_the_letter(
    admin: Visitor, service: Service, document: dict[str, Json], kind: Any, layout: dict[str, Any]
) -> None:
    text = json.dumps(document, **layout)
    first = content_hash(read_source(text).document)
    service.put_draft(kind, "odd", text)
    assert stored(service, kind) == text

    seen, base = shown(admin, kind)
    sent = {"text": seen.replace("\n", "\r\n"), "base": base}
    assert admin.post(f"/edit/{kind}/odd/json", data=sent).status_code == 303
    assert stored(service, kind) == text

    with TemporaryDirectory() as folder:
        export_files([Path(folder)], service, drafts=True)
        service.put_draft(kind, "odd", "{}")
        assert store_files([Path(folder) / kind / "odd.json"], service, "en").ok
    assert stored(service, kind) == text
    assert content_hash(read_source(stored(service, kind)).document) == first
