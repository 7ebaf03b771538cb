"""Of whom a condition is true now: how many members, three of them, and what of the condition could be counted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from engine.audiences.asking import is_personal
from engine.audiences.counting import Count, Counting
from engine.audiences.errors import TooSlowError
from engine.audiences.sealed import sealed_names
from engine.members.profile import masked_names
from rules.compile import Rule, compile_rule
from rules.errors import RuleError
from rules.fields import Field
from rules.sentences import sentence
from rules.types import Fields, Json
from ui.conditions.tree import Always
from ui.scope import OF_AUDIENCES

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from engine.secrets.keyring import KeyRing
    from ui.conditions.bench import Bench
    from ui.messages import Language

EXAMPLES = 3
PATIENCE = timedelta(seconds=2)
"""So long is counted unasked; then one in `PART` members stands for all of them."""
LONGER = timedelta(seconds=20)
"""So long, when somebody asked to wait."""
PART = 64


@dataclass(frozen=True)
class Example:
    """A member of whom it is true; the name is masked."""

    id: int
    name: str


@dataclass(frozen=True)
class Reach:
    """What is known of a condition's reach.

    `sentence` is the condition in words; nothing while something is wrong with it. `members` is None where nobody was
    counted: then `why` says so, always, broken, event, personal or slow. `about`: an estimate. `left` are the parts
    that were left aside, in words; `places` tells that stores or associates are those of the member.
    """

    sentence: str
    members: int | None = None
    about: bool = False
    examples: tuple[Example, ...] = ()
    why: str = ""
    left: tuple[str, ...] = ()
    places: bool = False


@dataclass(frozen=True)
class Crowd:
    """Who is counted: members in sight of whoever asks, at this moment."""

    begin: Callable[[], AbstractContextManager[Session]]
    keys: KeyRing
    now: datetime

    def members(self, rule: Rule, fields: Fields, zone: ZoneInfo, patience: timedelta) -> Count:
        """Of how many members a rule is true, and some of them. Raises TooSlowError."""
        with self.begin() as session:
            counting = Counting(session, self.keys, fields, self.now, zone, patience=patience)
            return counting.members(rule, sample=EXAMPLES)


def reach(bench: Bench, crowd: Crowd, language: Language, *, longer: bool = False) -> Reach:
    """How far a condition reaches. Never raises for a condition that can be wrong.

    Where there is none, only an audience is somebody who can be counted: all members.
    """
    if bench.edited.tree == Always(value=True) and bench.spot.role != "audience":
        return Reach("", why="always")
    try:
        whole = compile_rule(bench.rule, bench.fields, conditions=bench.conditions)
    except RuleError:
        return Reach("", why="broken")
    said = sentence(whole.tree, language, bench.zone)
    counted, left = _parts(bench)
    told = tuple(sentence(rule.tree, language, bench.zone) for rule in left)
    if not counted:
        return Reach(said, why="event", left=told)
    rule = compile_rule({"and": [rule.tree.source for rule in counted]}, bench.fields, conditions=bench.conditions)
    with crowd.begin() as session:
        if _tells_personal(rule, bench.fields, sealed_names(session)):
            return Reach(said, why="personal", left=told)
    found = _counted(bench, crowd, rule, longer=longer)
    if found is None:
        return Reach(said, why="slow", left=told)
    count, about = found
    with crowd.begin() as session:
        names = masked_names(session, crowd.keys, count.sample)
    examples = tuple(Example(id_, names.get(id_, "")) for id_ in count.sample)
    places = any(not path.startswith("member.") for path in rule.fields)
    return Reach(said, count.number, about, examples, left=told, places=places)


def _parts(bench: Bench) -> tuple[list[Rule], list[Rule]]:
    """The conjuncts about members alone, and the others."""
    rules = [compile_rule(each, bench.fields, conditions=bench.conditions) for each in _conjuncts(bench.rule)]
    of_members = [all(path.startswith(OF_AUDIENCES) for path in rule.fields) for rule in rules]
    counted = [rule for rule, counts in zip(rules, of_members, strict=True) if counts]
    left = [rule for rule, counts in zip(rules, of_members, strict=True) if not counts]
    return counted, left


def _conjuncts(condition: Json) -> Iterator[Json]:
    match condition:
        case {"and": [*parts], **others} if not others:
            for part in parts:
                yield from _conjuncts(part)
        case _:
            yield condition


def _tells_personal(rule: Rule, fields: Fields, sealed: frozenset[str]) -> bool:
    named = (node.path or "" for node in rule.tree.walk() if isinstance(node, Field) and node.item is None)
    return any(is_personal(path, fields, sealed) for path in named)


def _counted(bench: Bench, crowd: Crowd, rule: Rule, *, longer: bool) -> tuple[Count, bool] | None:
    """The count, and whether it is an estimate; None where even a part took too long."""
    try:
        count = crowd.members(rule, bench.fields, bench.zone, LONGER if longer else PATIENCE)
    except TooSlowError:
        return None if longer else _estimated(bench, crowd, rule)
    return count, not count.exact


def _estimated(bench: Bench, crowd: Crowd, rule: Rule) -> tuple[Count, bool] | None:
    """The same of one in so many members, who stand for all of them."""
    part: Json = {"<": [{"bucket": [{"var": "member.id"}, "reach", PART]}, 1]}
    some = compile_rule({"and": [part, rule.tree.source]}, bench.fields, conditions=bench.conditions)
    try:
        count = crowd.members(some, bench.fields, bench.zone, PATIENCE)
    except TooSlowError:
        return None
    return replace(count, number=count.number * PART), True
