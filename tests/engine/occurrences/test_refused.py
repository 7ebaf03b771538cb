"""Whom an occurrence chose and its journey did not let in: looked for where some were counted."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from engine.occurrences.outlook import Past, outlooks
from engine.occurrences.refused import refused_of
from tests.engine.occurrences.world import Chosen, daily, journey


def latest(chosen: Chosen) -> list[Past]:
    """The occurrences of the one entry with what was counted of them, newest first."""
    plan = chosen.publish(journey(entry=[daily()], policies={"reentry": {"mode": "once"}, "entry_max_age": "P9D"}))
    for day in ("01-08 09:00", "01-09 09:00"):
        chosen.until(day)
        chosen.tell_and_route()
    with chosen.database.begin() as session:
        [found] = outlooks(session, chosen.keys, plan, now=chosen.clock.now(), whole=True)
        session.expunge_all()
    return [*found.past]


def refused(chosen: Chosen, past: Sequence[Past]) -> dict[int, list[tuple[int, str]]]:
    with chosen.database.begin() as session:
        found = refused_of(session, past)
    return {occurrence: [(each.member, each.why.rule) for each in some] for occurrence, some in found.items()}


def test_those_whom_re_entry_refused_are_named_with_the_rule(chosen: Chosen) -> None:
    people = chosen.people("gold", "gold")
    again, first = latest(chosen)
    assert (first.fates, again.fates) == ({"entered": 2}, {"once": 2})
    assert refused(chosen, [again, first]) == {again.occurrence.id: [(one, "once") for one in people]}


@pytest.mark.parametrize("fates", [{"entered": 2}, {"holdout": 1, "waiting": 1}, {"untold": 2}, {}])
def test_where_no_refusal_was_counted_nobody_is_looked_for(chosen: Chosen, fates: dict[str, int]) -> None:
    chosen.people("gold", "gold")
    again, _ = latest(chosen)
    assert refused(chosen, [Past(again.occurrence, again.chosen, fates)]) == {}
    assert refused(chosen, [Past(again.occurrence, again.chosen, {**fates, "once": 1})]) != {}
