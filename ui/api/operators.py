"""The operators of rules, each as it describes itself."""

from typing import Annotated, Any

from fastapi import Depends
from pydantic import BaseModel

from engine.rulesets.fields import shipped_fields
from rules.reference import Reference, references
from rules.zones import HOME
from ui.http.auth import Caller, require
from ui.http.lists import KeyCursor, Limit, part
from ui.http.routing import api_router

router = api_router(tags=["Catalogue"])

Reader = Annotated[Caller, Depends(require("definitions", "decisions"))]


class ArityItem(BaseModel):
    """The least and the greatest number of arguments; null where there is no bound."""

    least: int
    most: int | None


class FormsItem(BaseModel):
    """Which forms it has beside its closure: SQL for audiences, SMT for proofs."""

    sql: bool
    smt: bool


class OperatorItem(BaseModel):
    """An operator. `example` is an expression that works, `sentence` says it in words.

    Without the form `sql` audiences decide it after the query; without `smt` proofs take it for anything, so that an
    overlap may be reported in vain and is never missed.
    """

    name: str
    family: dict[str, str]
    title: dict[str, str]
    doc: str
    docs: dict[str, str]
    arity: ArityItem
    example: Any
    sentence: dict[str, str] | None
    forms: FormsItem


class OperatorList(BaseModel):
    """All operators."""

    items: list[OperatorItem]
    next: str | None


@router.get("/operators")
def list_operators(_caller: Reader, limit: Limit = 50, cursor: KeyCursor = None) -> OperatorList:
    """Every operator that rules may use, by name."""
    found = {one.name: one for one in references(shipped_fields(), HOME)}
    shown, more = part(sorted(found), limit, cursor, str)
    return OperatorList(items=[_item(found[name]) for name in shown], next=more)


def _item(one: Reference) -> OperatorItem:
    return OperatorItem(
        name=one.name,
        family=one.family._asdict(),
        title=one.title._asdict(),
        doc=one.doc.en,
        docs=one.doc._asdict(),
        arity=ArityItem(least=one.least, most=one.most),
        example=one.example,
        sentence=one.sentence,
        forms=FormsItem(sql=one.sql, smt=one.smt),
    )
