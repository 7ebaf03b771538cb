"""Makes rows what was derived, by writing only what differs."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, TypeAlias

from sqlalchemy import Table, delete
from sqlalchemy.orm import Session

from engine.database import direct
from engine.database.bulk import insert_rows, recordset, rows_text

Row: TypeAlias = Mapping[str, Any]


def write_difference(
    session: Session, table: Table, *, old: Sequence[tuple[Hashable, Row]], new: Mapping[Hashable, Row], end: str
) -> None:
    """Turns the rows `old` (with their `id`) into `new`, each with a key that tells which is which.

    What is gone is deleted first; then rows change, those whose column `end` is set before the others; then what is
    new is inserted: so a unique index over what has not ended holds at every step.
    """
    kept = {key: row for key, row in old if key in new}
    gone = [row["id"] for key, row in old if kept.get(key) is not row]
    if gone:
        session.connection().execute(delete(table).where(table.c.id.in_(gone)))
    changed = [{**row, "id": kept[key]["id"]} for key, row in new.items() if key in kept and _differs(kept[key], row)]
    for ended in (True, False):
        _update(session, table, [row for row in changed if (row[end] is not None) == ended])
    insert_rows(session, table, [row for key, row in new.items() if key not in kept])


def _differs(old: Row, new: Row) -> bool:
    return any(old[name] != value for name, value in new.items())


def _update(session: Session, table: Table, rows: Sequence[Row]) -> None:
    if not rows:
        return
    names = tuple(rows[0])
    sets = ", ".join(f"{name} = n.{name}" for name in names if name != "id")
    statement = f"UPDATE {table.name} t SET {sets} FROM {recordset(table, names)} WHERE t.id = n.id"  # noqa: S608  # names of our own columns
    direct.execute(session, statement, {"rows": rows_text(rows)})
