"""Of how many members a condition is true, as far and as exactly as it can be told in time."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from engine.audiences.counting import Count
from engine.audiences.errors import TooSlowError
from engine.clock import FixedClock
from engine.database.connection import Database
from engine.secrets.keyring import KeyRing
from rules.compile import Rule
from rules.types import Fields
from tests.ui.conditions.branch import CASE, put_branch
from ui.conditions.bench import Bench, bench_at
from ui.conditions.reach import LONGER, PART, PATIENCE, Crowd, reach
from ui.dependencies import Dependencies

REGISTERED = {"==": [{"var": "member.registered"}, True]}
AT_EVENT = {"==": [{"var": "event.channel.kind"}, "pos"]}


@dataclass(frozen=True)
class SlowCrowd(Crowd):
    """A crowd whose first counts take too long."""

    slow: int = 0
    answer: Count = field(default_factory=lambda: Count(3, exact=True))
    asked: list[tuple[frozenset[str], timedelta]] = field(default_factory=list)

    def members(self, rule: Rule, _fields: Fields, _zone: ZoneInfo, patience: timedelta) -> Count:
        self.asked.append((rule.fields, patience))
        if len(self.asked) <= self.slow:
            raise TooSlowError(patience)
        return self.answer


@pytest.fixture
def crowd(database: Database, keys: KeyRing, clock: FixedClock) -> SlowCrowd:
    return SlowCrowd(database.begin, keys, clock.now())


def bench(deps: Dependencies, database: Database, clock: FixedClock, condition: Any) -> Bench:
    put_branch(database, clock, condition)
    return bench_at(deps, database.begin, "journey", "branch", CASE)


def test_what_is_counted_in_time_is_told_exactly(
    deps: Dependencies, database: Database, clock: FixedClock, crowd: SlowCrowd
) -> None:
    found = reach(bench(deps, database, clock, REGISTERED), crowd, "en")
    assert (found.members, found.about, found.why) == (3, False, "")
    assert crowd.asked == [(frozenset({"member.registered"}), PATIENCE)]


def test_what_takes_too_long_is_estimated_from_a_part_and_told_as_about(
    deps: Dependencies, database: Database, clock: FixedClock, keys: KeyRing
) -> None:
    slow = SlowCrowd(database.begin, keys, clock.now(), slow=1)
    found = reach(bench(deps, database, clock, REGISTERED), slow, "en")
    assert (found.members, found.about) == (3 * PART, True)
    assert slow.asked[1][0] == {"member.registered", "member.id"}


def test_what_takes_too_long_even_so_is_counted_only_when_somebody_asks_to_wait(
    deps: Dependencies, database: Database, clock: FixedClock, keys: KeyRing
) -> None:
    place = bench(deps, database, clock, REGISTERED)
    slow = SlowCrowd(database.begin, keys, clock.now(), slow=9)
    found = reach(place, slow, "en")
    assert (found.members, found.why) == (None, "slow")
    assert found.sentence == "is registered"
    assert reach(place, slow, "en", longer=True).why == "slow"
    assert slow.asked[-1][1] == LONGER


def test_an_estimate_of_the_database_is_told_as_about(
    deps: Dependencies, database: Database, clock: FixedClock, keys: KeyRing
) -> None:
    rough = SlowCrowd(database.begin, keys, clock.now(), answer=Count(12_000, exact=False))
    assert reach(bench(deps, database, clock, REGISTERED), rough, "en").about


@pytest.mark.parametrize(
    ("condition", "counted", "left"),
    [
        ({"and": [REGISTERED, AT_EVENT]}, {"member.registered"}, 1),
        ({"and": [REGISTERED, {"and": [AT_EVENT, {"==": [{"var": "member.friend"}, True]}]}]},
         {"member.registered", "member.friend"}, 1),
        ({"and": [{"weekday_in": [{"var": "now"}, [1]]}, REGISTERED]}, {"member.registered"}, 0),
    ],
)  # fmt: skip
def test_conjuncts_about_members_are_counted_and_the_others_named(
    deps: Dependencies,
    database: Database,
    clock: FixedClock,
    crowd: SlowCrowd,
    condition: Any,
    counted: set[str],
    left: int,
) -> None:
    found = reach(bench(deps, database, clock, condition), crowd, "zh")
    assert crowd.asked[0][0] == counted
    assert len(found.left) == left


def test_either_of_two_of_which_one_is_about_the_event_is_not_counted(
    deps: Dependencies, database: Database, clock: FixedClock, crowd: SlowCrowd
) -> None:
    found = reach(bench(deps, database, clock, {"or": [REGISTERED, AT_EVENT]}), crowd, "zh")
    assert (found.members, found.why) == (None, "event")
    assert crowd.asked == []


def test_the_real_count_names_members_in_sight(
    deps: Dependencies, database: Database, clock: FixedClock, keys: KeyRing
) -> None:
    found = reach(bench(deps, database, clock, REGISTERED), Crowd(database.begin, keys, clock.now()), "zh")
    assert (found.members, found.examples, found.about) == (0, (), False)


@pytest.mark.parametrize("condition", [True, None])
def test_where_there_is_no_condition_nobody_is_counted(
    deps: Dependencies, database: Database, clock: FixedClock, crowd: SlowCrowd, condition: Any
) -> None:
    found = reach(bench(deps, database, clock, condition), crowd, "zh")
    assert (found.sentence, found.members, found.why) == ("", None, "always")
    assert crowd.asked == []
