"""The reference of activity types, made from what each of them says about itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from starlette.responses import HTMLResponse

from engine.journeys.catalogue import ActivityType
from rules.types import Declaration, Title
from ui.messages import Language
from ui.pages.prose import Paragraph, paragraphs
from ui.pages.visit import Visiting
from ui.words.wording import title

router = APIRouter()


@dataclass(frozen=True)
class Line:
    """A param, or something that `save` keeps: its name, what it is called, what to write, and whether it may lack."""

    name: str
    title: str
    help: str
    optional: bool


@dataclass(frozen=True)
class Reference:
    """One type as the page shows it."""

    type: ActivityType
    text: list[Paragraph]
    params: list[Line]
    result: list[Line]
    ports: list[str]


@router.get("/activity-types")
def show(visit: Visiting) -> HTMLResponse:
    """All registered types, by name."""
    catalogue = visit.deps.catalogue
    found = [_reference(catalogue[name], visit.language) for name in sorted(catalogue)]
    return visit.render("activity_types.html", {"types": found})


def _reference(one: ActivityType, language: Language) -> Reference:
    text = one.doc_zh or one.doc if language == "zh" else one.doc
    schema = one.params.model_json_schema()
    needed = schema.get("required", [])
    params = [
        _param(name, field, language, optional=name not in needed)
        for name, field in schema.get("properties", {}).items()
    ]
    result = [Line(path, _called(path, each, language), "", each.optional) for path, each in one.result.items()]
    quiet = ["quiet"] if one.contact == "push" else []
    ports = ["done", *one.outcomes, "error", *quiet]
    return Reference(one, paragraphs(text), params, result, ports)


def _param(name: str, field: Mapping[str, Any], language: Language, *, optional: bool) -> Line:
    named, told = field.get("x-title", {}), field.get("x-help", {})
    return Line(name, named.get(language) or name, told.get(language, ""), optional)


def _called(path: str, declared: Declaration, language: Language) -> str:
    return title(declared.title.model_dump(), language) if isinstance(declared.title, Title) else path
