"""Lists given by hand or file: the members whom somebody names enter by a list entry, as an occurrence of its own.

ListError
├── NoListEntryError     the live version has no such entry
├── NotLiveError         the journey is not published, paused or retired: it lets nobody in
├── NoCsvError           the text is no CSV from some line on
└── WrongLinesError      lines that name nobody; nothing was changed
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from engine.access import audit
from engine.database import direct
from engine.database.bulk import bytes_array
from engine.definitions.models import Live
from engine.definitions.plans import Plans
from engine.journeys.audience_entries import AudienceEntry
from engine.members.handles import Handle, HandleError, parse_handle
from engine.occurrences.models import Occurrence
from engine.occurrences.opening import live_entry, occurrence_name
from engine.secrets.keyring import KeyRing

MOST = 50_000
"""Lines of one list."""
_LONGEST_ID = 18
_HEADS = frozenset({"member", "members", "identity", "identities", "会员", "身份", "会员号"})


class ListError(Exception):
    """The root of what can be wrong with a list."""


class NoListEntryError(ListError):
    """The live version has no such entry."""


class NotLiveError(ListError):
    """The journey lets nobody in."""


class NoCsvError(ListError):
    """The text cannot be read as CSV; says from which line on, and what to do, in both languages."""

    def __init__(self, line: int) -> None:
        self.line = line
        self.message = {name: text.format(line=line) for name, text in _NO_CSV.items()}
        super().__init__(self.message["en"])


@dataclass(frozen=True)
class Wrong:
    """A line that cannot be used, and how to mend it, in both languages. It repeats nothing of the line."""

    line: int
    message: Mapping[str, str]


class WrongLinesError(ListError):
    """Lines that name nobody."""

    def __init__(self, wrong: Sequence[Wrong]) -> None:
        super().__init__(f"{len(wrong)} lines cannot be used.")
        self.wrong = tuple(wrong)


@dataclass(frozen=True)
class Named:
    """Whom a list names: their ids, how many lines named somebody again, and what is wrong."""

    members: tuple[int, ...]
    repeated: int
    wrong: tuple[Wrong, ...]


def lines_of(text: str) -> list[str]:
    """The first column of a CSV text, without its head; empty lines stay, so that findings count as editors do.

    Raises NoCsvError.
    """
    rows = list[str]()
    try:
        for row in csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True):
            rows.append(row[0].strip() if row else "")
    except csv.Error as error:
        raise NoCsvError(len(rows) + 1) from error
    return ["", *rows[1:]] if rows and rows[0].lower() in _HEADS else rows


def find_members(session: Session, keys: KeyRing, lines: Sequence[str]) -> Named:
    """The members in sight whom lines name, by internal id or identity; two statements for all of them."""
    read = [_read(text) for text in lines]
    handles = {one for one in read if isinstance(one, Handle)}
    ids = {one for one in read if isinstance(one, int)}
    hashes = {handle: keys.lookup(handle.kind, handle.value) for handle in handles}
    known = _known(session, hashes, ids)
    found: dict[int, None] = {}
    repeated, wrong = 0, list[Wrong]()
    for number, one in enumerate(read, 1):
        if one is None:
            continue
        member = None if isinstance(one, str) else known.get(one)
        if member is None:
            wrong.append(Wrong(number, _MEANINGLESS if isinstance(one, str) else _NOBODY))
        elif member in found:
            repeated += 1
        else:
            found[member] = None
    return Named(tuple(found), repeated, tuple(wrong))


def list_entry(session: Session, journey: str, index: int | None, plans: Plans) -> tuple[int, AudienceEntry]:
    """The live version and its list entry: that at a place of the document, or the first. Raises ListError."""
    live = session.get(Live, ("journey", journey))
    if live is None or live.state != "live":
        raise NotLiveError("The journey is not live: it lets nobody in.")
    for (name,) in direct.rows(session, _LISTS, {"journey": journey}):
        found = live_entry(session, journey, name, plans)
        if found is not None and (index is None or found.entry.index == index):
            return found.version, found.entry
    raise NoListEntryError("The live version has no entry for lists there.")


def give(
    session: Session,
    journey: str,
    members: Sequence[int],
    *,
    index: int | None,
    plans: Plans,
    by: str,
    now: datetime,
) -> Occurrence:
    """Let these members be told, as soon as the router comes to it. Raises ListError."""
    version, entry = list_entry(session, journey, index, plans)
    occurrence = Occurrence(
        journey=journey,
        name=occurrence_name(entry.id, now),
        entry=entry.id,
        form=entry.form,
        at=now,
        version=version,
        hash=entry.hash,
        state="issuing",
        chosen=len(members),
        by=by,
        opened_at=now,
    )
    session.add(occurrence)
    session.flush()
    direct.execute(session, _CHOOSE, {"occurrence": occurrence.id, "members": sorted(members)})
    told = {"occurrence": occurrence.name, "members": len(members)}
    audit.record(session, by, "journey.list", f"journey/{journey}", now=now, after=told)
    return occurrence


def _read(text: str) -> Handle | int | str | None:
    """A handle, an internal id, nothing, or what is neither."""
    if not text:
        return None
    if text.isascii() and text.isdigit():
        return int(text) if len(text) <= _LONGEST_ID else text
    try:
        return parse_handle(text)
    except HandleError:
        return text


def _known(session: Session, hashes: Mapping[Handle, bytes], ids: set[int]) -> dict[Handle | int, int]:
    found: dict[Handle | int, int] = dict(direct.rows(session, _BY_ID, {"ids": list(ids)}))
    owners = direct.rows(session, _BY_IDENTITY, {"lookups": bytes_array(hashes.values())})
    by_hash = {(kind, bytes(lookup)): member for kind, lookup, member in owners}
    for handle, lookup in hashes.items():
        if (member := by_hash.get((str(handle.kind), lookup))) is not None:
            found[handle] = member
    return found


_NO_CSV = {
    "zh": "从第 {line} 行起不是 CSV：多半是引号没有成对。请把每行只写一个会员身份，去掉引号，或另存为 CSV 再上传。",
    "en": "From line {line} on this is no CSV: a quotation mark is not closed, or text follows one. Write one identity "
    "a line without quotation marks, or save it as CSV again.",
}
_MEANINGLESS = {
    "zh": "这不是会员身份。请写会员号或 member:、unionid:、phone: 等身份",
    "en": "This is no identity; write member:…, unionid:…, phone:… or an internal id",
}
_NOBODY = {"zh": "没有这位会员，或不在你的门店范围内", "en": "Nobody in sight has this identity"}
_LISTS = "SELECT entry FROM entry_clocks WHERE journey = %(journey)s AND entry LIKE 'list-%%' ORDER BY since, entry"
_BY_ID = "SELECT id, COALESCE(merged_into, id) FROM members WHERE id = ANY(%(ids)s)"
_BY_IDENTITY = """
SELECT i.kind, i.lookup, m.id FROM identities i JOIN members m ON m.id = i.member_id
WHERE i.lookup = ANY(CAST(%(lookups)s AS bytea[]))"""
_CHOOSE = """
INSERT INTO chosen_members (occurrence_id, member_id, doubtful)
SELECT %(occurrence)s, unnest(%(members)s::bigint[]), FALSE"""
