"""The library: definitions to start from, each as a picture or a table, with what it needs around it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from fastapi import APIRouter
from starlette.responses import HTMLResponse

from engine.definitions.listing import show
from engine.journeys.context import CheckContext
from engine.library.shelf import Template, find_template, needs, templates
from engine.rulesets.fields import ruleset_fields
from rules.tables.compile import examine
from rules.types import Json
from ui.definitions.checking import check_context
from ui.http.problems import NotFound
from ui.journeys.outline import Outline, outline, stage_titles
from ui.pages.visit import Key, Visit, Visiting
from ui.rulesets.tables import TableView, table_view

router = APIRouter()

Offered = Literal["journey", "ruleset", "fields"]
OFFERED: tuple[Offered, ...] = ("journey", "ruleset", "fields")


@dataclass(frozen=True)
class Need:
    """A thing that a template names; `there` says whether the chain has it, `offered` whether the library does."""

    kind: str
    key: str
    there: bool
    offered: bool


@dataclass(frozen=True)
class Card:
    """A template as the list shows it. `stages` are the titles of its funnel, `size` its nodes, rows or fields."""

    template: Template
    document: dict[str, Json]
    size: int
    tests: int
    stages: Sequence[str] = ()


@router.get("/library")
def show_shelf(visit: Visiting) -> HTMLResponse:
    """All that can be started from."""
    shelves = [(kind, [_card(visit, template) for template in templates(kind)]) for kind in OFFERED]
    return visit.render("library/shelf.html", {"shelves": shelves})


@router.get("/library/{kind}/{key}")
def show_template(visit: Visiting, kind: Offered, key: Key) -> HTMLResponse:
    """One template: what it does, its picture or its table, its tests, what it needs."""
    template = find_template(kind, key)
    if template is None:
        raise NotFound(f"The library has no {kind} {key!r}; /library lists what it has.")
    card = _card(visit, template)
    with visit.deps.database.begin() as session:
        context = check_context(visit.deps, session)
        published = show(session, kind, key) is not None
        needed = _needs(card, context)
    found = {
        "card": card,
        "needs": needed,
        "published": published,
        "picture": _picture(visit, card) if kind == "journey" else None,
        "view": _table(visit, card, context) if kind == "ruleset" else None,
    }
    return visit.render("library/template.html", found)


def _card(visit: Visit, template: Template) -> Card:
    document = template.document
    parts = document.get({"journey": "nodes", "ruleset": "rows", "fields": "fields"}[template.kind])
    tests = document.get("tests")
    stages = list(stage_titles(document, visit.language).values()) if template.kind == "journey" else []
    return Card(template, document, _size(parts), _size(tests), stages)


def _size(part: Json) -> int:
    return len(part) if isinstance(part, list | dict) else 0


def _needs(card: Card, context: CheckContext) -> list[Need]:
    exists = context.references
    found = needs(card.document, context.catalogue) if card.template.kind == "journey" else ()
    return [
        Need(kind, key, exists is not None and exists(kind, key), find_template(kind, key) is not None)
        for kind, key in found
    ]


def _picture(visit: Visit, card: Card) -> Outline:
    return outline(card.document, visit.deps.catalogue, visit.language)


def _table(visit: Visit, card: Card, context: CheckContext) -> TableView | None:
    table, _ = examine(card.document, ruleset_fields(context), context.conditions)
    return table_view(table, None, visit.language) if table is not None else None
