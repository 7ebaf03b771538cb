"""Decide nodes in the database turn and in Temporal: the ruleset is pinned, and what it read is kept sealed."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

import pytest
from sqlalchemy import select
from temporalio.testing import WorkflowEnvironment

from engine.alerts import store
from engine.alerts.fold import fold
from engine.clock import FixedClock
from engine.database.connection import Database
from engine.definitions.errors import NotPublishableError
from engine.definitions.publish import Published, publish
from engine.edits.store import put_draft
from engine.runs.models import Turn
from engine.secrets.keyring import KeyRing
from tests.engine.rulesets.zones import publish_ruleset, zones
from tests.workflows.clock import ServerClock
from tests.workflows.playing import Play
from tests.workflows.waiting import close_all
from tests.workflows.world import World, journey


@pytest.fixture
def world(database: Database, clock: FixedClock, keys: KeyRing) -> World:
    return World(database, clock, keys)


def asking(**changes: Any) -> dict[str, Any]:
    """A journey that asks which price zone a member is in, and goes on by the answer."""
    nodes: dict[str, Any] = {
        "ask": {
            "type": "decide", "ruleset": "zones", "save": "zone",
            "facts": {"event": {"sales_channel": "mini_program"}},
            "ports": {"done": "pick", "uncertain": "unsure"},
        },
        "pick": {
            "type": "choice", "cases": [{"when": {"==": [{"var": "vars.zone.zone"}, "SPECIAL"]}, "port": "special"}],
            "ports": {"special": "special", "else": "full"},
        },
        **{name: {"type": "end", "outcome": name} for name in ("special", "full", "unsure")},
    }  # fmt: skip
    return {**journey(start="ask", entry=[{"on": "contact.scanned"}], nodes=nodes, exits=[]), **changes}


def publish_zones(world: World, **changes: Any) -> None:
    with world.database.begin() as session:
        publish_ruleset(session, zones(**changes), world.clock.now())


def scan(world: World) -> str | None:
    world.tell("contact.scanned", {"channel": "c"})
    world.route()
    world.take()
    return world.run().outcome


def test_a_turn_decides_on_the_facts_of_its_transaction(world: World) -> None:
    publish_zones(world)
    world.publish(asking())
    world.tell("member.updated", {"tier": "gold"})
    assert scan(world) == "special"


def test_a_run_keeps_the_ruleset_that_its_journey_was_published_with(world: World) -> None:
    publish_zones(world)
    world.publish(asking())
    publish_zones(world, rows=[], tests=[])
    world.tell("member.updated", {"tier": "gold"})
    assert scan(world) == "special"


def test_what_was_decided_is_recorded_and_what_was_read_is_sealed(world: World, keys: KeyRing) -> None:
    publish_zones(world)
    world.publish(asking())
    world.tell("member.updated", {"tier": "gold"})
    scan(world)
    with world.database.begin() as session:
        logs = [line for turn in session.execute(select(Turn)).scalars() for line in turn.log]
    [line] = [line for line in logs if line["kind"] == "left" and line["node"] == "ask"]
    assert {name: line["detail"][name] for name in ("ruleset", "version", "decision", "rows")} == {
        "ruleset": "zones", "version": 1, "decision": "matched", "rows": ["app"],
    }  # fmt: skip
    read = keys.open_json(base64.b64decode(line["reads"]))
    assert read == {"member.tier": "gold", "event.sales_channel": "mini_program", "event.score": None}


def test_an_uncertain_decision_is_an_alert_of_the_ruleset(world: World) -> None:
    publish_zones(world)
    world.publish(asking())
    assert scan(world) == "unsure"
    with world.database.begin() as session:
        fold(session)
        [alert] = store.list_alerts(session)
    assert (alert.kind, alert.subject) == ("decision-uncertain", "ruleset/zones")
    assert alert.detail == {"version": 1, "missing": "event.score, member.tier"}


# Publishing


def published(world: World, document: dict[str, Any]) -> Published:
    with world.database.begin() as session:
        put_draft(session, "journey", document["key"], json.dumps(document), by="user:a", now=world.clock.now())
        return publish(session, "journey", document["key"], catalogue={}, by="user:a", now=world.clock.now())


def test_a_journey_is_published_with_the_ruleset_that_is_live_then(world: World) -> None:
    document = asking()
    with pytest.raises(NotPublishableError) as refused:
        published(world, document)
    assert {each.code for each in refused.value.findings if each.severity == "error"} == {"unknown-reference"}
    publish_zones(world)
    first = published(world, document)
    publish_zones(world, otherwise={"zone": "NEW"}, tests=[])
    second = published(world, document)
    assert first.hash == second.hash
    assert first.bundle_hash != second.bundle_hash


# In Temporal


async def test_runs_that_temporal_drives_decide_alike(
    database: Database, server_clock: ServerClock, keys: KeyRing, environment: WorkflowEnvironment
) -> None:
    stage = Play(await asyncio.to_thread(World, database, server_clock, keys), environment.client, environment)
    await asyncio.to_thread(publish_zones, stage.world)
    await asyncio.to_thread(stage.world.publish, asking())
    for who, tier in (("member:1", "gold"), ("member:2", "silver")):
        await asyncio.to_thread(stage.world.tell, "member.updated", {"tier": tier}, who=who)
    try:
        async with stage.working():
            for who in ("member:1", "member:2"):
                await stage.tell("contact.scanned", {"channel": "c"}, who=who)
            for run in await asyncio.to_thread(stage.world.runs):
                await stage.handle(run).result()
    finally:
        await close_all(environment.client, stage.world)
    assert [run.outcome for run in stage.world.runs()] == ["special", "unsure"]
