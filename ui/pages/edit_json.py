"""A draft as JSON text: edited as a whole with the same checks, findings by line; nothing that was typed is lost."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Response
from starlette.responses import HTMLResponse, RedirectResponse

from engine.definitions.diff import Change, diff
from engine.definitions.drafts import locked_draft
from engine.definitions.errors import NotReadableError, StaleRevisionError
from engine.definitions.kinds import Kind
from engine.definitions.source import Place, Source, read_source
from engine.edits import store
from engine.edits.generic import Replace
from engine.edits.store import Editable, editable
from engine.journeys.findings import Finding
from rules.documents.commands import CommandError
from ui.definitions.places import editor_of, place_words
from ui.definitions.presentable import presentable
from ui.messages import text as words
from ui.pages.editing import Base, Key, Text
from ui.pages.visit import Authoring, Visit, Visiting
from ui.words.people import names_of

router = APIRouter(prefix="/edit/{kind}/{key}")

_SHOWN = 200


@dataclass(frozen=True)
class Located:
    """A finding and where it stands in the text."""

    found: Finding
    place: Place


@dataclass(frozen=True)
class Looked:
    """What can be said about a text: the place where it cannot be read, or what is found in it, by line."""

    unreadable: NotReadableError | None
    findings: Sequence[Located]


@router.get("/json")
def show_json(visit: Visiting, kind: Kind, key: Key) -> HTMLResponse:
    """The draft as text."""
    with visit.begin() as session:
        draft = editable(session, kind, key)
    return _page(visit, kind, key, draft, draft.text, base=draft.revision)


@router.post("/json/check")
def check_json(visit: Authoring, kind: Kind, key: Key, text: Text) -> HTMLResponse:
    """What is found in a text while it is typed; nothing is kept."""
    return visit.render("editing/_lines.html", {"looked": _looked(visit, kind, key, _plain(text))})


@router.post("/json")
def save_json(
    visit: Authoring,
    kind: Kind,
    key: Key,
    text: Text,
    base: Base = None,
    over: Annotated[int | None, Form(ge=0)] = None,
) -> Response:
    """Keep the text as the draft. What others changed since `base` stays; where both changed the same, nothing is done.

    `over` is a later revision that the author has seen: what was changed up to it may be written over.
    """
    text = _plain(text)
    try:
        source = read_source(text)
        _save(visit, kind, key, source, base, over)
    except NotReadableError:
        return _again(visit, kind, key, text, base, 422)
    except CommandError as error:
        said = str(presentable(error.zh if visit.language == "zh" else str(error)))
        return _again(visit, kind, key, text, base, 422, said=said)
    except StaleRevisionError as error:
        return _again(visit, kind, key, text, base, 412, stale=error)
    return RedirectResponse(f"/edit/{kind}/{key}/json?saved=1", 303)


def _save(visit: Visit, kind: Kind, key: str, source: Source, base: int | None, over: int | None) -> None:
    """To the letter where nobody else changed the draft, else merged with what they did."""
    now = visit.now()
    with visit.operate(whole_chain=True) as session:
        locked_draft(session, kind, key)
        seen = store.editable(session, kind, key)
        if base is None or seen.revision == base:
            if seen.text != source.text:
                store.put_draft(session, kind, key, source.text, by=visit.actor, now=now, seat=visit.seat)
            return
        command = Replace(command="replace", document=source.document)
        store.edit(session, kind, key, command, by=visit.actor, now=now, seat=visit.seat, base=base, over=over)


def _plain(text: str) -> str:
    """As it was typed: forms send line breaks as two characters, and JSON texts hold none."""
    return text.replace("\r\n", "\n")


def _looked(visit: Visit, kind: Kind, key: str, text: str) -> Looked:
    try:
        source = read_source(text)
    except NotReadableError as error:
        return Looked(error, ())
    found = visit.deps.findings.of(visit.deps, kind, key, text)
    placed = [Located(each, source.place(each.pointer)) for each in found]
    return Looked(None, sorted(placed, key=lambda each: (each.place.line, each.place.column)))


def _again(  # noqa: PLR0913  what the page says
    visit: Visit,
    kind: Kind,
    key: str,
    text: str,
    base: int | None,
    status: int,
    *,
    said: str | None = None,
    stale: StaleRevisionError | None = None,
) -> HTMLResponse:
    """The page with what was typed, and why it was not saved."""
    with visit.begin() as session:
        draft = editable(session, kind, key)
        who = names_of(session, [draft.by], visit.language)[draft.by]
    return _page(visit, kind, key, draft, text, base=base, status=status, said=said, stale=stale, who=who)


def _page(  # noqa: PLR0913  what the page says
    visit: Visit,
    kind: Kind,
    key: str,
    draft: Editable,
    text: str,
    *,
    base: int | None,
    status: int = 200,
    said: str | None = None,
    stale: StaleRevisionError | None = None,
    who: str = "",
) -> HTMLResponse:
    changes = _changes(visit, draft, text) if stale else []
    context = {
        "kind": kind,
        "key": key,
        "base": f"/edit/{kind}/{key}",
        "editor": editor_of(kind, key),
        "document": draft.document,
        "text": text,
        "base_revision": base,
        "revision": draft.revision,
        "saved": "saved" in visit.request.query_params,
        "looked": _looked(visit, kind, key, text),
        "said": said,
        "stale": stale,
        "who": who if draft.by != visit.actor else words(visit.language, "edits.other_window"),
        "changes": changes[:_SHOWN],
        "more": max(0, len(changes) - _SHOWN),
        "may_edit": visit.may_operate_chain,
    }
    return visit.render("editing/json.html", context, status=status)


def _changes(visit: Visit, draft: Editable, text: str) -> list[tuple[str, Change]]:
    """How what was typed differs from the draft as it is now, each place in words."""
    typed = read_source(text).document
    found = diff(draft.document, typed)
    return [
        (place_words(typed if each.op == "added" else draft.document, each.pointer, visit.language), each)
        for each in found
    ]
