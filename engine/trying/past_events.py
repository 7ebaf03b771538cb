"""A page of a journey's backtest: members with recorded entry events, replayed with the draft and with what is live."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy.orm import Session

from engine.database import direct
from engine.events.models import Event
from engine.journeys.plan import Plan
from engine.journeys.state import EventIn
from engine.journeys.trying.replay import MOST_RUNS, Past, Replayed, replay
from engine.members.facts import Subject
from engine.runs.inbox import events_in
from engine.secrets.keyring import KeyRing
from engine.trying.history import Histories, read_histories
from engine.trying.sums import Counts, Figure, Side, day_of

EVENTS_OF_ONE = 2_000
"""So many events of one member are replayed; further ones are counted as left out."""
LONGEST_PATH = 30


@dataclass(frozen=True)
class Stretch:
    """What is replayed: the draft, what is live if anything is and can be compiled here, and from when to when."""

    draft: Plan
    live: Plan | None
    since: datetime
    until: datetime
    live_is_broken: bool = False

    @property
    def plans(self) -> Sequence[Plan]:
        """Both."""
        return [self.draft] if self.live is None else [self.draft, self.live]

    @property
    def entry_types(self) -> list[str]:
        """The events with which somebody may enter either of them."""
        return sorted(set[str]().union(*(plan.entry_event_types for plan in self.plans)))

    @property
    def types(self) -> list[str]:
        """The events that either of them takes."""
        return sorted(set(self.entry_types).union(*(plan.event_types for plan in self.plans)))


def said_of(stretch: Stretch) -> Counts:
    """What cannot be told, as is known before anybody is looked at."""
    counts = Counts()
    if stretch.draft.audiences:
        counts.add(Figure("would", "unknown", "audiences-not-replayed"))
    if stretch.live_is_broken:
        counts.add(Figure("would", "unknown", "live-not-readable"))
    return counts


def count_members(session: Session, stretch: Stretch) -> int:
    """How many members have an event with which they might have entered."""
    [(n,)] = direct.rows(session, _COUNT, _window(stretch))
    return int(n)


def next_members(session: Session, stretch: Stretch, after: int, limit: int) -> list[int]:
    """The next of them, by id."""
    return direct.scalars(session, _MEMBERS, {**_window(stretch), "after": after, "limit": limit})


def replay_members(
    session: Session, keys: KeyRing, stretch: Stretch, members: Sequence[int], *, now: datetime
) -> Counts:
    """What becomes of these members, counted."""
    counts = Counts()
    given = {**_window(stretch), "types": stretch.types, "members": [*members], "most": EVENTS_OF_ONE + 1}
    rows = direct.objects(session, Event, _EVENTS, given)
    events = {event.seq: event for event in events_in(session, rows, keys)}
    counts.add(Figure("would", "events"), len(rows))
    entries = [row for row in rows if row.type in stretch.entry_types]
    places = _places(session, entries)
    paths = frozenset[str]().union(*(plan.fields for plan in stretch.plans))
    histories = read_histories(session, keys, [(row.seq, places[row.seq]) for row in entries], paths, now=now)
    pasts = _pasts(session, stretch, members)
    for member, own in groupby(rows, key=lambda row: row.member_id or 0):
        mine = [events[row.seq] for row in own]
        if len(mine) > EVENTS_OF_ONE:
            counts.add(Figure("would", "cut"))
        one = _Member(member, mine[:EVENTS_OF_ONE], pasts.get(member, Past()), histories, places)
        _count_member(counts, stretch, one)
    counts.add(Figure("would", "members"), len(members))
    return counts


@dataclass(frozen=True)
class _Member:
    id: int
    events: Sequence[EventIn]
    past: Past
    histories: Histories
    places: dict[int, Subject]

    def runs(self, plan: Plan, until: datetime) -> list[Replayed]:
        return replay(plan, str(self.id), self.events, self.histories.facts_at, past=self.past, until=until)


def _count_member(counts: Counts, stretch: Stretch, one: _Member) -> None:
    would = one.runs(stretch.draft, stretch.until)
    if len(would) >= MOST_RUNS:
        counts.add(Figure("would", "unknown", "runs-cut"))
    _count(counts, "would", stretch.draft, would, one)
    if stretch.live is None:
        return
    was = one.runs(stretch.live, stretch.until)
    _count(counts, "was", stretch.live, was, one)
    if [each.treatment() for each in was] != [each.treatment() for each in would]:
        counts.differ(one.id, _told(was), _told(would))


def _count(counts: Counts, side: Side, plan: Plan, runs: Sequence[Replayed], one: _Member) -> None:
    for run in runs:
        store = one.places[run.entry.seq].store_id or 0
        counts.add(Figure(side, "held-out" if run.held_out else "entered", "", store, day_of(run.entry.at, plan.zone)))
        for each in run.effects:
            of = f"{each.kind.activity}|{each.kind.batch}"
            counts.add(Figure(side, "at-once" if each.at_once else "later", of))
            if side == "would":
                counts.add(Figure(side, f"load:{each.kind.activity}", "", store, day_of(each.at, plan.zone)))
        if side == "would" and not run.held_out:
            for node, n in Counter(run.path).items():
                counts.add(Figure(side, "node", node), n)
            counts.add(Figure(side, "outcome" if run.outcome else "waiting", run.outcome or run.node or ""))


def _told(runs: Sequence[Replayed]) -> dict[str, Any]:
    """What a member's treatment is, for the list."""
    effects = Counter(each.kind for run in runs for each in run.effects)
    last = runs[-1] if runs else None
    return {
        "entered": len(runs),
        "effects": [
            {"activity": kind.activity, "batch": kind.batch or None, "n": n} for kind, n in sorted(effects.items())
        ],
        "path": last.path[:LONGEST_PATH] if last else [],
        "outcome": last.outcome if last else None,
        "waiting_at": last.node if last else None,
    }


def _places(session: Session, entries: Sequence[Event]) -> dict[int, Subject]:
    """Whom a run would be about, by the place of its entry event in the log (as engine.runs.start tells it)."""
    if not entries:
        return {}
    rows = direct.rows(session, _PLACES, {"seqs": [row.seq for row in entries]})
    return {seq: Subject(member, store, associate) for seq, member, store, associate in rows}


def _pasts(session: Session, stretch: Stretch, members: Sequence[int]) -> dict[int, Past]:
    """The members' real runs of the journey from before."""
    given = {"journey": stretch.draft.key, "members": [*members], "since": stretch.since}
    return {member: Past(n, until, latest) for member, n, until, latest in direct.rows(session, _PAST, given)}


def _window(stretch: Stretch) -> dict[str, Any]:
    return {"types": stretch.entry_types, "since": stretch.since, "until": stretch.until}


_IN_WINDOW = "accepted_at >= %(since)s AND accepted_at < %(until)s AND type = ANY(%(types)s)"
_COUNT = f"SELECT count(DISTINCT member_id) FROM events WHERE member_id IS NOT NULL AND {_IN_WINDOW}"  # noqa: S608 - ours
_MEMBERS = f"""
SELECT member_id FROM events WHERE member_id > %(after)s AND {_IN_WINDOW}
GROUP BY member_id ORDER BY member_id LIMIT %(limit)s"""  # noqa: S608 - our own text
_EVENTS = f"""
SELECT event.* FROM unnest(%(members)s::bigint[]) AS asked (member),
LATERAL (SELECT * FROM events WHERE member_id = asked.member AND {_IN_WINDOW} ORDER BY seq LIMIT %(most)s) AS event
ORDER BY event.member_id, event.seq"""  # noqa: S608 - our own text
_PLACES = """
SELECT event.seq, event.member_id,
    COALESCE(event.store_id, channel.store_id, associate.store_id, owner.store_id, member.store_id),
    COALESCE(event.associate_id, owner.id)
FROM events AS event
JOIN members AS member ON member.id = event.member_id
LEFT JOIN channels AS channel ON channel.id = event.channel_id
LEFT JOIN associates AS associate ON associate.id = event.associate_id
LEFT JOIN associates AS owner ON owner.id = member.owner_id
WHERE event.seq = ANY(%(seqs)s)"""
_PAST = """
SELECT member_id, count(*), max(COALESCE(ended_at, '9999-01-01'::timestamptz)), max(entered_at)
FROM runs WHERE journey = %(journey)s AND member_id = ANY(%(members)s) AND entered_at < %(since)s GROUP BY member_id"""
