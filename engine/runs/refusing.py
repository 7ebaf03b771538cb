"""Which rule keeps a member out of a journey, with the run because of which it does: told before and after the fact."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from typing import Any, Literal, TypeAlias, get_args

from sqlalchemy.orm import Session

from engine.database import direct
from engine.definitions.source import read_source
from engine.definitions.versions import read_version
from engine.journeys.admission import Admission, admission_of
from engine.journeys.audience_entries import MATCHED
from engine.journeys.parse import read
from engine.journeys.start import BY_HAND, Refusal, RunHistory, cooled_down, is_held_out, refuse_reentry
from engine.kept import Kept, mark

Rule: TypeAlias = Refusal | Literal["holdout", "paused", "too-old", "changed", "retired"]
"""Re-entry: `once`, `live` and `cooldown`. `changed`: no entry of the version that was live took the event."""


@dataclass(frozen=True)
class Refusing:
    """A rule that keeps somebody out. `run` is the run that it looks at, which entered at `since`.

    `until`: from when it lets them in again, where that is known. Of a pause, `since` is when it began.
    """

    rule: Rule
    run: int | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class _Former:
    """A member's runs of a journey: how many, the latest one, and the latest that had not ended."""

    runs: int
    run: int | None
    latest: datetime | None
    inside: int | None
    inside_since: datetime | None


def would_refuse(
    session: Session, admission: Admission, member: int, at: datetime, *, before: int | None = None
) -> Refusing | None:
    """What of re-entry and holdout keeps the member out at an instant; None where they let them in.

    `before`: as it was when the event at this place in the log was routed. Runs out of sight are not known of.
    """
    given: dict[str, Any] = {"journey": admission.key, "member": member, "before": before}
    [former] = direct.objects(session, _Former, _FORMER, given)
    history = RunHistory(former.runs, former.inside is not None, former.latest)
    match refuse_reentry(admission, at, history):
        case "once":
            return Refusing("once", former.run, former.latest)
        case "live":
            return Refusing("live", former.inside, former.inside_since)
        case "cooldown":
            return Refusing("cooldown", former.run, former.latest, cooled_down(admission, former.latest))
        case None:
            return Refusing("holdout") if is_held_out(admission, str(member)) else None


def why_refused(session: Session, seqs: Collection[int]) -> dict[int, Refusing]:
    """Of events that asked one journey to take their member and began no run: which rule refused, as far as is known.

    These are starts by hand, and what tells of somebody who was chosen; of other events nothing is said.
    """
    given = {"seqs": [*seqs], "types": [BY_HAND, MATCHED]}
    asked = direct.objects(session, _Asked, _ASKED, given) if seqs else []
    found_at = cache(partial(admission_at, session))
    found = {each.seq: _why(session, each, found_at) for each in asked if each.fate not in {"entered", "holdout"}}
    return {seq: told for seq, told in found.items() if told is not None}


@dataclass(frozen=True)
class _Asked:
    """An event that asked for a run and was routed without one; `fate` is what was noted of whom was chosen.

    `version` is the number of the newest one then.
    """

    seq: int
    journey: str
    member: int
    at: datetime
    version: int | None
    fate: Rule | Literal["entered"] | None
    paused_since: datetime | None
    retired_at: datetime | None


def _why(session: Session, asked: _Asked, found_at: _AdmissionAt) -> Refusing | None:
    """The rule that was noted, else the first that would have refused; with its run where that is known."""
    by_reentry = asked.fate is None or asked.fate in _REENTRY
    known = _by_reentry(session, asked, found_at) if by_reentry else None
    if known is None and asked.paused_since is not None:
        known = Refusing("paused", since=asked.paused_since)
    if known is None and asked.retired_at is not None:
        known = Refusing("retired", since=asked.retired_at)
    if asked.fate is None or asked.fate == "entered":
        return known
    return known if known is not None and known.rule == asked.fate else Refusing(asked.fate)


def _by_reentry(session: Session, asked: _Asked, found_at: _AdmissionAt) -> Refusing | None:
    admission = found_at(asked.journey, asked.version) if asked.version is not None else None
    if admission is None:
        return None
    told = would_refuse(session, admission, asked.member, asked.at, before=asked.seq)
    return None if told is None or told.rule == "holdout" else told


def admission_at(session: Session, journey: str, version: int) -> Admission | None:
    """Whom a version of a journey lets in; None where it cannot be read here."""
    text = read_version(session, "journey", journey, version).document
    return _ADMISSIONS.get(mark(text), lambda: _admission(text))


def _admission(text: str) -> Admission | None:
    journey = read(read_source(text).document).journey
    return None if journey is None else admission_of(journey)


_ADMISSIONS: Kept[Admission | None] = Kept(2_000)
"""By text: pages of members ask for those of many journeys at once."""
_AdmissionAt: TypeAlias = Callable[[str, int], Admission | None]
"""What a version of a journey says of whom it lets in; a document is read once for all events of a call."""
_REENTRY = frozenset(get_args(Refusal))
_ASKED = """
SELECT asked.seq, asked.data ->> 'journey' AS journey, asked.member_id AS member, asked.time AS at,
    newest.version, chosen.fate, pause.since AS paused_since,
    CASE WHEN live.retired_at <= asked.accepted_at THEN live.retired_at END AS retired_at
FROM events AS asked
LEFT JOIN chosen_members AS chosen ON chosen.seq = asked.seq
LEFT JOIN live ON live.kind = 'journey' AND live.key = asked.data ->> 'journey'
LEFT JOIN LATERAL (
    SELECT max(n) AS version FROM versions
    WHERE kind = 'journey' AND key = asked.data ->> 'journey' AND published_at <= asked.accepted_at
) AS newest ON true
LEFT JOIN LATERAL (
    SELECT min(from_at) AS since FROM pauses WHERE journey = asked.data ->> 'journey' AND run_id IS NULL
        AND from_at <= asked.accepted_at AND (to_at IS NULL OR to_at > asked.accepted_at)
) AS pause ON true
WHERE asked.seq = ANY(%(seqs)s) AND asked.type = ANY(%(types)s) AND asked.routed_at IS NOT NULL
    AND asked.member_id IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM runs WHERE runs.journey = asked.data ->> 'journey' AND runs.entry_seq = asked.seq)"""
_FORMER = """
SELECT count(*) AS runs,
    (array_agg(id ORDER BY entered_at DESC, id DESC))[1] AS run, max(entered_at) AS latest,
    (array_agg(id ORDER BY entered_at DESC, id DESC) FILTER (WHERE inside))[1] AS inside,
    max(entered_at) FILTER (WHERE inside) AS inside_since
FROM (
    SELECT id, entered_at, ended_at IS NULL OR ended_seq >= %(before)s::bigint AS inside
    FROM runs WHERE journey = %(journey)s AND member_id = %(member)s
        AND (%(before)s::bigint IS NULL OR entry_seq < %(before)s::bigint)
) AS mine"""
