"""Beginning a ruleset: from nothing, one that there is, the library or a file; and letting a draft go."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, TypeAlias

from fastapi import APIRouter, File, Form, Query, UploadFile
from sqlalchemy.orm import Session
from starlette.responses import HTMLResponse, RedirectResponse, Response

from engine.definitions.errors import NotReadableError
from engine.definitions.kinds import KEY
from engine.definitions.listing import list_shown, show
from engine.definitions.source import read_source
from engine.edits.store import LARGEST, delete_draft, editable, put_draft
from engine.journeys.editing.beginning import proposed_key
from engine.library.shelf import find_template, templates
from engine.rulesets import textfile, workbook
from engine.rulesets.fields import ruleset_fields
from rules.tables.beginning import empty_ruleset, ruleset_from
from rules.tables.sheet import SheetError
from rules.tables.sheet_reading import TableError
from rules.types import Json
from ui.definitions.checking import check_context
from ui.messages import text
from ui.pages.grid import Key
from ui.pages.visit import Authoring, Visit, Visiting

router = APIRouter()

EMPTY, FILE = "empty", "file"
RESERVED = frozenset({"new"})
_LONGEST_TITLE = 200


Found: TypeAlias = tuple[dict[str, Json] | None, dict[str, str], Sequence[str]]
"""A document to start from; else what is wrong, by field of the form, and each fault of a file."""


@dataclass(frozen=True)
class Wish:
    """What was written into the form. `source` is empty, file, ruleset:<key> or template:<key>."""

    zh: str = ""
    en: str = ""
    key: str = ""
    source: str = EMPTY
    name: str = ""
    body: bytes = b""
    wrong: dict[str, str] = field(default_factory=dict)
    faults: Sequence[str] = ()
    text: str = ""


@router.get("/rules/new")
def show_form(
    visit: Visiting,
    template: Annotated[str | None, Query(max_length=63)] = None,
    source: Annotated[str | None, Query(alias="from", max_length=63)] = None,
) -> HTMLResponse:
    """The form; `template` and `from` choose what to start from."""
    chosen = f"template:{template}" if template else f"ruleset:{source}" if source else EMPTY
    with visit.operate(whole_chain=True) as session:
        return _form(visit, session, Wish(source=chosen))


@router.post("/rules/new")
def begin(
    visit: Authoring,
    zh: Annotated[str, Form(max_length=_LONGEST_TITLE)] = "",
    en: Annotated[str, Form(max_length=_LONGEST_TITLE)] = "",
    key: Annotated[str, Form(max_length=100)] = "",
    source: Annotated[str, Form(max_length=100)] = EMPTY,
    file: Annotated[UploadFile | None, File()] = None,
) -> Response:
    """Keep the first draft and lead to its table, or say what is wrong and keep what was written."""
    is_sent = file is not None and source == FILE
    body = file.file.read(LARGEST + 1) if file is not None and is_sent else b""
    name = (file.filename or "") if file is not None and is_sent else ""
    wish = Wish(zh.strip(), en.strip(), key.strip().lower(), source, name, body)
    read = _of_file(visit, wish) if source == FILE else None
    with visit.operate(whole_chain=True) as session:
        made = _made(visit, session, wish, read or _stored(visit, session, source))
        if made.wrong:
            return _form(visit, session, made, status=422)
        put_draft(session, "ruleset", made.key, made.text, by=visit.actor, now=visit.now(), seat=visit.seat)
    return RedirectResponse(f"/rules/{made.key}/edit", 303)


@router.post("/rules/{key}/edit/discard")
def discard(visit: Authoring, key: Key) -> RedirectResponse:
    """Throw the draft away; what was published stays."""
    with visit.operate(whole_chain=True) as session:
        delete_draft(session, "ruleset", key, by=visit.actor, now=visit.now())
        stays = show(session, "ruleset", key) is not None
    return RedirectResponse(f"/rules/{key}/edit" if stays else "/rules", 303)


def _made(visit: Visit, session: Session, wish: Wish, found: Found) -> Wish:
    """The wish with its key and the text of the draft, or with what is wrong with it, by field."""
    taken = {shown.key for shown in list_shown(session, "ruleset")} | RESERVED
    document, wrong, faults = found
    if not wish.zh and not wish.en and wish.source != FILE:
        wrong["zh"] = text(visit.language, "grid.new.wrong.title")
    own = document.get("key") if document else None
    key = (
        wish.key
        or (own if isinstance(own, str) and wish.source == FILE else "")
        or proposed_key(wish.en or "ruleset", taken)
    )
    if key in taken:
        wrong["key"] = text(visit.language, "grid.new.wrong.taken", taken=key, free=proposed_key(key, taken))
    elif not KEY.fullmatch(key):
        wrong["key"] = text(visit.language, "grid.new.wrong.key")
    if wrong or document is None:
        return replace(wish, wrong=wrong, faults=faults)
    title: dict[str, Json] = {"zh": wish.zh or wish.en, "en": wish.en or wish.zh} if wish.zh or wish.en else {}
    begun = empty_ruleset(key, title)
    own_words: dict[str, Json] = {name: begun[name] for name in ("key", "title") if name in begun}
    whole: dict[str, Json] = {**begun, **document, **own_words}
    return replace(wish, key=key, text=json.dumps(whole, ensure_ascii=False, indent=2))


def _stored(visit: Visit, session: Session, source: str) -> Found:
    """What to start from of our own."""
    kind, _, name = source.partition(":")
    if kind == EMPTY:
        return {}, {}, ()
    template = find_template("ruleset", name) if kind == "template" else None
    if template is not None:
        return template.document, {}, ()
    if kind == "ruleset" and show(session, "ruleset", name) is not None:
        return editable(session, "ruleset", name).document, {}, ()
    return None, {"source": text(visit.language, "grid.new.wrong.source")}, ()


def _of_file(visit: Visit, wish: Wish) -> Found:
    """The document that a file of a ruleset, or a spreadsheet, tells."""
    told = {"file": text(visit.language, "grid.new.wrong.file")}
    if wish.name.lower().endswith(".json"):
        try:
            return read_source(wish.body.decode("utf-8", "replace")).document, {}, ()
        except NotReadableError as error:
            return None, told, [str(error)]
    with visit.deps.database.begin() as session:
        known = ruleset_fields(check_context(visit.deps, session))
    try:
        is_text = wish.name.lower().endswith((".csv", ".txt"))
        table = textfile.read_csv(wish.body) if is_text else workbook.read_xlsx(wish.body)
        return ruleset_from(table, known), {}, ()
    except TableError as error:
        return None, told, [fault.told[visit.language] for fault in error.faults[:20]]
    except SheetError as error:
        return None, told, [problem.message[visit.language] for problem in error.problems]


def _form(visit: Visit, session: Session, wish: Wish, status: int = 200) -> HTMLResponse:
    rulesets = [(shown.key, shown.title) for shown in list_shown(session, "ruleset")]
    shelf = [(each.key, each.document.get("title")) for each in templates("ruleset")]
    context = {"wish": wish, "rulesets": rulesets, "templates": shelf}
    return visit.render("rules/new.html", context, status=status)
