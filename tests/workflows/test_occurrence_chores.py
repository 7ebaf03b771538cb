"""The router's chores of entries that choose: each does its part, and tells what it did."""

from __future__ import annotations

from engine.clock import FixedClock
from engine.database.connection import Database
from engine.secrets.keyring import KeyRing
from engine.telemetry.measures import REGISTRY
from tests.engine.occurrences.world import Chosen, daily, journey


def measured(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


async def test_the_chores_open_choose_and_tell(database: Database, keys: KeyRing, clock: FixedClock) -> None:
    chosen = Chosen(database, keys, clock)
    chosen.people("gold", "gold")
    chosen.publish(journey(entry=[daily()]))
    chosen.until("01-08 09:00")
    before = measured("waystation_chosen_told_total"), measured("waystation_occurrences_total", result="opened")
    for chore in chosen.work.all():
        await chore.do()
    assert [each[1:] for each in chosen.told()] == [(2, 2)]
    after = measured("waystation_chosen_told_total"), measured("waystation_occurrences_total", result="opened")
    assert (after[0] - before[0], after[1] - before[1]) == (2, 1)
