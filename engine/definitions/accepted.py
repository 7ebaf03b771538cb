"""Findings that an author accepts with a reason: pinned to what they are about, and back as soon as that changes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session
from sqlmodel import col

from engine.access import audit
from engine.definitions.errors import NotAcceptableError, UnknownFindingError
from engine.definitions.kinds import Kind
from engine.definitions.models import AcceptedFinding
from engine.definitions.source import value_at
from engine.journeys.canonical import canonical
from engine.journeys.findings import Acceptance, Finding
from rules.types import Json

CARRYING = frozenset({"changed"})
"""Codes that compare with another document: what they are about is the whole of this one."""


@dataclass(frozen=True)
class Checked:
    """A document, where it is kept, and what was found in it."""

    kind: Kind
    key: str
    document: Mapping[str, Json]
    findings: Sequence[Finding]


@dataclass(frozen=True)
class Accepting:
    """Which findings an author accepts, by code and the rows that they concern, and why; with a pointer, only there.

    `other` is the journey that is meant, where several take the same people.
    """

    code: str
    rows: Sequence[str]
    reason: str
    pointer: str | None = None
    other: str | None = None

    def means(self, finding: Finding) -> bool:
        """Whether it is about this finding."""
        is_there = self.pointer is None or finding.pointer == self.pointer
        is_meant = self.other is None or finding.other == self.other
        return finding.code == self.code and set(finding.rows) == set(self.rows) and is_there and is_meant


def accept(session: Session, checked: Checked, accepting: Accepting, *, by: str, now: datetime) -> None:
    """Accept the findings of this code about just these rows.

    Raises UnknownFindingError when there is none, NotAcceptableError for one that blocks publishing.
    """
    code, rows, reason = accepting.code, accepting.rows, accepting.reason
    meant = [each for each in checked.findings if accepting.means(each)]
    if not meant:
        raise UnknownFindingError(_none_such(accepting, checked.findings))
    if any(each.severity == "error" for each in meant):
        raise NotAcceptableError(f"{code} is an error: it blocks publishing, and can be mended but not accepted.")
    values = {"reason": reason, "by": by, "at": now}
    for mark in sorted({fingerprint(each, checked.document) for each in meant}):
        statement = insert(AcceptedFinding).values(kind=checked.kind, key=checked.key, code=code, mark=mark, **values)
        session.execute(statement.on_conflict_do_update(index_elements=["kind", "key", "code", "mark"], set_=values))
    after: dict[str, Json] = {"code": code, "rows": [*rows], "reason": reason}
    audit.record(session, by, "finding.accepted", f"{checked.kind}/{checked.key}", now=now, after=after)


def with_acceptances(session: Session, checked: Checked) -> list[Finding]:
    """The findings, each with who accepted it and why, as long as what it is about is still the same."""
    if all(each.severity == "error" for each in checked.findings):
        return [*checked.findings]
    where = (col(AcceptedFinding.kind) == checked.kind, col(AcceptedFinding.key) == checked.key)
    known = {(each.code, each.mark): each for each in session.execute(select(AcceptedFinding).where(*where)).scalars()}
    if not known:
        return [*checked.findings]
    return [_marked(each, known.get((each.code, fingerprint(each, checked.document)))) for each in checked.findings]


def fingerprint(finding: Finding, document: Mapping[str, Json]) -> str:
    """A hash of what a finding is about: its rows in full, without their notes, or else what its pointer leads to.

    One that another journey takes the same people is about that journey too: the next one is told of anew.
    """
    about: list[Json] = [finding.code, [*sorted(finding.rows)], finding.pointer if not finding.rows else None]
    if finding.code in CARRYING:
        about.append({**document})
    elif finding.rows:
        about += _rows(document, frozenset(finding.rows))
        about.append(_promise(document, finding.pointer))
    else:
        about += [value_at({**document}, finding.pointer), *([finding.other] if finding.other else [])]
    return hashlib.sha256(canonical(about)).hexdigest()


def _rows(document: Mapping[str, Json], ids: frozenset[str]) -> list[Json]:
    rows = document.get("rows")
    found = [row for row in rows if isinstance(row, dict) and row.get("id") in ids] if isinstance(rows, list) else []
    return [{name: value for name, value in row.items() if name != "note"} for row in found]


def _promise(document: Mapping[str, Json], pointer: str) -> Json:
    """The promise that a finding is about, if it is about one."""
    return value_at({**document}, pointer) if pointer.startswith("/agree/") else None


def _marked(finding: Finding, known: AcceptedFinding | None) -> Finding:
    if known is None or finding.severity == "error":
        return finding
    return replace(finding, accepted=Acceptance(known.by, known.at, known.reason))


def _none_such(accepting: Accepting, findings: Sequence[Finding]) -> str:
    there = sorted({_named(each.code, each.rows) for each in findings})
    asked = _named(accepting.code, accepting.rows)
    return f"The draft has no finding {asked}. It has: {'; '.join(there[:_SHOWN]) or 'none'}."


def _named(code: str, rows: Sequence[str]) -> str:
    return f"{code} ({', '.join(rows[:_SHOWN]) or 'no rows'})"


_SHOWN = 10
