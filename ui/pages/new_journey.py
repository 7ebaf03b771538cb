"""Beginning a journey: from nothing, one that there is, the library or a file; and letting a draft go."""

import json
from dataclasses import dataclass, field, replace
from typing import Annotated

from fastapi import APIRouter, File, Form, Query, UploadFile
from sqlalchemy.orm import Session
from starlette.responses import HTMLResponse, RedirectResponse, Response

from engine.definitions.errors import NotReadableError
from engine.definitions.kinds import KEY
from engine.definitions.listing import list_shown, show
from engine.definitions.source import read_source
from engine.edits.store import LARGEST, delete_draft, editable, put_draft
from engine.journeys.editing.beginning import empty_journey, proposed_key
from engine.library.shelf import find_template, templates
from rules.types import Json
from ui.messages import Language, text
from ui.pages.journeys import Key, find
from ui.pages.visit import Authoring, Visit, Visiting
from ui.words import wording

router = APIRouter()

EMPTY, FILE = "empty", "file"
RESERVED = frozenset({"new"})
"""Keys whose pages would be hidden by our own."""

_LONGEST_TITLE = 200


@dataclass(frozen=True)
class Wish:
    """What was written into the form. `source` is empty, file, journey:<key> or template:<key>."""

    zh: str = ""
    en: str = ""
    key: str = ""
    source: str = EMPTY
    text: str = ""
    wrong: dict[str, str] = field(default_factory=dict)

    @property
    def title(self) -> dict[str, str]:
        """The title in both languages; one stands for the other."""
        return {"zh": self.zh or self.en, "en": self.en or self.zh}


@router.get("/journeys/new")
def show_form(
    visit: Visiting,
    template: Annotated[str | None, Query(max_length=63)] = None,
    source: Annotated[str | None, Query(alias="from", max_length=63)] = None,
) -> HTMLResponse:
    """The form; `template` and `from` choose what to start from."""
    with visit.operate(whole_chain=True) as session:
        chosen = f"template:{template}" if template else f"journey:{source}" if source else EMPTY
        document = _document(session, chosen)
        titles = document.get("title") if document else None
        zh, en = wording.title(titles, "zh"), wording.title(titles, "en")
        if source and document:
            zh, en = _copied(zh, "zh"), _copied(en, "en")
        key = proposed_key(en, _taken(session)) if document else ""
        return _form(visit, session, Wish(zh, en, key, chosen if document else EMPTY))


@router.post("/journeys/new")
def begin(
    visit: Authoring,
    zh: Annotated[str, Form(max_length=_LONGEST_TITLE)] = "",
    en: Annotated[str, Form(max_length=_LONGEST_TITLE)] = "",
    key: Annotated[str, Form(max_length=100)] = "",
    source: Annotated[str, Form(max_length=100)] = EMPTY,
    file: Annotated[UploadFile | None, File()] = None,
) -> Response:
    """Keep the first draft and lead to its desk, or say what is wrong and keep what was written."""
    sent = file.file.read(LARGEST + 1).decode("utf-8", "replace") if file is not None and source == FILE else ""
    wish = Wish(zh.strip(), en.strip(), key.strip().lower(), source, sent)
    with visit.operate(whole_chain=True) as session:
        taken = _taken(session)
        made = _made(visit, session, wish, taken)
        if made.wrong:
            return _form(visit, session, made, status=422)
        put_draft(session, "journey", made.key, made.text, by=visit.actor, now=visit.now(), seat=visit.seat)
    return RedirectResponse(f"/journeys/{made.key}/edit", 303)


@router.post("/journeys/{key}/edit/discard")
def discard(visit: Authoring, key: Key) -> RedirectResponse:
    """Throw the draft away; what was published stays."""
    with visit.operate(whole_chain=True) as session:
        find(session, key)
        delete_draft(session, "journey", key, by=visit.actor, now=visit.now())
        stays = show(session, "journey", key) is not None
    return RedirectResponse(f"/journeys/{key}/edit" if stays else "/journeys", 303)


def _made(visit: Visit, session: Session, wish: Wish, taken: set[str]) -> Wish:
    """The wish with its key and the text of the draft, or with what is wrong with it, by field."""
    wrong: dict[str, str] = {}
    document = _read(visit, wish, wrong) if wish.source == FILE else _document(session, wish.source)
    if document is None and not wrong:
        wrong["source"] = text(visit.language, "canvas.new.wrong.source")
    if not wish.zh and not wish.en and wish.source != FILE:
        wrong["zh"] = text(visit.language, "canvas.new.wrong.title")
    own = document.get("key") if document and wish.source == FILE else None
    key = wish.key or (own if isinstance(own, str) else "") or proposed_key(wish.en, taken)
    if key in taken:
        wrong["key"] = text(visit.language, "canvas.new.wrong.taken", taken=key, free=proposed_key(key, taken))
    elif not KEY.fullmatch(key):
        wrong["key"] = text(visit.language, "canvas.new.wrong.key")
    if wrong or document is None:
        return replace(wish, wrong=wrong)
    title: dict[str, Json] = {"title": {**wish.title}} if wish.zh or wish.en else {}
    return replace(wish, key=key, text=_text({**document, "key": key, **title}))


def _read(visit: Visit, wish: Wish, wrong: dict[str, str]) -> dict[str, Json] | None:
    """The document in the file; what is wrong with it is noted."""
    try:
        return read_source(wish.text).document
    except NotReadableError as error:
        wrong["file"] = text(visit.language, "canvas.new.wrong.file", line=error.line, column=error.column)
        return None


def _document(session: Session, source: str) -> dict[str, Json] | None:
    """What to start from; None where there is no such thing."""
    kind, _, name = source.partition(":")
    if kind == EMPTY:
        return empty_journey("", {})
    if kind == "template":
        template = find_template("journey", name)
        return template.document if template else None
    if kind == "journey" and show(session, "journey", name) is not None:
        return editable(session, "journey", name).document
    return None


def _taken(session: Session) -> set[str]:
    return {shown.key for shown in list_shown(session, "journey")} | RESERVED


def _form(visit: Visit, session: Session, wish: Wish, *, status: int = 200) -> HTMLResponse:
    context = {
        "wish": wish,
        "journeys": [(shown.key, shown.title) for shown in list_shown(session, "journey")],
        "templates": [(each.key, each.document.get("title")) for each in templates("journey")],
    }
    return visit.render("design/new.html", context, status=status)


def _copied(title: str, language: Language) -> str:
    return text(language, "canvas.new.copy_of", title=title)


def _text(document: dict[str, Json]) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2)
