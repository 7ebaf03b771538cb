"""Members with their identities, friendships and seats, as rows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from engine.members.models import Identity, Member
from engine.relations.models import Relation
from engine.seats.models import Seat
from engine.seeds.chain import associates_of
from engine.seeds.figures import FIRST_GROUP
from engine.seeds.names import person_name
from engine.seeds.part import Part, Row
from engine.seeds.people import Friendship, Person, identify, people_of

_TIERS = ("green",) * 12 + ("silver",) * 5 + ("gold",) * 2 + ("black",)
_FIRST_NUMBER = 100_001


class _Places:
    """The ids of what the chain part made."""

    def __init__(self, part: Part) -> None:
        self.stores = part.ids("SELECT key, id FROM stores")
        self.associates = part.ids("SELECT key, id FROM associates")
        self.chats = part.ids("SELECT chat_id AS key, id FROM chats")
        channels = part.ids("SELECT key, id FROM channels WHERE store_id IS NOT NULL AND kind <> 'associate'")
        self.channels = {
            key: [number for name, number in sorted(channels.items()) if name.startswith(f"{key}-")]
            for key in self.stores
        }

    def associate(self, person: Person, friendship: Friendship) -> int:
        """The account that a friendship is with."""
        return self.associates[associates_of(person.store)[friendship.associate]]

    def channel(self, person: Person) -> int | None:
        """The code by which a person came."""
        return None if person.channel is None else self.channels[person.store.key][person.channel]


def seed_members(part: Part) -> None:
    """All customers of all stores."""
    places = _Places(part)
    people = [
        person
        for store in part.figures
        for person in people_of(
            store,
            associates=len(associates_of(store)),
            channels=len(places.channels[store.key]),
            chance=part.chance,
        )
    ]
    identify(people, part.chance)
    rows = [_member(part, places, person) for person in people]
    ids = part.numbered(Member, rows)
    numbered = list(zip(ids, people, strict=True))
    part.insert(Identity, [row for n, (i, one) in enumerate(numbered) for row in _identities(part, n, i, one)])
    part.insert(Relation, [row for i, person in numbered for row in _relations(part, places, i, person)])
    part.insert(Seat, list(_seats(part, places, numbered)))


def phone(number: int) -> str:
    """A number that cannot ring: no prefix that begins with 12 is in use."""
    return f"120{number * 7919 % 100_000_000:08}"


def _ago(part: Part, days: float) -> datetime:
    return part.now - timedelta(days=days)


def _member(part: Part, places: _Places, person: Person) -> Row:
    name = person_name(part.chance)
    first = person.friendships[0] if person.friendships else None
    friends_now = [one for one in person.friendships if one.until is None]
    return {
        "created_at": _ago(part, person.known_for),
        "is_staff": False,
        "attributes": {
            "tier": part.chance.choice(_TIERS),
            "points": part.chance.randrange(0, 5000, 10),
            "gender": part.chance.choice(("female", "female", "male", "unknown")),
        },
        "personal_enc": part.keys.seal_json({"nickname": name[1:], "name": name}),
        "store_id": places.stores[person.store.key],
        "owner_id": places.associate(person, friends_now[0]) if friends_now else None,
        "first_channel_id": places.channel(person) if first else None,
        "last_channel_id": places.channel(person) if first else None,
    }


def _identities(part: Part, number: int, member_id: int, person: Person) -> Iterator[Row]:
    values = {"member": str(_FIRST_NUMBER + number)}
    if part.chance.random() < 0.7 or not person.identified:
        values["phone"] = phone(number)
    if person.identified:
        values |= {"unionid": f"un_demo_{number + 1:06}", "openid": f"op_demo_{number + 1:06}"}
    if person.in_wecom:
        values["external_userid"] = f"wm_demo_{number + 1:06}"
    for kind, value in values.items():
        yield {
            "kind": kind,
            "lookup": part.keys.lookup(kind, value),
            "member_id": member_id,
            "value_enc": part.seal(value),
        }


def _relations(part: Part, places: _Places, member_id: int, person: Person) -> Iterator[Row]:
    for friendship in person.friendships:
        ended = friendship.until is not None
        yield {
            "associate_id": places.associate(person, friendship),
            "member_id": member_id,
            "full_at": _ago(part, friendship.since),
            "ended_at": _ago(part, friendship.until) if friendship.until is not None else None,
            "ended_by": "customer" if ended else None,
            "kind": friendship.kind,
            "channel_id": places.channel(person),
            "store_id": places.stores[person.store.key],
            "add_way": 202 if friendship.kind == "transfer" else 1,
        }


def _seats(part: Part, places: _Places, people: list[tuple[int, Person]]) -> Iterator[Row]:
    taken: dict[str, int] = {}
    for member_id, person in people:
        if not person.seated:
            continue
        key = person.store.key
        taken[key] = taken.get(key, 0) + 1
        number = 1 if taken[key] <= FIRST_GROUP else 2
        since = min((one.since for one in person.friendships), default=person.known_for)
        yield {
            "chat_id": places.chats[f"wr_demo_{key.lower()}_{number}"],
            "member_id": member_id,
            "joined_at": _ago(part, since * part.chance.uniform(0.9, 1)),
            "channel_id": places.channel(person),
            "store_id": places.stores[key],
            "scene": "3",
        }
