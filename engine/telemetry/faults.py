"""What may be said of an exception in a log line: its type, where it was raised, and its words if they are ours.

The words of other people's errors repeat what they were given: pydantic quotes input, PostgreSQL the values of a key,
httpx an address with its token. Of those the type is kept and, of an error of the database, its code and constraint.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from types import TracebackType
from typing import TypedDict

import psycopg
from sqlalchemy.exc import DBAPIError

OURS = frozenset({"engine", "rules", "ui", "workflows", "server"})
_DEEPEST = 10


class Frame(TypedDict):
    """A place in the code."""

    filename: str
    lineno: int
    name: str


class Fault(TypedDict):
    """One exception of a chain."""

    exc_type: str
    exc_value: str
    frames: list[Frame]


def faults(error: BaseException) -> list[Fault]:
    """The exception, then what caused it, as far as anybody wants to read."""
    return [
        Fault(exc_type=type(one).__name__, exc_value=words_of(one), frames=_frames(one.__traceback__))
        for one, _ in zip(_chain(error), range(_DEEPEST), strict=False)
    ]


def words_of(error: BaseException) -> str:
    """What an exception says, where its words are ours or harmless; else nothing."""
    match error:
        case _ if type(error).__module__.partition(".")[0] in OURS:
            return str(error)
        case psycopg.Error():
            return _of_the_database(error)
        case DBAPIError(orig=psycopg.Error() as orig):
            return _of_the_database(orig)
        case OSError(strerror=str(reason)):
            return reason
        case _:
            return ""


def plain_text(error: BaseException) -> str:
    """The faults as lines, for people at a console."""
    lines = []
    for fault in reversed(faults(error)):
        lines += [f'  File "{at["filename"]}", line {at["lineno"]}, in {at["name"]}' for at in fault["frames"]]
        lines.append(": ".join(filter(None, (fault["exc_type"], fault["exc_value"]))))
    return "\n".join(lines)


def _of_the_database(error: psycopg.Error) -> str:
    """The code of the error and what it is about; never its text, which may hold values."""
    about = (error.diag.constraint_name, error.diag.table_name, error.diag.column_name)
    return " ".join(filter(None, (f"sqlstate {error.sqlstate}" if error.sqlstate else "", *about)))


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        one = waiting.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        if isinstance(one, BaseExceptionGroup):
            waiting += one.exceptions
        cause = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
        if cause is not None:
            waiting.append(cause)


def _frames(found: TracebackType | None) -> list[Frame]:
    return [Frame(filename=at.filename, lineno=at.lineno or 0, name=at.name) for at in traceback.extract_tb(found)]
