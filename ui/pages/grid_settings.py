"""The settings of a ruleset: its columns, what holds beside its rows, its own fields, its promises; saved as edits."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import HTMLResponse, Response

from engine.rulesets.fields import seen_by
from rules.tables.commands import Term
from rules.types import Json
from ui.messages import Language
from ui.pages.editing import carried_out, revision_in, told
from ui.pages.grid import Opened, open_ruleset
from ui.pages.trials import sent_form
from ui.pages.visit import Authoring, Key, Visiting
from ui.rulesets import settings as terms
from ui.scope import offers
from ui.words.wording import title

router = APIRouter()

Sent = Annotated[dict[str, str], Depends(sent_form)]
MOST_FIELDS = 400


@router.get("/rules/{key}/edit/settings")
def show_settings(visit: Visiting, key: Key) -> HTMLResponse:
    """The form of the settings, as they stand."""
    opened = open_ruleset(visit, key)
    document = opened.editable.document
    context = {
        "base": f"/rules/{key}/edit",
        "document": document,
        "revision": opened.editable.revision,
        "may_edit": visit.may_operate_chain,
        "grid": opened.grid,
        "offered": _offered(opened, visit.language),
        "otherwise": terms.otherwise_of(document),
        "outputs": terms.outputs_of(document),
        "listed": {name: _list(document.get(name)) for name in ("inputs", "outputs", "agree")},
        "fields": _object(document.get("fields")),
        "total": _object(document.get("total")),
        "hits": terms.HITS,
        "aggregates": terms.AGGREGATES,
        "unknowns": terms.UNKNOWNS,
        "given_types": terms.GIVEN_TYPES,
        "field_types": terms.FIELD_TYPES,
    }
    return visit.render("grid/_settings.html", context)


@router.post("/rules/{key}/edit/settings/{term}")
def set_term(visit: Authoring, key: Key, term: Term, sent: Sent) -> Response:
    """One term; what says the same as before is no edit."""
    document = open_ruleset(visit, key).editable.document
    try:
        value = terms.value_of(term, document, sent, visit.language)
    except terms.TermError as error:
        return told(visit, error.message)
    return carried_out(visit, "ruleset", key, {"command": "set_term", "term": term, "value": value}, revision_in(sent))


@router.post("/rules/{key}/edit/inputs")
def add_input(visit: Authoring, key: Key, sent: Sent) -> Response:
    """A column for a field."""
    command: Json = {"command": "add_input", "field": sent.get("field", "").strip() or "?"}
    return carried_out(visit, "ruleset", key, command, revision_in(sent))


@router.post("/rules/{key}/edit/outputs")
def add_output(visit: Authoring, key: Key, sent: Sent) -> Response:
    """A column for a value that the table gives."""
    command: Json = {"command": "add_output", "output": terms.output_of(sent)}
    return carried_out(visit, "ruleset", key, command, revision_in(sent))


@router.post("/rules/{key}/edit/fields")
def add_field(visit: Authoring, key: Key, sent: Sent) -> Response:
    """A field that this ruleset declares itself, or declares more narrowly than the catalogue."""
    fields = _object(open_ruleset(visit, key).editable.document.get("fields"))
    try:
        path, declared = terms.declaration_of(sent, visit.language)
    except terms.TermError as error:
        return told(visit, error.message)
    command: Json = {"command": "set_term", "term": "fields", "value": {**fields, path: declared}}
    return carried_out(visit, "ruleset", key, command, revision_in(sent))


@router.post("/rules/{key}/edit/promises")
def add_promise(visit: Authoring, key: Key, sent: Sent) -> Response:
    """A promise that outputs stay the same between contexts."""
    agree = _list(open_ruleset(visit, key).editable.document.get("agree"))
    taken = [str(each.get("id")) for each in agree if isinstance(each, dict)]
    try:
        made = terms.promise_of(sent, taken, visit.language)
    except terms.TermError as error:
        return told(visit, error.message)
    command: Json = {"command": "set_term", "term": "agree", "value": [*agree, made]}
    return carried_out(visit, "ruleset", key, command, revision_in(sent))


def _offered(opened: Opened, language: Language) -> list[tuple[str, str]]:
    """The fields that a column may be about, with what people call them."""
    fields, _ = seen_by(opened.editable.document, opened.grid.context)
    found = [each for each in offers(fields) if each.path]
    return [(each.path, title(each.title.model_dump(), language, each.path)) for each in found][:MOST_FIELDS]


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _object(value: Json) -> dict[str, Json]:
    return value if isinstance(value, dict) else {}
