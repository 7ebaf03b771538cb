"""The named conditions of a ruleset: listed with their uses, added, renamed, deleted."""

from __future__ import annotations

from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form
from starlette.responses import HTMLResponse, Response

from engine.edits.store import editable
from engine.rulesets.fields import seen_by
from engine.rulesets.published import users_of_condition
from rules.compile import compile_rule
from rules.errors import RuleError
from rules.sentences import sentence
from rules.types import Conditions, Fields, Json
from ui.conditions.named import UnusableNameError, adding, named_conditions, removing, renaming
from ui.definitions.checking import check_context
from ui.definitions.places import place_words
from ui.messages import LANGUAGES, text
from ui.pages.editing import carried_out, told
from ui.pages.visit import Authoring, Key, Visit, Visiting

router = APIRouter()

Name = Annotated[str, Form(max_length=200)]
Base = Annotated[int | None, Form(ge=0)]


@router.get("/edit/ruleset/{key}/conditions")
def show_named(visit: Visiting, key: Key) -> HTMLResponse:
    """The fragment with the named conditions of a ruleset: each in words, where it is used, and what may be done."""
    with visit.begin() as session:
        working = editable(session, "ruleset", key)
    with visit.deps.database.begin() as session:
        context = check_context(visit.deps, session)
        found = named_conditions(working.document)
        users = {each.name: users_of_condition(session, f"{key}/{each.name}") for each in found}
    fields, zone = seen_by(working.document, context)
    known = {**context.conditions, **{each.name: each.rule for each in found}}
    shown = [
        {
            "named": each,
            "sentence": _sentence(visit, each.rule, fields, known, zone),
            "uses": [place_words(working.document, pointer, visit.language) for pointer in each.uses],
            "users": [user for user in users[each.name] if user != f"ruleset/{key}"],
        }
        for each in found
    ]
    given = {"key": key, "revision": working.revision, "shown": shown, "may_edit": visit.may_operate_chain}
    return visit.render("conditions/_named.html", given)


@router.post("/edit/ruleset/{key}/conditions")
def change_named(
    visit: Authoring,
    key: Key,
    do: Annotated[str, Form(max_length=20)] = "",
    name: Name = "",
    to: Name = "",
    base: Base = None,
) -> Response:
    """Add one, give one another name in all of the document, or delete one."""
    with visit.operate(whole_chain=True) as session:
        document = editable(session, "ruleset", key).document
    try:
        command = _command(document, do, name.strip(), to.strip())
    except UnusableNameError as error:
        return told(visit, text(visit.language, error.key))
    return carried_out(visit, "ruleset", key, command, base)


def _command(document: dict[str, Json], do: str, name: str, to: str) -> Json:
    if do == "add":
        return adding(document, name)
    if name not in {each.name for each in named_conditions(document)}:
        raise UnusableNameError("conditions.failure.no_name")
    if do == "rename":
        title = {str(each): text(each, "conditions.named.renamed", old=name, new=to) for each in LANGUAGES}
        return renaming(document, name, to, title)
    if do == "remove":
        return removing(name)
    raise UnusableNameError("conditions.failure.gone")


def _sentence(visit: Visit, rule: Json, fields: Fields, known: Conditions, zone: ZoneInfo) -> str:
    """A condition in words; nothing where something is wrong with it."""
    try:
        tree = compile_rule(rule, fields, conditions=known).tree
    except RuleError:
        return ""
    return sentence(tree, visit.language, zone)
