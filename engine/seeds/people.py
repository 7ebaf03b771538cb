"""Who the customers of a store are: so many friends, seats, adds and losses that its figures come out.

Pure: made from a fixed chance, so that the same people come back wherever the chain is seeded.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from engine.seeds.figures import IDENTIFIED_BP, StoreFigures

RECENT = (0.05, 29.5)
EARLIER = (31.0, 59.5)
"""Days ago: within the last 30, and before them."""

Span = tuple[float, float]


@dataclass(frozen=True)
class Friendship:
    """One interval of a friendship: with the n-th associate of the store, from and to so many days ago."""

    associate: int
    since: float
    until: float | None = None
    kind: str = "new_corp"


@dataclass
class Person:
    """A customer of a store. `channel` is the n-th code of the store, by which they came."""

    store: StoreFigures
    friendships: list[Friendship] = field(default_factory=list)
    seated: bool = False
    identified: bool = False
    channel: int | None = None
    known_for: float = 0.0

    @property
    def in_wecom(self) -> bool:
        """Whether WeCom knows this person: as a friend, once a friend, or in a group."""
        return self.seated or bool(self.friendships)


def people_of(store: StoreFigures, *, associates: int, channels: int, chance: random.Random) -> list[Person]:
    """The customers of one store: friends first, then those only in its group, those it lost, and the rest."""
    friends = _friends(store, associates, chance)
    only_seated = [Person(store, seated=True) for _ in range(store.only_in_group)]
    lost = [Person(store, [_lost(store, associates, chance)]) for _ in range(store.lost)]
    others = store.members - len(friends) - len(only_seated) - len(lost)
    people = [*friends, *only_seated, *lost, *(Person(store) for _ in range(others))]
    oldest = store.open_days or EARLIER[1]
    for person in people:
        first = max((one.since for one in person.friendships), default=chance.uniform(0.1, oldest))
        person.known_for = first + chance.uniform(0, 0.4)
        if person.friendships:
            person.channel = chance.randrange(channels)
    return people


def identify(people: Sequence[Person], chance: random.Random) -> None:
    """Give the stated share of all people an identity that WeCom knows: all who are in WeCom, and others by chance."""
    unknown = [person for person in people if not person.in_wecom]
    missing = round(len(people) * IDENTIFIED_BP / 10_000) - (len(people) - len(unknown))
    for person in people:
        person.identified = person.in_wecom
    for person in chance.sample(unknown, max(0, min(missing, len(unknown)))):
        person.identified = True


def _friends(store: StoreFigures, associates: int, chance: random.Random) -> list[Person]:
    """Friends of today, some of two associates; exactly `adds` of the friendships began in the last 30 days."""
    times = sorted(_times(store, chance), reverse=True)
    chance.shuffle(times)
    people = []
    doubles = store.relations - store.friends
    for number in range(store.friends):
        count = 2 if number < doubles else 1
        since = sorted((times.pop() for _ in range(count)), reverse=True)
        chosen = chance.sample(range(associates), count)
        kinds = ("new_corp", "new_associate")
        people.append(Person(store, [Friendship(a, t, kind=k) for a, t, k in zip(chosen, since, kinds, strict=False)]))
    for person in chance.sample(people, store.in_group):
        person.seated = True
    return people


def _times(store: StoreFigures, chance: random.Random) -> list[float]:
    recent, earlier = _spans(store)
    older = store.relations - store.adds
    return [chance.uniform(*recent) for _ in range(store.adds)] + [chance.uniform(*earlier) for _ in range(older)]


def _lost(store: StoreFigures, associates: int, chance: random.Random) -> Friendship:
    """A friendship that the customer ended in the last 30 days; it was no add within them."""
    _, earlier = _spans(store)
    since = chance.uniform(*earlier)
    kind = "transfer" if store.open_days else "new_corp"
    return Friendship(chance.randrange(associates), since, chance.uniform(RECENT[0], min(RECENT[1], since)), kind)


def _spans(store: StoreFigures) -> tuple[Span, Span]:
    """When recent and earlier friendships of a store began; all were recent in a store that is new."""
    if store.open_days:
        everything = (RECENT[0], store.open_days - 0.5)
        return everything, everything
    return RECENT, EARLIER
