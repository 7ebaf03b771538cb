"""What happened between the chain and a person, from the log and from what is being accepted, into their ledgers.

Relations and seats of a person are derived together and anew whenever an event touches them: so a late event finds its
place, and the order of arrival leaves no trace. The caller holds the members' row locks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.organisation.references import Place, places
from engine.relations import store as relation_rows
from engine.relations.ledger import Fact, Interval, Origin
from engine.relations.ledger import derive as derive_relations
from engine.seats import store as seat_rows
from engine.seats.ledger import Add, SeatFact, SeatInterval
from engine.seats.ledger import derive as derive_seats
from rules.types import Json

LEDGER_TYPES = frozenset(
    {"contact.added", "contact.confirmed", "contact.lost", "contact.transferred", "group.joined", "group.left"}
)
"""Types of events that relations and seats are made of."""


@dataclass(frozen=True)
class Happening:
    """One event as the ledgers need it, from the log or on its way there."""

    member_id: int
    seq: int
    type: str
    time: datetime
    data: dict[str, Json]
    place: Place


@dataclass(frozen=True)
class Ledgers:
    """A person's relations and seats, derived."""

    relations: Sequence[Interval]
    seats: Sequence[SeatInterval]


def rederive(
    session: Session,
    members: Iterable[int],
    fresh: Sequence[Happening] = (),
    *,
    absorbed: Mapping[int, int] | None = None,
) -> dict[int, Ledgers]:
    """Derives and writes the ledgers of these members, with what is `fresh` and not yet in the log.

    `absorbed` maps members that merged to their survivors, whose ledgers take over their rows.
    """
    survivors = dict(absorbed or {})
    wanted = sorted({*members, *survivors.values()} - survivors.keys())
    if not wanted:
        return {}
    everyone = [*wanted, *survivors]
    relations = _under_survivors(relation_rows.relations_of(session, everyone), survivors)
    seats = _under_survivors(seat_rows.seats_of(session, everyone), survivors)
    happenings: dict[int, list[Happening]] = {}
    for each in (*_logged(session, wanted), *fresh):
        happenings.setdefault(each.member_id, []).append(each)
    staff = set(session.connection().execute(_STAFF, {"ids": wanted}).scalars())
    derived = {
        member: _derived(
            happenings.get(member, []), relations.get(member, []), seats.get(member, []), seated=member not in staff
        )
        for member in wanted
    }
    relation_rows.save(session, {member: one.relations for member, one in derived.items()}, relations)
    seat_rows.save(session, {member: one.seats for member, one in derived.items()}, seats)
    _save_channels(session, derived)
    return derived


def _under_survivors(rows: relation_rows.Rows, survivors: Mapping[int, int]) -> relation_rows.Rows:
    found: relation_rows.Rows = {}
    for member, theirs in rows.items():
        found.setdefault(survivors.get(member, member), []).extend(theirs)
    return found


def _derived(
    happenings: Sequence[Happening],
    relations: Sequence[relation_rows.Row],
    seats: Sequence[seat_rows.Row],
    *,
    seated: bool,
) -> Ledgers:
    """One person's ledgers. Staff have no seats."""
    stores = {row["opened_seq"]: row["store_id"] for row in relations}
    facts = relation_rows.imported_facts(relations)
    facts += [fact for each in happenings for fact in _relation_facts(each, stores)]
    friends = derive_relations(facts)
    adds = [Add(one.opened_at, one.channel_id) for one in friends if one.channel_id is not None]
    sat = seat_rows.imported_facts(seats)
    if seated:
        stores = {row["joined_seq"]: row["store_id"] for row in seats}
        sat += [fact for each in happenings for fact in _seat_facts(each, stores)]
    return Ledgers(friends, derive_seats(sat, adds))


def _logged(session: Session, members: Sequence[int]) -> list[Happening]:
    rows = session.connection().execute(_LOGGED, {"ids": list(members)}).all()
    found = places(session, [_unplaced(row) for row in rows])
    return [
        Happening(row.member_id, row.seq, row.type, row.time, row.data, _place(row, place))
        for row, place in zip(rows, found, strict=True)
    ]


def _unplaced(row: Any) -> dict[str, Json]:
    """The keys that the log resolved already are left out."""
    return {key: value for key, value in row.data.items() if key in {"from", "to", "chat"}}


def _place(row: Any, place: Place) -> Place:
    return Place(
        channel_id=row.channel_id,
        associate_id=row.associate_id,
        associate_store_id=row.associate_store_id,
        chat_id=place.chat_id,
        chat_store_id=place.chat_store_id,
        from_id=place.from_id,
        to_id=place.to_id,
        to_store_id=place.to_store_id,
    )


def _relation_facts(each: Happening, stores: dict[int | None, int | None]) -> list[Fact]:
    """The facts in one event. A store is that of the associate then: once in a row, it stays (M3)."""
    place, associate = each.place, each.place.associate_id
    match each.type:
        case "contact.added" | "contact.confirmed" if associate is not None:
            half = each.data.get("half") is True
            origin: Origin = "found" if each.data.get("found") is True else "told"
            way = each.data.get("add_way")
            store = stores.get(each.seq, place.associate_store_id)
            return [
                Fact(
                    each.time, each.seq, "half" if half else "full", associate, store, place.channel_id,
                    way if isinstance(way, int) else None, origin,
                )
            ]  # fmt: skip
        case "contact.lost" if associate is not None:
            by = each.data.get("by")
            return [Fact(each.time, each.seq, "ended", associate, by=by if isinstance(by, str) else None)]
        case "contact.transferred":
            return _transfer_facts(each, stores)
        case _:
            return []


def _transfer_facts(each: Happening, stores: dict[int | None, int | None]) -> list[Fact]:
    facts: list[Fact] = []
    if each.place.from_id is not None:
        facts.append(Fact(each.time, each.seq, "ended", each.place.from_id, by="transfer"))
    if each.place.to_id is not None:
        store = stores.get(each.seq, each.place.to_store_id)
        facts.append(Fact(each.time, each.seq, "full", each.place.to_id, store, origin="transfer"))
    return facts


def _seat_facts(each: Happening, stores: dict[int | None, int | None]) -> list[SeatFact]:
    place, by, scene = each.place, each.data.get("by"), each.data.get("scene")
    if place.chat_id is None or not each.type.startswith("group."):
        return []
    return [
        SeatFact(
            at=each.time,
            seq=each.seq,
            action="joined" if each.type == "group.joined" else "left",
            chat_id=place.chat_id,
            store_id=stores.get(each.seq, place.chat_store_id),
            channel_id=place.channel_id,
            scene=scene if isinstance(scene, str) else None,
            by=by if isinstance(by, str) else None,
        )
    ]


def _save_channels(session: Session, derived: dict[int, Ledgers]) -> None:
    """First and last channel of an add (M8); a member without any keeps what was imported."""
    rows = []
    for member, ledgers in derived.items():
        channels = [one.channel_id for one in ledgers.relations if one.channel_id is not None]
        if channels:
            rows.append((member, channels[0], channels[-1]))
    if rows:
        members, firsts, lasts = zip(*rows, strict=True)
        given = {"ids": list(members), "firsts": list(firsts), "lasts": list(lasts)}
        session.connection().execute(_CHANNELS, given)


_LOGGED = text("""
    SELECT e.seq, e.member_id, e.type, e.time, e.data, e.channel_id, e.associate_id, a.store_id AS associate_store_id
    FROM events e LEFT JOIN associates a ON a.id = e.associate_id
    WHERE e.member_id = ANY(:ids) AND e.type IN (
        'contact.added', 'contact.confirmed', 'contact.lost', 'contact.transferred', 'group.joined', 'group.left')
    ORDER BY e.seq""")
_STAFF = text("SELECT id FROM members WHERE id = ANY(:ids) AND is_staff")
_CHANNELS = text("""
    UPDATE members m SET first_channel_id = n.first, last_channel_id = n.last
    FROM unnest(CAST(:ids AS bigint[]), CAST(:firsts AS bigint[]), CAST(:lasts AS bigint[])) AS n (id, first, last)
    WHERE m.id = n.id AND (m.first_channel_id, m.last_channel_id) IS DISTINCT FROM (n.first, n.last)""")
