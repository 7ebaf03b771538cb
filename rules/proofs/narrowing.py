"""A row narrowed: the rows that say what it says, but for the cases that another row is to keep."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TypeAlias
from zoneinfo import ZoneInfo

from rules.proofs.boxes import axis_cell, box_conditions, cell_json, plain_cell, spans_of
from rules.proofs.claims import IsTrue
from rules.proofs.space import Axis, Box, Case, Space
from rules.tables.cells import Cut, FreeCell, Span
from rules.types import Json

Parts: TypeAlias = dict[str, Json]
"""What a row says in its place: `when`, and where they change `and` and `valid`."""

MOST_PARTS = 12


def narrowed(space: Space, number: int, keep: int) -> list[Parts] | None:
    """The rows that are left of a row without what the row `keep` matches; None where they cannot be told.

    None are left where `keep` matches whatever the row does.
    """
    found: list[Parts] = []
    for box, denied in _pieces(space, number, keep):
        told = _told(space, number, box, denied)
        if told is None:
            return None
        found += told
    return found if len(found) <= MOST_PARTS and _is_told(space.rows[keep]) else None


def _is_told(case: Case) -> bool:
    """Whether all that a row claims beside its cells can be written as a condition."""
    return all(isinstance(claim, IsTrue) for claim in case.claims)


def _pieces(space: Space, number: int, keep: int) -> Iterator[tuple[Box, Sequence[Json]]]:
    """Boxes that lie side by side, and last the box of both rows with the conditions that must not hold there."""
    left = [list(slots) for slots in space.boxes[number]]
    for a, axis in enumerate(space.axes):
        kept = set(space.boxes[keep][a])
        beyond = [s for s in left[a] if s not in kept and axis.slots[s].atom is not None]
        if beyond:
            yield [*left[:a], beyond, *left[a + 1 :]], ()
        left[a] = [s for s in left[a] if s in kept]
    denied = [claim.rule.tree.source for claim in space.rows[keep].claims if isinstance(claim, IsTrue)]
    if denied:
        yield left, denied


def _told(space: Space, number: int, box: Box, denied: Sequence[Json]) -> list[Parts] | None:
    """The row within a box: as many rows as the moments in it fall apart."""
    case = space.rows[number]
    row = case.table.document.rows[case.line.index]
    when = list(row.when)
    ands: list[Json] = [] if row.condition is None else [row.condition]
    windows: list[Parts] = [{}]
    for axis, chosen, own in zip(space.axes, box, space.boxes[number], strict=True):
        if set(chosen) == set(own):
            continue
        column = _column(case, axis)
        if axis.field == "now":
            found = [window_of(span, space.zone) for span in spans_of(axis, chosen)]
            windows = [{"valid": window} for window in found if window is not None]
            if len(windows) < len(found):
                return None
        elif column is not None:
            when[column] = _cell(axis, chosen, space.zone)
        else:
            ands += box_conditions({axis.field: axis_cell(axis, chosen, space.zone)}).values()
    if denied:
        ands.append({"!": [denied[0] if len(denied) == 1 else {"and": [*denied]}]})
    condition: Parts = {} if not ands else {"and": ands[0] if len(ands) == 1 else {"and": ands}}
    return [{"when": when, **condition, **window} for window in windows]


def _cell(axis: Axis, chosen: Sequence[int], zone: ZoneInfo) -> Json:
    """The cell as an author would write it: of declared values those that are left out, where these are fewer."""
    cell = plain_cell(axis_cell(axis, chosen, zone))
    others = [i for i, slot in enumerate(axis.slots) if i not in set(chosen) and slot.atom is not None]
    if axis.type.kind != "enum" or not isinstance(cell, list) or len(others) >= len(cell):
        return cell
    return {"not": plain_cell(axis_cell(axis, others, zone))}


def _column(case: Case, axis: Axis) -> int | None:
    """The column whose cell can say what the axis does."""
    cells = zip(case.table.columns, case.line.cells, strict=True)
    fitting = (i for i, (column, cell) in enumerate(cells) if column.field == axis.field)
    return next((i for i in fitting if not isinstance(case.line.cells[i], FreeCell)), None)


def window_of(span: Span, zone: ZoneInfo) -> dict[str, Json] | None:
    """A span of instants as the window of a row; None for one that begins or ends behind an instant."""
    if any(cut is not None and cut[1] for cut in (span.low, span.high)):
        return None
    low, high = (_moment(cut, zone) for cut in (span.low, span.high))
    return {**({"from": low} if low else {}), **({"to": high} if high else {})} or None


def _moment(cut: Cut | None, zone: ZoneInfo) -> str | None:
    """Where a window begins or ends: the date where that is its midnight."""
    if cut is None:
        return None
    at: datetime = cut[0].astimezone(zone)
    is_midnight = (at.hour, at.minute, at.second, at.microsecond) == (0, 0, 0, 0)
    return at.date().isoformat() if is_midnight else str(cell_json(at, zone))
