"""How a definition begins, whatever its kind: a form with a name, a key and what to start from; and letting a draft go.

A kind brings a `Ground`: where its pages are, what an empty one is, and how its files are read. What was wrong is told
field by field, and what was written stays.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, TypeAlias

from fastapi import Depends, File, Form, Query, UploadFile
from sqlalchemy.orm import Session
from starlette.responses import HTMLResponse, RedirectResponse, Response

from engine.definitions.errors import NotReadableError, StaleRevisionError
from engine.definitions.keys import proposed_key
from engine.definitions.kinds import KEY, Kind
from engine.definitions.listing import Listed, list_shown, show
from engine.definitions.source import read_source
from engine.edits.errors import KeyTakenError
from engine.edits.store import delete_draft, editable, put_draft
from engine.edits.text import LARGEST
from engine.library.shelf import find_template, templates
from rules.types import Json
from ui.http.problems import NotFound
from ui.messages import LANGUAGES, Language, text
from ui.pages.editing import not_discarded
from ui.pages.visit import Visit
from ui.words import wording

_FORM = "editing/new.html"
EMPTY, FILE = "empty", "file"
RESERVED = frozenset({"new"})
"""Keys whose pages would be hidden by our own."""

LONGEST_TITLE = 200

Document: TypeAlias = dict[str, Json]


@dataclass(frozen=True)
class Wish:
    """What was written into the form. `source` is empty, file, template:<key>, or <kind>:<key> for a copy."""

    zh: str = ""
    en: str = ""
    key: str = ""
    source: str = EMPTY
    name: str = ""
    body: bytes = b""
    wrong: Mapping[str, str] = field(default_factory=dict)
    faults: Sequence[str] = ()

    @property
    def title(self) -> dict[str, Json]:
        """The title in both languages; one stands for the other."""
        return {"zh": self.zh or self.en, "en": self.en or self.zh}


class UnreadableError(ValueError):
    """A file from which nothing begins; `faults` say why, in the reader's language."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


@dataclass(frozen=True)
class Ground:
    """What a kind brings. Its pages are under `place`; `read` makes a document of a file, or raises UnreadableError."""

    kind: Kind
    place: str
    empty: Callable[[], Document]
    read: Callable[[Visit, Wish], Document]
    files: str
    """The file names that the form offers to choose from, as its `accept` has them."""


@dataclass(frozen=True)
class Names:
    """The names written so far."""

    zh: Annotated[str, Query(max_length=LONGEST_TITLE)] = ""
    en: Annotated[str, Query(max_length=LONGEST_TITLE)] = ""


@dataclass(frozen=True)
class Chosen:
    """What the address asks to start from."""

    template: Annotated[str | None, Query(max_length=63)] = None
    source: Annotated[str | None, Query(alias="from", max_length=63)] = None


def wish(
    zh: Annotated[str, Form(max_length=LONGEST_TITLE)] = "",
    en: Annotated[str, Form(max_length=LONGEST_TITLE)] = "",
    key: Annotated[str, Form(max_length=100)] = "",
    source: Annotated[str, Form(max_length=100)] = EMPTY,
    file: Annotated[UploadFile | None, File()] = None,
) -> Wish:
    """What the form sent; a file is read only if it is what to start from."""
    sent = file if source == FILE else None
    name, body = (sent.filename or "", sent.file.read(LARGEST + 1)) if sent is not None else ("", b"")
    return Wish(zh.strip(), en.strip(), key.strip().lower(), source, name, body)


Asked = Annotated[Chosen, Depends()]
Named = Annotated[Names, Depends()]
Sent = Annotated[Wish, Depends(wish)]


def show_form(visit: Visit, ground: Ground, asked: Chosen) -> HTMLResponse:
    """The form, with the title of what the address asks for."""
    copied = f"{ground.kind}:{asked.source}" if asked.source else EMPTY
    source = f"template:{asked.template}" if asked.template else copied
    with visit.operate(whole_chain=True) as session:
        document = None if source == EMPTY else _stored(session, ground, source)
        wished = Wish()
        if document is not None:
            zh, en = (_title(document, language, is_copy=source == copied) for language in LANGUAGES)
            wished = Wish(zh, en, source=source)
        form = _form(ground, wished, list_shown(session, ground.kind))
    return visit.render(_FORM, form)


def show_key(visit: Visit, ground: Ground, named: Names) -> HTMLResponse:
    """The fragment with the key that the definition gets where none is written."""
    with visit.operate(whole_chain=True) as session:
        proposed = _proposed(ground, Wish(named.zh.strip(), named.en.strip()), list_shown(session, ground.kind))
    return visit.render("editing/_key.html", {"proposed": proposed})


def _proposed(ground: Ground, sent: Wish, listed: Sequence[Listed]) -> str:
    """The key that the names suggest; nothing while there is no name."""
    return proposed_key(sent.en, sent.zh, _taken(listed), ground.kind) if sent.en or sent.zh else ""


def _title(document: Document, language: Language, *, is_copy: bool) -> str:
    title = wording.title(document.get("title"), language)
    return text(language, "new.copy_of", title=title) if is_copy else title


def begin(visit: Visit, ground: Ground, sent: Wish) -> Response:
    """Keep the first draft and lead to its editor, or say what is wrong. Nothing that is there is written over."""
    try:
        return _begun(visit, ground, sent)
    except KeyTakenError:  # by somebody who was a moment quicker; now their key is seen
        return _begun(visit, ground, sent)


def _begun(visit: Visit, ground: Ground, sent: Wish) -> Response:
    read, faults = _read(visit, ground, sent) if sent.source == FILE else (None, ())
    with visit.operate(whole_chain=True) as session:
        listed = list_shown(session, ground.kind)
        taken = _taken(listed)
        document = read if sent.source == FILE else _stored(session, ground, sent.source)
        key = _key(ground, sent, document, taken)
        wrong = _wrong(visit, ground, replace(sent, key=key), document, taken)
        refused = _form(ground, replace(sent, wrong=wrong, faults=faults), listed) if wrong else None
        if not wrong and document is not None:
            title: Document = {"title": sent.title} if sent.zh or sent.en else {}
            written = json.dumps({**document, "key": key, **title}, ensure_ascii=False, indent=2)
            put_draft(
                session, ground.kind, key, written, by=visit.actor, now=visit.now(), seat=visit.seat, is_first=True
            )  # fmt: skip
    if refused is not None:
        return visit.render(_FORM, refused, status=422)
    return RedirectResponse(f"/{ground.place}/{key}/edit", 303)


def discard(visit: Visit, ground: Ground, key: str, base: int | None) -> Response:
    """Throw the draft away as it was seen at revision `base`; what was published stays.

    Nothing is done once somebody else has changed it. Raises NotFound where there is nothing of this key.
    """
    try:
        with visit.operate(whole_chain=True) as session:
            if show(session, ground.kind, key) is None:
                raise NotFound(f"There is no {ground.kind} {key!r}.")
            delete_draft(session, ground.kind, key, by=visit.actor, now=visit.now(), base=base, seat=visit.seat)
            stays = show(session, ground.kind, key) is not None
    except StaleRevisionError as error:
        return not_discarded(visit, error)
    place = f"/{ground.place}/{key}/edit" if stays else f"/{ground.place}"
    if visit.request.headers.get("hx-request"):
        return Response(status_code=204, headers={"HX-Redirect": place})
    return RedirectResponse(place, 303)


def read_json(visit: Visit, sent: Wish) -> Document:
    """The document that a file of JSON holds, as it is. Raises UnreadableError."""
    try:
        return read_source(sent.body.decode("utf-8-sig")).document
    except UnicodeDecodeError as error:
        line = sent.body.count(b"\n", 0, error.start) + 1
        raise UnreadableError([text(visit.language, "new.wrong.encoding", line=line)]) from error
    except NotReadableError as error:
        said = text(visit.language, "new.wrong.json", line=error.line, column=error.column)
        raise UnreadableError([said]) from error


def _read(visit: Visit, ground: Ground, sent: Wish) -> tuple[Document | None, Sequence[str]]:
    """What the file tells, or why it tells nothing."""
    try:
        return ground.read(visit, sent), ()
    except UnreadableError as error:
        return None, error.faults


def _stored(session: Session, ground: Ground, source: str) -> Document | None:
    """What to start from of our own; None where there is no such thing."""
    origin, _, name = source.partition(":")
    if origin == EMPTY:
        return ground.empty()
    if origin == "template":
        template = find_template(ground.kind, name)
        return template.document if template else None
    if origin == ground.kind and show(session, ground.kind, name) is not None:
        return editable(session, ground.kind, name).document
    return None


def _key(ground: Ground, sent: Wish, document: Document | None, taken: set[str]) -> str:
    """The key that was written, that of the file, or one that the title suggests."""
    own = document.get("key") if document and sent.source == FILE else None
    return sent.key or (own if isinstance(own, str) else "") or proposed_key(sent.en, sent.zh, taken, ground.kind)


def _wrong(visit: Visit, ground: Ground, sent: Wish, document: Document | None, taken: set[str]) -> dict[str, str]:
    """What is wrong, by field of the form."""
    wrong: dict[str, str] = {}
    if document is None:
        field = "file" if sent.source == FILE else "source"
        wrong[field] = text(visit.language, f"new.wrong.{field}")
    if not sent.zh and not sent.en and sent.source != FILE:
        wrong["zh"] = text(visit.language, "new.wrong.title")
    if sent.key in taken:
        free = proposed_key(sent.key, "", taken, ground.kind)
        wrong["key"] = text(visit.language, "new.wrong.taken", taken=sent.key, free=free)
    elif not KEY.fullmatch(sent.key):
        wrong["key"] = text(visit.language, "new.wrong.key")
    return wrong


def _taken(listed: Sequence[Listed]) -> set[str]:
    return {each.key for each in listed} | RESERVED


def _form(ground: Ground, sent: Wish, listed: Sequence[Listed]) -> dict[str, object]:
    """What the form shows; it is rendered when the session is over: one request holds one connection."""
    return {
        "ground": ground,
        "proposed": _proposed(ground, sent, listed),
        "wish": sent,
        "copies": [(each.key, each.title) for each in listed],
        "templates": [(each.key, each.document.get("title")) for each in templates(ground.kind)],
    }
