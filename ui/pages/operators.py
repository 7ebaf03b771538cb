"""The reference of operators, made from what each of them says about itself."""

import json
from dataclasses import dataclass, field
from itertools import groupby

from fastapi import APIRouter
from starlette.responses import HTMLResponse

from engine.rulesets.fields import shipped_fields
from rules.reference import Reference, references
from rules.zones import HOME
from ui.messages import Language
from ui.pages.prose import Paragraph, paragraphs
from ui.pages.visit import Visiting

router = APIRouter()


@dataclass(frozen=True)
class Shown:
    """One operator as the page shows it; `anchor` is its place on the page, which no odd sign of a name breaks."""

    anchor: str
    name: str
    title: str
    text: list[Paragraph]
    example: str
    sentence: str
    least: int
    most: int | None
    sql: bool
    smt: bool


@dataclass(frozen=True)
class Family:
    """Operators that belong together."""

    title: str
    operators: list[Shown] = field(default_factory=list)


@router.get("/operators")
def show(visit: Visiting) -> HTMLResponse:
    """All operators, family by family."""
    found = enumerate(references(shipped_fields(), HOME), start=1)
    families = [
        Family(title, [_shown(number, one, visit.language) for number, one in operators])
        for title, operators in groupby(found, key=lambda numbered: numbered[1].family.of(visit.language))
    ]
    return visit.render("operators.html", {"families": families})


def _shown(number: int, one: Reference, language: Language) -> Shown:
    return Shown(
        anchor=f"operator-{number}",
        name=one.name,
        title=one.title.of(language),
        text=paragraphs(one.doc.of(language)),
        example=json.dumps(one.example, ensure_ascii=False),
        sentence=one.sentence[language] if one.sentence else "",
        least=one.least,
        most=one.most,
        sql=one.sql,
        smt=one.smt,
    )
