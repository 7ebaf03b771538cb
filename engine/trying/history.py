"""What is known of members as of the past: whose friends they were and in which groups, by the ledgers' intervals.

Everything else of a member (attributes, store, owner) is what it is today: no history of it is kept to be asked.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from engine.database import direct
from engine.journeys.state import EventIn
from engine.journeys.walk import Facts
from engine.members.facts import Subject, read_all
from engine.secrets.keyring import KeyRing
from rules.types import Json

_FRIEND = frozenset({"member.friend", "member.friend_of", "member.friend_since"})
_GROUP = frozenset({"member.in_group", "member.in_groups"})
AS_OF = _FRIEND | _GROUP
"""The fields that are told as of the moment."""


@dataclass(frozen=True)
class Interval:
    """A friendship with an associate, or a seat in a chat, from and to."""

    key: str
    since: datetime
    ended: datetime | None

    def holds(self, at: datetime) -> bool:
        """Whether it stood at this moment."""
        return self.since <= at and (self.ended is None or self.ended > at)


@dataclass
class Histories:
    """The facts of members at any moment of the past. Those of each entry event are read once, for a page."""

    paths: frozenset[str]
    today: dict[int, dict[str, Any]] = field(default_factory=dict)
    friends: dict[int, list[Interval]] = field(default_factory=dict)
    seats: dict[int, list[Interval]] = field(default_factory=dict)
    members: dict[int, int] = field(default_factory=dict)

    def facts_at(self, entry: EventIn, now: datetime) -> Facts:
        """The facts of a run that this event starts."""
        facts, member = self.today.get(entry.seq, {}), self.members.get(entry.seq, 0)
        if self.paths.isdisjoint(AS_OF):
            return facts
        return {**facts, "member": {**facts.get("member", {}), **self._then(member, now)}}

    def _then(self, member: int, now: datetime) -> dict[str, Json]:
        found: dict[str, Json] = {}
        if not self.paths.isdisjoint(_FRIEND):
            friends = [each for each in self.friends.get(member, ()) if each.holds(now)]
            found |= {"friend": bool(friends), "friend_of": [each.key for each in friends]}
            if friends:
                found["friend_since"] = min(each.since for each in friends).isoformat()
        if not self.paths.isdisjoint(_GROUP):
            seats = [each.key for each in self.seats.get(member, ()) if each.holds(now)]
            found |= {"in_group": bool(seats), "in_groups": [*seats]}
        return found


def read_histories(
    session: Session, keys: KeyRing, entries: Sequence[tuple[int, Subject]], paths: Collection[str], *, now: datetime
) -> Histories:
    """Histories for entry events, by place in the log with whom they are about."""
    wanted = frozenset(path for path in paths if path.partition(".")[0] in {"member", "store", "associate"})
    found = Histories(wanted, members={seq: about.member_id or 0 for seq, about in entries})
    subjects = list(dict.fromkeys(about for _, about in entries))
    known = dict(zip(subjects, read_all(session, keys, subjects, paths=wanted, now=now), strict=True))
    found.today = {seq: _without_as_of(known[about], wanted) for seq, about in entries}
    members = sorted({about.member_id for about in subjects if about.member_id})
    if members and not wanted.isdisjoint(_FRIEND):
        found.friends = _intervals(session, _FRIENDS, members)
    if members and not wanted.isdisjoint(_GROUP):
        found.seats = _intervals(session, _SEATS, members)
    return found


def _without_as_of(facts: dict[str, Any], paths: Collection[str]) -> dict[str, Any]:
    """Facts of today, without those that are told as of the moment."""
    member = facts.get("member", {})
    then = {path.removeprefix("member.") for path in AS_OF & frozenset(paths)}
    return {**facts, "member": {name: value for name, value in member.items() if name not in then}}


def _intervals(session: Session, query: str, members: Sequence[int]) -> dict[int, list[Interval]]:
    found: dict[int, list[Interval]] = {}
    for member, key, since, ended in direct.rows(session, query, {"members": [*members]}):
        found.setdefault(member, []).append(Interval(key, since, ended))
    return found


_FRIENDS = """
SELECT r.member_id, a.key, r.full_at, r.ended_at FROM relations r JOIN associates a ON a.id = r.associate_id
WHERE r.member_id = ANY(%(members)s) AND r.full_at IS NOT NULL ORDER BY r.full_at, r.id"""
_SEATS = """
SELECT s.member_id, c.chat_id, s.joined_at, s.left_at FROM seats s JOIN chats c ON c.id = s.chat_id
WHERE s.member_id = ANY(%(members)s) ORDER BY s.joined_at, s.id"""
