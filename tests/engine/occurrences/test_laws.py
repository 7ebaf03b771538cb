"""Whatever is restarted, killed or away when: each occurrence is opened once, and nobody is told twice or forgotten."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from engine.database.connection import Database
from engine.occurrences import choosing, issuing, opening
from tests.engine.occurrences.world import Chosen, daily, journey
from workflows.occurrences import Occurrences

STEPS = st.lists(
    st.tuples(st.integers(1, 400), st.sampled_from(["open", "choose", "tell", "all", "killed", "route"])),
    min_size=3, max_size=14,
)  # fmt: skip
EVERY = 7


class KilledError(Exception):
    """Stands for a process that is gone before its transaction ends."""


def test_whatever_is_restarted_each_occurrence_is_opened_once_and_each_member_told_once(chosen: Chosen) -> None:
    people = chosen.people(*["gold"] * 3)
    key = iter(range(10_000))

    @settings(max_examples=EVERY, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
    @given(STEPS)
    def law(steps: list[tuple[int, str]]) -> None:
        name = f"law-{next(key)}"
        chosen.publish(journey(name, entry=[daily()], policies={"reentry": {"mode": "always"}, "entry_max_age": "P9D"}))
        since = chosen.clock.now()
        for minutes, what in steps:
            chosen.clock.advance(timedelta(minutes=minutes))
            _do(chosen, what)
        chosen.clock.advance(timedelta(days=1))
        chosen.tell_and_route()
        chosen.retire(name)
        _holds(chosen, name, people, since)

    law()


def _do(chosen: Chosen, what: str) -> None:
    work = chosen.work
    match what:
        case "open":
            work.open_all()
        case "choose":
            work.choose_all()
        case "tell":
            work.tell_all()
        case "route":
            chosen.route()
        case "killed":
            _killed_in_the_middle(chosen)
        case _:
            chosen.look()


def _killed_in_the_middle(chosen: Chosen) -> None:
    """Each kind of transaction is done and never committed."""
    now, database, plans, keys = chosen.clock.now(), chosen.database, chosen.world.plans, chosen.keys
    with database.begin() as session:
        due, undecided, untold = (
            opening.due_clocks(session, now),
            choosing.unchosen(session),
            issuing.untold(session, now),
        )
    more = {"plans": plans, "now": now}
    lost: list[Callable[[Session], object]] = [
        *(partial(opening.open_due, journey=journey, entry=entry, **more) for journey, entry in due),
        *(partial(choosing.choose_page, occurrence_id=one, keys=keys, **more) for one in undecided),
        *(partial(issuing.tell_page, occurrence_id=one, keys=keys, **more) for one in untold),
    ]
    for work in lost:
        _lose(database, work)


def _lose(database: Database, work: Callable[[Session], object]) -> None:
    def killed(session: Session) -> None:
        work(session)
        raise KilledError

    with suppress(KilledError), database.begin() as session:
        killed(session)


def _holds(chosen: Chosen, name: str, people: list[int], since: datetime) -> None:
    occurrences = [each for each in chosen.occurrences() if each.journey == name]
    times = [each.at for each in occurrences]
    days, first = [], since.replace(hour=1, minute=0, second=0, microsecond=0)
    while first <= chosen.clock.now():
        days += [first] if first > since else []
        first += timedelta(days=1)
    assert times == days, "each occurrence once, in order, and none left out"
    told = [
        (member, occurrence) for member, occurrence in chosen.events() if occurrence in {o.name for o in occurrences}
    ]
    assert len(told) == len({(member, name) for member, name in told})
    done = {each.name for each in occurrences if each.state == "done"}
    assert sorted({(m, o) for m, o in told if o in done}) == sorted((m, o) for o in done for m in people)


def test_several_routers_side_by_side_tell_everybody_once(chosen: Chosen) -> None:
    people = chosen.people(*["gold"] * 450)
    chosen.publish(journey(entry=[daily(), {"becomes": True, "check": "PT1H"}]))
    chosen.until("01-08 09:00")
    barrier = threading.Barrier(3)

    def work() -> None:
        router = Occurrences(chosen.database, chosen.clock, chosen.keys, chosen.world.plans)
        barrier.wait()
        for _ in range(4):
            router.open_all()
            router.choose_all()
            router.tell_all()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    chosen.look()
    told = chosen.events()
    assert sorted(member for member, _ in told) == people
    assert [(each[0], each[2]) for each in chosen.told() if each[1] == 450] == [("first-check", 0), ("done", 450)]
