"""The builder of a condition, wherever one stands: shown, changed by one command after the other."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import HTMLResponse, Response

from engine.definitions.errors import StaleRevisionError
from engine.edits.commands import parse
from engine.edits.store import edit
from rules.documents.commands import CommandError
from ui.conditions.actions import ActionError
from ui.conditions.asked import Done, MovedError, Sent
from ui.conditions.bench import Bench, EditableKind, NoConditionError, bench_at
from ui.conditions.editor import Editor, Mistake, base_of, id_of
from ui.conditions.reach import Crowd, reach
from ui.conditions.sending import done
from ui.conditions.trials import blank, trial
from ui.conditions.values import MistakeError
from ui.conditions.views import walk
from ui.http.lists import LARGEST
from ui.http.problems import NotFound
from ui.messages import text
from ui.pages.editing import overtaken, revision_in
from ui.pages.visit import Authoring, Key, Visit, Visiting

router = APIRouter()

At = Annotated[str, Query(max_length=2_000)]
PROVED = frozenset({"impossible-condition", "hidden-case", "not-proved"})
"""What only proofs find of a condition as a whole; all else is told in the builder at once."""
_OWN = frozenset({"do", "at", "seen", "changed", "base"})
_MOST = 4_000
"""Fields of one form, and characters of what was typed that are shown again."""


@router.get("/edit/{kind}/{key}/condition")
def show_condition(
    visit: Visiting, kind: EditableKind, key: Key, at: At, opened: Annotated[str | None, Query(alias="open")] = None
) -> Response:
    """The builder of the condition at a pointer: a fragment of an editor's page, or a page of its own.

    The fragment of a place that is gone says nothing: what it stands in is about to be fetched anew.
    """
    is_fragment = "hx-request" in visit.request.headers
    try:
        editor = Editor(_bench(visit, kind, key, at), visit.language, visit.may_operate_chain, opened)
    except NotFound:
        if is_fragment:
            return Response(status_code=204)
        raise
    return _shown(visit, editor) if is_fragment else visit.render("conditions/condition.html", {"editor": editor})


class Posted:
    """What a form of the builder sent, and what its author had seen."""

    def __init__(self, sent: Sent, base: int | None) -> None:
        self.sent, self.base = sent, base


def _crowd(visit: Visit) -> Crowd:
    return Crowd(visit.begin, visit.deps.keys, visit.now())


@router.get("/edit/{kind}/{key}/condition/reach")
def show_reach(visit: Visiting, kind: EditableKind, key: Key, at: At, *, longer: bool = False) -> Response:
    """The fragment with the condition in words, and how many members match now; asked for by the builder."""
    try:
        bench = _bench(visit, kind, key, at)
    except NotFound:
        return Response(status_code=204)
    found = reach(bench, _crowd(visit), visit.language, longer=longer)
    all_findings = visit.deps.findings.of(visit.deps, kind, key, bench.text)
    proved = [each for each in all_findings if each.pointer == at and each.code in PROVED]
    return visit.render("conditions/_reach.html", {"found": found, "proved": proved, **_address(bench)})


@router.get("/edit/{kind}/{key}/condition/try")
def show_try(
    visit: Visiting, kind: EditableKind, key: Key, at: At, who: Annotated[int | None, Query(ge=1, le=LARGEST)] = None
) -> HTMLResponse:
    """The fragment to try the condition with; for a member, with what it comes to.

    Here a member is an internal id: an address, which logs keep, is no place for what identifies a person.
    """
    bench = _bench(visit, kind, key, at)
    sent = {"who": str(who)} if who is not None else {}
    found = trial(bench, _crowd(visit), sent, visit.language) if sent else blank(bench, visit.language)
    return visit.render("conditions/_try.html", {"trial": found, **_address(bench)})


async def _facts(request: Request) -> dict[str, str]:
    """The entries of the form."""
    async with request.form() as form:
        return {name: value for name, value in form.items() if isinstance(value, str)}


@router.post("/edit/{kind}/{key}/condition/try")
def try_out(
    visit: Visiting, kind: EditableKind, key: Key, at: At, sent: Annotated[dict[str, str], Depends(_facts)]
) -> HTMLResponse:
    """What the condition comes to for what was written. Nothing is recorded."""
    bench = _bench(visit, kind, key, at)
    found = trial(bench, _crowd(visit), sent, visit.language)
    return visit.render("conditions/_try.html", {"trial": found, **_address(bench)})


def _address(bench: Bench) -> dict[str, str]:
    """What fragments below the builder lead to."""
    return {"base": base_of(bench), "at": bench.at, "id": id_of(bench)}


async def _posted(request: Request) -> Posted:
    """The fields of a form. Of a name that is given twice the last one is meant, but for values that are listed."""
    values: dict[str, list[str]] = {}
    async with request.form(max_fields=_MOST) as form:
        for name, value in form.multi_items():
            if isinstance(value, str):
                values.setdefault(name, []).append(value)
    last = {name: next((each for each in reversed(values.get(name, [])) if each), "") for name in _OWN}
    rest = {name: found for name, found in values.items() if name not in _OWN}
    to, _, index = next(iter(rest.pop("swap", ())), "").partition(":")
    if index:
        last["changed"], rest[f"source.{index}"] = f"source.{index}", [to]
    sent = Sent(last["do"] or "row", last["at"], last["seen"], last["changed"], rest)
    return Posted(sent, revision_in(last))


@router.post("/edit/{kind}/{key}/condition")
def change_condition(
    visit: Authoring, kind: EditableKind, key: Key, posted: Annotated[Posted, Depends(_posted)], at: At = ""
) -> Response:
    """Carry one deed out. The builder as it is then, or with what stood in the way and what was typed."""
    with visit.operate(whole_chain=True):
        bench = _bench(visit, kind, key, at)
    editor = Editor(bench, visit.language, may_edit=True)
    try:
        found = done(bench.edited, posted.sent, bench.desk(visit.language, visit.now()))
        if found.command is None:
            return _shown(visit, editor)
        revision = _carried_out(visit, bench, found, posted)
    except ActionError as error:
        return _shown(visit, replace(editor, notice=text(visit.language, error.key)), status=422)
    except CommandError as error:
        return _shown(visit, replace(editor, notice=error.zh if visit.language == "zh" else str(error)), status=422)
    except MistakeError as error:
        return _shown(visit, _mistaken(editor, posted.sent, error), status=422)
    except MovedError:
        notice = text(visit.language, "conditions.failure.moved")
        return _shown(visit, replace(editor, notice=notice, typed=_typed(posted.sent)), status=412)
    except StaleRevisionError as error:
        return overtaken(visit, kind, key, found.command, error)
    after = Editor(_bench(visit, kind, key, at), visit.language, may_edit=True)
    opened = posted.sent.at if posted.sent.do == "row" else found.at
    shown = _shown(visit, replace(after, opened=opened, focus=_focus(after, posted.sent, found)))
    shown.headers["HX-Trigger"] = json.dumps({"draft-changed": {"revision": revision, "target": "body"}})
    return shown


def _carried_out(visit: Visit, bench: Bench, found: Done, posted: Posted) -> int:
    """The draft's revision after the command."""
    base = posted.base if posted.base is not None else bench.revision
    with visit.operate(whole_chain=True) as session:
        done_ = edit(
            session,
            bench.kind,
            bench.key,
            parse(found.command),
            by=visit.actor,
            now=visit.now(),
            base=base,
            seat=visit.seat,
        )
    return done_.revision


def _bench(visit: Visit, kind: EditableKind, key: str, at: str) -> Bench:
    try:
        return bench_at(visit.deps, visit.begin, kind, key, at)
    except NoConditionError:
        raise NotFound(f"No condition stands at {at[:200]!r} of {kind}/{key}, nor can one.") from None


def _shown(visit: Visit, editor: Editor, *, status: int = 200) -> HTMLResponse:
    return visit.render("conditions/_editor.html", {"editor": editor}, status=status)


def _mistaken(editor: Editor, sent: Sent, error: MistakeError) -> Editor:
    """With what was typed, and why it is no value, beside the field where it was typed."""
    message = text(editor.language, error.key)
    if error.detail is not None:
        message = f"{message} {error.detail[editor.language]}"
    if sent.do != "row":
        return replace(editor, notice=message, typed=_typed(sent))
    index = sent.changed.partition(".")[2]
    typed = "\n".join(sent.values.get(sent.changed, ()))[:_MOST]
    opened = replace(editor, opened=sent.at)
    operands = (each for part in walk(opened.view) if part.standing.at == sent.at for each in part.operands)
    place = next((each.id for each in operands if each.index == index), "")
    return replace(editor, opened=sent.at, mistakes={place: Mistake(typed, message)})


def _typed(sent: Sent) -> str | None:
    return sent.text("json")[:64_000] if sent.do == "json" else None


def _focus(after: Editor, sent: Sent, found: Done) -> str:
    """Where the author goes on: at what was added, or at the button that was pressed where it is now."""
    match sent.do:
        case "row":
            return ""
        case "up" | "down" | "duplicate" | "remove":
            return f"{after.showing.id_of(found.at)} {sent.do}"
        case _:
            return after.showing.id_of(found.at)
