"""Derived attributes: what is told of a member equals a naive recount of their events, at any moment."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from engine.database import direct
from engine.events.incoming import IncomingEvent
from engine.fields import store
from engine.fields.catalogue import own_fields
from engine.fields.reading import ZERO, as_fact, of_all
from engine.members.merge import merge
from rules.types import Json
from tests.engine.chain import NOW, Chain, at
from tests.engine.fields.deriving import living, look_back, number_of, paid, publish, told

BIG: Json = {">=": [{"var": "event.amount"}, 500]}
POS: Json = {"==": [{"var": "event.sales_channel"}, "pos"]}
DERIVED: Mapping[str, tuple[str, dict[str, Any]]] = {
    "orders": ("integer", {"count": "order.paid"}),
    "orders_2d": ("integer", {"count": "order.paid", "within": "P2D"}),
    "orders_month": ("integer", {"count": "order.paid", "within": "P1M", "when": BIG}),
    "pos_orders": ("integer", {"count": "order.paid", "when": POS, "within": "PT36H"}),
    "spent": ("money", {"sum": "order.paid", "of": "event.amount", "within": "P3D"}),
    "first_at": ("instant", {"first": "order.paid"}),
    "last_big": ("instant", {"last": "order.paid", "when": BIG, "within": "P3D"}),
    "last_day": ("date", {"last": "order.paid", "time_zone": "Asia/Urumqi"}),
    "last_no": ("text", {"last": "order.paid", "of": "event.order_no"}),
    "first_sold_in": ("text", {"first": "order.paid", "of": "event.sales_channel"}),
    "days": ("integer", {"days_with": "order.paid", "within": "P5D"}),
    "pos_days": ("integer", {"days_with": "order.paid", "when": POS}),
}  # fmt: skip


def declared() -> dict[str, Any]:
    return {f"member_{name}": {"type": kind, "derive": derive} for name, (kind, derive) in DERIVED.items()}


def sql_of_all(chain: Chain, now: datetime) -> list[dict[str, Any]]:
    """The same by the query that audiences use."""
    found: dict[int, dict[str, Any]] = {member: {} for member in living(chain)}
    with chain.database.begin() as session:
        for name, each in own_fields(session).derived.items():
            [source] = store.ready_ids(session, [each]).values()
            rows = direct.rows(session, of_all(each, source, now=now), {})
            for member, value in {**(dict.fromkeys(found, 0) if each.how in ZERO else {}), **dict(rows)}.items():
                if value is not None:
                    found[member][name] = as_fact(each, value)
    return list(found.values())


def recount(events: Sequence[IncomingEvent], kind: str, derive: dict[str, Any], now: datetime) -> Json:
    """The value by the definition, from all events of a member; None where it is not known."""
    zone = ZoneInfo(derive.get("time_zone", "Asia/Shanghai"))
    seen = [one for one in sorted(events, key=lambda one: one.time) if _since(now, derive) <= one.time <= now]
    kept = [(one, known) for one in seen if (known := _known(one, derive)) is not False]
    if "days_with" in derive:
        every = {one.time.astimezone(zone).date() for one, _ in kept}
        sure = {one.time.astimezone(zone).date() for one, known in kept if known}
        return len(sure) if every == sure else None
    if "count" in derive or "sum" in derive:
        if not all(known for _, known in kept):
            return None
        return len(kept) if "count" in derive else sum(one.data["amount"] for one, _ in kept)
    chosen, known = kept[-1 if "last" in derive else 0] if kept else (None, None)
    if chosen is None or not known:
        return None
    if "of" in derive:
        return chosen.data[derive["of"].removeprefix("event.")]
    if kind == "date":
        return chosen.time.astimezone(zone).date().isoformat()
    return chosen.time.isoformat().replace("+00:00", "Z")


def _since(now: datetime, derive: Mapping[str, Any]) -> datetime:
    local = now.astimezone(ZoneInfo("Asia/Shanghai"))
    match derive.get("within"):
        case None:
            return now - timedelta(days=9999)
        case "P1M":
            last = local.replace(day=1) - timedelta(days=1)
            return last.replace(day=min(local.day, last.day))
        case "PT36H":
            return now - timedelta(hours=36)
        case days:
            return now - timedelta(days=int(days[1:-1]))


def _known(one: IncomingEvent, derive: Mapping[str, Any]) -> bool | None:
    """Whether it counts; None where nobody knows whether, or for how much."""
    counts: bool | None = True
    if derive.get("when") == BIG:
        counts = one.data["amount"] >= 500  # type: ignore[operator]  # amounts are numbers
    elif derive.get("when") == POS:
        counts = one.data["sales_channel"] == "pos" if "sales_channel" in one.data else None
    if counts and "of" in derive and derive["of"].removeprefix("event.") not in one.data:
        return None
    return counts


def _story(chance: random.Random) -> list[tuple[str, IncomingEvent]]:
    """Orders of a few people over a month, some without a sales channel."""
    told = []
    for minutes in chance.sample(range(-30_000, 10_000), 90):
        member = chance.choice("ABCDEF")
        channel = chance.choice([{}, {"sales_channel": "pos"}, {"sales_channel": "mall"}, {"sales_channel": "pos"}])
        told.append((member, paid(member, minutes, chance.choice([100, 400, 500, 900]), **channel)))
    return told


@pytest.mark.parametrize("seed", range(6))
def test_what_is_told_equals_a_recount_whenever_events_came_and_whoever_merged(chain: Chain, seed: int) -> None:
    """Some events are there before the fields, some come while the job looks back, late, or twice; people merge."""
    chance = random.Random(seed)  # noqa: S311 - not a secret
    story = _story(chance)
    theirs: dict[str, list[IncomingEvent]] = {}
    for member, one in story:
        theirs.setdefault(member, []).append(one)
    pieces = iter([story[:40], story[40:55], story[55:65], story[65:]])

    def tell_next() -> None:
        piece = [one for _, one in next(pieces)]
        chain.tell(*piece)
        chain.tell(*piece[:3])

    def merge_two(one: str, other: str) -> None:
        with chain.database.begin() as session:
            merge(session, number_of(chain, one), number_of(chain, other), keys=chain.keys, now=NOW)
        theirs[one] += theirs.pop(other)

    def people() -> list[str]:
        return sorted(theirs, key=lambda who: number_of(chain, who))

    tell_next()
    publish(chain, **declared())
    tell_next()
    assert told(chain, *DERIVED) == [{} for _ in theirs], "nobody knows a value before all were looked at"
    steps = iter([lambda: merge_two(people()[0], people()[-1]), tell_next])
    look_back(chain, meanwhile=lambda: do_next(steps))
    merge_two(*people()[1:3])
    tell_next()
    for now in [NOW, *(at(chance.randrange(-31_000, 12_000)) for _ in range(25))]:
        expected = [
            {
                name: value
                for name, (kind, derive) in DERIVED.items()
                if (value := recount(theirs[who], kind, derive, now)) is not None
            }
            for who in people()
        ]
        assert told(chain, *DERIVED, now=now) == expected
        assert sql_of_all(chain, now) == expected


def do_next(steps: Iterator[Callable[[], None]]) -> None:
    next(steps, lambda: None)()
