"""A simulation as a page carries it: a script in the address, and the moves that make the next one of it.

The address says all, so reloading and going back work, and the server keeps nothing.
"""

from __future__ import annotations

import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from pydantic import Field

from engine.journeys.document_tests import Given, Happening
from engine.journeys.trying.script import Script, offset
from engine.journeys.trying.simulation import Simulation
from rules.documents.values import Part
from rules.types import Json

LARGEST = 64_000
"""Bytes of a script, unpacked."""
LONGEST = 8_000
"""Characters of an address for which moves stay to be taken back; the oldest are forgotten first."""
MOST_BACK = 50
"""So many moves can be taken back."""


FAILS = "!"
"""Stands for the failure of an activity among its ports."""
MADE_TO_FAIL = "failed"
"""The code of a failure that somebody asked for without saying more."""


class WalkError(ValueError):
    """An address that holds no walk."""


class Before(Part):
    """What a move changed, as it was before it."""

    given: Given = Given()
    when: list[Happening] = Field(default_factory=list)
    until: str = "end"
    steps: int | None = None


class Walk(Script):
    """A script, and how many of the nodes that it enters are shown: all of them, or the first ones.

    `before` takes back the moves that led here, the latest last.
    """

    steps: int | None = Field(default=None, ge=1)
    before: list[Before] = Field(default_factory=list, max_length=MOST_BACK)

    def shown(self, found: Simulation) -> int:
        """How many entered nodes are shown."""
        return len(found.path) if self.steps is None else min(self.steps, len(found.path))

    def clock(self, found: Simulation) -> datetime:
        """Where the page stands in time: that of the first node that is not shown, else the clock of the whole."""
        entered = [line for line in found.trace if line.kind == "entered"]
        shown = self.shown(found)
        return entered[shown].at if shown < len(entered) else found.now


def encode(walk: Walk) -> str:
    """A walk as a part of an address; where that grows too long, the oldest moves cannot be taken back any more."""
    text = walk.model_dump_json(exclude_unset=True).encode()
    packed = urlsafe_b64encode(zlib.compress(text, 9)).decode().rstrip("=")
    if walk.before and (len(text) > LARGEST or len(packed) > LONGEST):
        return encode(walk.model_copy(update={"before": walk.before[len(walk.before) // 2 + 1 :]}))
    return packed


def decode(text: str) -> Walk:
    """The walk of an address. Raises WalkError."""
    try:
        return Walk.model_validate_json(_unpacked(text))
    except WalkError:
        raise
    except (ValueError, zlib.error) as error:
        raise WalkError("The address holds no walk that can be read; start a new one.") from error


def _unpacked(text: str) -> bytes:
    packed = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    opened = zlib.decompressobj()
    plain = opened.decompress(packed, LARGEST)
    if opened.unconsumed_tail:
        raise WalkError("The walk is too long.")
    return plain


# Moves


def step(walk: Walk, found: Simulation, zone: ZoneInfo) -> Walk:
    """Show one more node: a hidden one, else the one that the next deadline leads to."""
    shown, entered = walk.shown(found), len(found.path)
    if shown < entered:
        return _changed(walk, steps=None if shown + 1 == entered else shown + 1)
    if found.due is None:
        return walk
    return _changed(walk, until=offset(found.begin, found.due, zone), steps=entered + 1)


def back(walk: Walk, found: Simulation) -> Walk:
    """Take back the last move; where there is none, show one node less."""
    if not walk.before:
        return walk.model_copy(update={"steps": max(1, walk.shown(found) - 1)})
    *earlier, last = walk.before
    parts = {name: getattr(last, name) for name in last.model_fields_set}
    return walk.model_copy(update={**parts, "before": earlier})


def rest(walk: Walk) -> Walk:
    """Show all up to where the run rests."""
    return _changed(walk, steps=None)


def deadline(walk: Walk, found: Simulation, zone: ZoneInfo) -> Walk:
    """Let time pass to the next deadline."""
    if found.due is None:
        return rest(walk)
    return _changed(walk, until=offset(found.begin, found.due, zone), steps=None)


def run(walk: Walk) -> Walk:
    """Let time pass until nothing is left to wait for."""
    return _changed(walk, until="end", steps=None)


def inject(walk: Walk, found: Simulation, on: str, data: Mapping[str, Json], after: timedelta, zone: ZoneInfo) -> Walk:
    """Let an event happen, so long after where the page stands. What would have happened later still will."""
    moment = offset(found.begin, walk.clock(found) + after, zone)
    event = Happening(at=moment, on=on, data=dict(data))
    return _changed(walk, when=[*walk.when, event], until=moment, steps=None)


def answer(walk: Walk, activity: str, nth: int, port: str) -> Walk:
    """Let the nth call (from 0) of an activity end through a port; FAILS makes it fail. The calls before stay done."""
    results = [each for each in walk.when if each.activity == activity]
    done = Happening(activity=activity, returns={})
    results += [done] * (nth + 1 - len(results))
    failure: Json = {"code": MADE_TO_FAIL, "message": ""}
    result = {"fails": failure} if port == FAILS else {"returns": port}
    results[nth] = Happening.model_validate({"activity": activity, **result})
    others = [each for each in walk.when if each.activity != activity]
    return _changed(walk, when=[*others, *results], steps=None)


def take_arm(walk: Walk, node: str, arm: str) -> Walk:
    """Let the member take an arm of a split."""
    given = walk.given.model_copy(update={"arms": {**walk.given.arms, node: arm}})
    return _changed(walk, given=given, steps=None)


def _changed(walk: Walk, **parts: object) -> Walk:
    """The walk with these parts, and how to take the change back; the same one where nothing changes."""
    was = {name: getattr(walk, name) for name in parts}
    if was == parts:
        return walk
    before = [*walk.before, Before(**was)][-MOST_BACK:]
    return walk.model_copy(update={**parts, "before": before})
