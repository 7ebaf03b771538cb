"""What somebody new does first, and how far they are: on the overview until a first customer is on the way."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from engine.definitions.listing import Listed

SERVICE = "service"
"""The author of the demonstration's definitions: these are nobody's first journey."""


@dataclass(frozen=True)
class FirstStep:
    """One thing to do and where; `state` is done, next (do it now) or later."""

    key: str
    href: str
    state: Literal["done", "next", "later"]


def first_steps(journeys: Sequence[Listed], travelled: Collection[str]) -> list[FirstStep]:
    """The steps for these journeys; none once a customer travels one that a person made.

    `travelled` are the keys of journeys with people on their way.
    """
    own = sorted((shown for shown in journeys if shown.by != SERVICE), key=lambda shown: shown.at, reverse=True)
    if any(shown.key in travelled for shown in own):
        return []
    published = next((shown for shown in own if shown.version is not None), None)
    mine = published or (own[0] if own else None)
    base = f"/journeys/{mine.key}" if mine else "/library"
    done = 3 if published else 1 if mine else 0
    places = [
        ("journey", "/library"),
        ("try", f"{base}/simulate" if mine else base),
        ("publish", f"{base}/publish" if mine else base),
        ("watch", f"{base}/runs" if mine else base),
    ]
    return [FirstStep(key, href, _state(number, done)) for number, (key, href) in enumerate(places)]


def _state(number: int, done: int) -> Literal["done", "next", "later"]:
    return "done" if number < done else "next" if number == done else "later"
