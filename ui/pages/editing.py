"""Commands on a draft from a page: carried out and told to all parts of the page, or refused with what can be done.

`carried_out` is for every page that changes a draft. What was done is answered with 204 and the event `draft-changed`,
on which each part of the page asks for its own fragment again; what was refused goes to `#edit-notice`.
"""

import json
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, TypeAlias

from fastapi import APIRouter, Form, Path, Response

from engine.definitions.errors import NotReadableError, StaleRevisionError
from engine.definitions.kinds import KEY, Kind
from engine.definitions.source import read_source
from engine.edits import store
from engine.edits.commands import parse
from engine.edits.errors import ClashError, NothingToRedoError, NothingToUndoError
from engine.edits.store import Edited
from rules.documents.commands import CommandError
from rules.types import Json
from ui.definitions.places import deed_words
from ui.definitions.presentable import presentable
from ui.http.problems import FieldError, Unprocessable
from ui.messages import text
from ui.pages.visit import Authoring, Visit
from ui.words.people import names_of

router = APIRouter(prefix="/edit/{kind}/{key}")

LARGEST_REVISION = 2**31 - 1

Key = Annotated[str, Path(pattern=f"^{KEY.pattern}$")]
Text = Annotated[str, Form(max_length=5_000_000)]
Base = Annotated[int | None, Form(ge=0, le=LARGEST_REVISION)]
"""The revision of the draft that a page, or a fragment of it, showed."""
Direction: TypeAlias = Literal["undo", "redo"]
_TURNS = {"undo": store.undo, "redo": store.redo}


@router.post("/commands")
def carry_out(visit: Authoring, kind: Kind, key: Key, command: Text, base: Base = None) -> Response:
    """Carry out the command that the field `command` holds as JSON; `base` is the revision that the page showed."""
    try:
        given: Json = read_source(command).document
    except NotReadableError as error:
        return refused(visit, CommandError("", f"命令不是可读的 JSON:{error}", f"The command is no JSON: {error}"))
    return carried_out(visit, kind, key, given, base)


@router.post("/undo")
def undo(visit: Authoring, kind: Kind, key: Key, n: Annotated[int | None, Form(ge=1)] = None) -> Response:
    """Take back the latest edit, which the page named by its number."""
    return turned(visit, kind, key, "undo", n)


@router.post("/redo")
def redo(visit: Authoring, kind: Kind, key: Key, n: Annotated[int | None, Form(ge=1)] = None) -> Response:
    """Do the edit again that was taken back last."""
    return turned(visit, kind, key, "redo", n)


def carried_out(visit: Visit, kind: Kind, key: str, command: Json, base: int | None) -> Response:
    """The answer to a command from a page: done, or refused with nothing changed."""
    try:
        parsed = parse(command)
        with visit.operate(whole_chain=True) as session:
            done = store.edit(session, kind, key, parsed, **_by(visit), base=base)
    except CommandError as error:
        return refused(visit, error)
    except StaleRevisionError as error:
        return overtaken(visit, kind, key, command, error)
    return changed(done.revision)


def turned(
    visit: Visit,
    kind: Kind,
    key: str,
    turn: Direction,
    n: int | None,
    then: Callable[[Edited], Response] = lambda done: changed(done.revision),
) -> Response:
    """The answer to undo or redo of edit `n`: what `then` says of it, or the notice why nothing was done."""
    try:
        with visit.operate(whole_chain=True) as session:
            done = _TURNS[turn](session, kind, key, **_by(visit), n=n)
    except NothingToUndoError:
        return told(visit, text(visit.language, "edits.nothing_to_undo"))
    except NothingToRedoError:
        return told(visit, text(visit.language, "edits.nothing_to_redo"))
    except StaleRevisionError:
        return told(visit, text(visit.language, "edits.not_the_latest"))
    except CommandError as error:
        return refused(visit, error)
    return then(done)


def changed(revision: int) -> Response:
    """Nothing to show here; every part of the page hears that the draft is at this revision now."""
    told = json.dumps({"draft-changed": {"revision": revision, "target": "body"}})
    return Response(status_code=204, headers={"HX-Trigger": told})


def refused(visit: Visit, error: CommandError) -> Response:
    """The notice that a command cannot be carried out, and why."""
    return told(visit, error.zh if visit.language == "zh" else str(error))


def told(visit: Visit, said: str) -> Response:
    """A notice that nothing was done, in a sentence."""
    return _notice(visit, "editing/_refused.html", {"said": presentable(said)}, 422)


def overtaken(visit: Visit, kind: Kind, key: str, command: Json, error: StaleRevisionError) -> Response:
    """The notice that somebody else changed the same place: who, when and what, and both values."""
    clash = error.clash if isinstance(error, ClashError) else None
    with visit.begin() as session:
        who = names_of(session, [error.by or ""], visit.language)[error.by or ""]
    context = {
        "base": f"/edit/{kind}/{key}",
        "error": error,
        "clash": clash,
        "who": who,
        "is_own": error.by == visit.actor,
        "deed": deed_words(clash.command, visit.language) if clash else None,
        "command": json.dumps(command),
        "before": presentable(clash.before) if clash else None,
        "theirs": presentable(clash.theirs) if clash else None,
        "mine": presentable(clash.mine) if clash else None,
    }
    return _notice(visit, "editing/_conflict.html", context, 412)


def not_discarded(visit: Visit, error: StaleRevisionError) -> Response:
    """The notice that the draft was not thrown away: somebody else changed it since it was shown."""
    return _notice(visit, "editing/_refused.html", {"said": presentable(_who_was_quicker(visit, error))}, 412)


def _who_was_quicker(visit: Visit, error: StaleRevisionError) -> str:
    if error.by == visit.actor:
        who = text(visit.language, "edits.other_window")
    else:
        with visit.begin() as session:
            who = names_of(session, [error.by or ""], visit.language)[error.by or ""]
    return text(visit.language, "edits.not_discarded", who=who)


def revision_in(sent: Mapping[str, str], name: str = "base") -> int | None:
    """The revision that a form names, as `Base` reads it; None where it names none. Raises Unprocessable."""
    digits = sent.get(name, "")
    if not digits:
        return None
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= 10 and int(digits) <= LARGEST_REVISION):
        told = FieldError(name, "The revision that the page showed, as a number from 0.")
        raise Unprocessable("The request cannot be used; see errors.", errors=[told])
    return int(digits)


def _notice(visit: Visit, template: str, context: dict[str, object], status: int) -> Response:
    answer = visit.render(template, context, status=status)
    answer.headers["HX-Retarget"] = "#edit-notice"
    answer.headers["HX-Reswap"] = "afterbegin"
    return answer


def _by(visit: Visit) -> dict[str, Any]:
    return {"by": visit.actor, "now": visit.now(), "seat": visit.seat}
