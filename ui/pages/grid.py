"""The editor of a ruleset's table: the page, its rows as they change, and each edit of a cell or of rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import HTMLResponse, JSONResponse, Response

from engine.definitions.errors import StaleRevisionError
from engine.definitions.listing import Shown, show
from engine.definitions.things import search_things
from engine.edits.commands import Command, parse
from engine.edits.store import Editable, edit, editable
from rules.documents.commands import CommandError
from rules.tables.commands import Paste, SetCell
from rules.tables.scalars import NotationError
from rules.tables.sheet_reading import read_text
from rules.types import Json
from ui.definitions.checking import check_context
from ui.http.problems import Forbidden, NotFound
from ui.messages import text
from ui.pages.editing import Direction, overtaken, turned
from ui.pages.visit import Authoring, Key, Visit, Visiting
from ui.rulesets.grid import ROWS_SHOWN, Grid, grid_of, stamped, views
from ui.words.wording import title

router = APIRouter()

MOST_OFFERED = 12
First = Annotated[int, Query(alias="from", ge=1)]


@dataclass(frozen=True)
class Opened:
    """A ruleset as its editor sees it: what stands under the key, the draft (or the live version), and its table."""

    shown: Shown
    editable: Editable
    grid: Grid


class Seen(BaseModel):
    """What a browser shows: the frame and the stamps of its rows, from number `first` on."""

    model_config = ConfigDict(extra="forbid")

    frame: str = Field(max_length=40)
    stamps: list[Annotated[str, Field(max_length=40)]] = Field(default=[], max_length=ROWS_SHOWN * 2)
    first: int = Field(default=1, ge=1)


class Typed(BaseModel):
    """A text that was written into a cell."""

    model_config = ConfigDict(extra="forbid")

    row: int | str
    column: str = Field(max_length=300)
    text: str = Field(max_length=100_000)


class Turned(BaseModel):
    """An edit that is taken back or done again, by its number."""

    model_config = ConfigDict(extra="forbid")

    deed: Direction
    n: int = Field(ge=1)


class Sent(BaseModel):
    """One edit: a text in a cell, a command, or a turn back or forth; `base` is the revision that the browser shows."""

    model_config = ConfigDict(extra="forbid")

    seen: Seen
    base: int = Field(ge=0)
    typed: Typed | None = None
    command: dict[str, Any] | None = None
    turn: Turned | None = None


@router.get("/rules/{key}/edit")
def show_editor(visit: Visiting, key: Key, first: First = 1) -> HTMLResponse:
    """The page: the table to be edited, and around it what is found, tried, tested and settled."""
    opened = open_ruleset(visit, key)
    rows = stamped(opened.grid.rows)
    shown = rows[first - 1 : first - 1 + ROWS_SHOWN]
    given = {
        "opened": opened,
        "shown": opened.shown,
        "grid": opened.grid,
        "rows": [*views(opened.grid, shown)],
        "first": first,
        "count": len(rows),
        "page_size": ROWS_SHOWN,
        "may_edit": visit.may_operate_chain,
    }
    return visit.render("grid/edit.html", given)


@router.get("/rules/{key}/edit/values")
def offer_values(
    visit: Visiting,
    refers: Annotated[str, Query(max_length=40)],
    q: Annotated[str, Query(max_length=100)] = "",
) -> Response:
    """What a reference may name, for what was typed."""
    with visit.begin() as session:
        found = search_things(session, refers, q)[:MOST_OFFERED]
    told = [{"value": each.key, "title": title(each.title, visit.language, each.key)} for each in found]
    return JSONResponse({"values": told})


@router.post("/rules/{key}/edit/sync")
def sync(visit: Visiting, key: Key, seen: Seen) -> Response:
    """The rows that a browser does not show yet, and the order of all."""
    return _answer(visit, key, seen)


@router.post("/rules/{key}/edit/send")
def send(visit: Authoring, key: Key, sent: Sent) -> Response:
    """Carry out one edit, and answer like `sync`; with 422 and why not, or 412 and the notice who was quicker."""
    if not visit.may_operate_chain:
        raise Forbidden("Rulesets hold for the whole chain: whoever may only look, or is bound to a store, edits none.")
    if sent.turn is not None:
        return turned(visit, "ruleset", key, sent.turn.deed, sent.turn.n, lambda _: _answer(visit, key, sent.seen))
    try:
        command = _command(visit, key, sent)
        _edit(visit, key, command, sent.base)
    except NotationError as error:
        return _refused(error.message[visit.language], stays=True)
    except CommandError as error:
        return _refused(error.zh if visit.language == "zh" else error.en)
    except StaleRevisionError as error:
        return overtaken(visit, "ruleset", key, command.model_dump(mode="json", exclude_unset=True), error)
    return _answer(visit, key, sent.seen)


def fragment(visit: Visit, template: str, context: Mapping[str, object]) -> str:
    """A fragment as text, for an answer that holds more than it."""
    return bytes(visit.render(template, context).body).decode()


def open_ruleset(visit: Visit, key: str) -> Opened:
    """What stands under a key, for whoever looks at it. Raises NotFound."""
    with visit.begin() as session:
        shown = show(session, "ruleset", key)
        if shown is None:
            raise NotFound(f"There is no ruleset {key!r}.")
    return Opened(shown, *open_table(visit, key))


def open_table(visit: Visit, key: str) -> tuple[Editable, Grid]:
    """The draft (or the live version) and its table, without what else stands there. Raises UnknownDefinitionError."""
    with visit.begin() as session:
        found = editable(session, "ruleset", key)
    with visit.deps.database.begin() as session:
        context = check_context(visit.deps, session)
    return found, grid_of(found.document, context, visit.language)


def _command(visit: Visit, key: str, sent: Sent) -> Command:
    """The edit as a command. Texts are read by the types of the table as it is now."""
    if sent.typed is not None:
        return _typed(open_table(visit, key)[1], sent.typed)
    command = parse(sent.command)
    if isinstance(command, Paste):
        return command.model_copy(update={"types": open_table(visit, key)[1].types})
    return command


def _typed(grid: Grid, typed: Typed) -> SetCell:
    """A text as what it says. Raises NotationError."""
    place: dict[str, Any] = {"command": "set_cell", "row": typed.row, "column": typed.column}
    written = typed.text.strip()
    column = next((each for each in grid.columns if each.name == typed.column), None)
    if not written or column is None:
        return SetCell(**place)
    return SetCell(**place, value=read_text(written, column))


def _edit(visit: Visit, key: str, command: Command, base: int) -> None:
    with visit.operate(whole_chain=True) as session:
        edit(session, "ruleset", key, command, by=visit.actor, now=visit.now(), seat=visit.seat, base=base)


def _answer(visit: Visit, key: str, seen: Seen) -> Response:
    """What a browser lacks of the table: its frame where that changed, else single rows."""
    kept, grid = open_table(visit, key)
    rows = stamped(grid.rows)
    shown = rows[seen.first - 1 : seen.first - 1 + ROWS_SHOWN]
    whole = grid.frame != seen.frame
    known = frozenset() if whole else frozenset(seen.stamps)
    lacking = [each for each in shown if each[0] not in known]
    context = {"grid": grid, "rows": [*views(grid, lacking)], "first": seen.first, "count": len(rows)}
    context["may_edit"] = visit.may_operate_chain
    html = fragment(visit, "grid/_table.html" if whole else "grid/_rows.html", context)
    answer: dict[str, Json] = {
        "revision": kept.revision,
        "frame": grid.frame,
        "terms": grid.terms,
        "whole": whole,
        "order": [stamp for stamp, _ in shown],
        "count": len(rows),
        "told": text(visit.language, "grid.rows", n=len(rows)),
        "html": html,
    }
    return JSONResponse(answer)


def _refused(said: str, *, stays: bool = False) -> Response:
    """Why nothing was done. What `stays` in its cell can be mended there: it is no value."""
    return JSONResponse({"said": said, "stays": stays}, 422)
