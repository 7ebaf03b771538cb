"""Routers that are killed while they choose and tell: nobody is forgotten, and nobody told twice."""

from __future__ import annotations

import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest

from engine.clock import FixedClock
from engine.database.connection import Database
from engine.secrets.keyring import KeyRing, new_key
from tests.engine.occurrences.world import Chosen, daily, journey

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("kills", [("before",), ("after",), ("before", "after")])
def test_whoever_is_killed_in_the_middle_each_member_is_told_once(
    database: Database, database_url: str, clock: FixedClock, kills: tuple[str, ...]
) -> None:
    key_text = new_key()
    chosen = Chosen(database, KeyRing.from_text(key_text), clock)
    people = chosen.people(*["gold"] * 250)
    chosen.publish(journey(entry=[daily()], policies={"reentry": {"mode": "always"}}))
    chosen.until("01-08 09:00")
    for step, moment in product(("open", "choose", "choose", "tell"), kills):
        if step == "choose" and moment == "after" and chosen.occurrences()[0].state == "issuing":
            continue
        words = [database_url, key_text, chosen.clock.now().isoformat(), step, moment]
        died = subprocess.run([sys.executable, "-m", "tests.workflows.dying_router", *words], cwd=ROOT, check=False)
        assert died.returncode in {-9, 1}, "killed, or there was nothing left to do"
    chosen.tell_and_route()
    assert sorted(member for member, _ in chosen.events()) == people
    assert sorted(chosen.entered()) == people
    assert chosen.told() == [("done", 250, 250)]
