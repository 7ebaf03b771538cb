"""The page of publishing publishes what was read, and takes nothing that is written wrongly for something else."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from sqlalchemy import update
from sqlmodel import col

from engine.clock import FixedClock
from engine.database.connection import Database
from engine.definitions.versions import last_number, read_version
from engine.edits.store import put_draft
from engine.jobs import store
from engine.jobs.models import Job
from engine.journeys.canonical import content_hash
from engine.runs.models import Run
from engine.secrets.keyring import KeyRing
from tests.ui.sample import Sample
from tests.ui.visitor import Visitor
from tests.workflows.crossing import settle
from tests.workflows.test_migrating import MAP, changed
from tests.workflows.world import World
from ui.app import Dependencies
from workflows.activities.registry import catalogue_of

STAYS, GOES = {"in_flight": "stay"}, {"in_flight": "migrate", **{f"to:{node}": to for node, to in MAP.items()}}


@pytest.fixture
def world(database: Database, clock: FixedClock, keys: KeyRing) -> World:
    return settle(World(database, clock, keys))


@pytest.fixture
def deps(world: World) -> Dependencies:
    return Dependencies(world.database, world.clock, world.keys, catalogue_of(world.activities), demo=True)


@pytest.fixture
def read(world: World, chain: Sample) -> dict[str, Any]:
    """The draft that the author has read; one person stands inside."""
    with world.database.begin() as session:
        live = read_version(session, "journey", str(world.document["key"]), 1)
        inside = {"journey": live.key, "version": live.n, "bundle_hash": live.bundle_hash}
        session.execute(update(Run).where(col(Run.id) == chain.runs["wait_add"]).values(**inside))
    return drafted(world, changed(world))


def drafted(world: World, document: dict[str, Any]) -> dict[str, Any]:
    with world.database.begin() as session:
        put_draft(session, "journey", document["key"], json.dumps(document), by="user:a", now=world.clock.now())
    return document


def address(world: World) -> str:
    return f"/journeys/{world.document['key']}/publish"


def published(world: World) -> tuple[int, list[Job]]:
    """The last version, and the jobs that take people over."""
    with world.database.begin() as session:
        number = last_number(session, "journey", str(world.document["key"]))
        return number, list(store.list_jobs(session, kinds=["journeys.migrate"]))


def test_what_was_changed_after_it_was_read_is_not_published(
    admin: Visitor, world: World, read: dict[str, Any]
) -> None:
    drafted(world, {**read, "title": "Another"})
    answer = admin.post(f"{address(world)}?lang=en", data={**GOES, "hash": content_hash(read)})
    assert (answer.status_code, published(world)) == (409, (1, []))
    assert "changed since you read this page" in answer.text
    assert admin.post(address(world), data=GOES).status_code == 409, "without a hash nobody has read anything"
    assert published(world) == (1, [])


@pytest.mark.parametrize("share", ["0", "0.5", "5%", "１０", "-5", "101", "9" * 5_000])
def test_a_share_that_is_none_moves_nobody(admin: Visitor, world: World, read: dict[str, Any], share: str) -> None:
    answer = admin.post(f"{address(world)}?lang=en", data={**GOES, "share": share, "hash": content_hash(read)})
    assert (answer.status_code, published(world)) == (422, (1, []))
    assert "a whole number from 1 to 100" in answer.text
    assert 'aria-describedby="share-hint share-wrong" aria-invalid="true"' in answer.text
    assert share in answer.text
    shown = admin.get(f"{address(world)}/people", params={**GOES, "share": share, "lang": "en"})
    assert "a whole number from 1 to 100" in shown.text


def test_what_becomes_of_those_inside_is_said_as_it_is_meant(
    admin: Visitor, world: World, read: dict[str, Any]
) -> None:
    answer = admin.post(f"{address(world)}?lang=en", data={**GOES, "in_flight": "Migrate", "hash": content_hash(read)})
    assert (answer.status_code, published(world)) == (422, (1, []))
    assert "Say whether the people inside stay or migrate" in answer.text


def test_places_that_nobody_has_sent_are_not_made_up(admin: Visitor, world: World, read: dict[str, Any]) -> None:
    sent = {"in_flight": "migrate", "hash": content_hash(read)}
    assert (admin.post(address(world), data=sent).status_code, published(world)) == (422, (1, []))


def test_where_nothing_is_said_of_those_inside_they_stay(admin: Visitor, world: World, read: dict[str, Any]) -> None:
    answer = admin.post(address(world), data={"hash": content_hash(read)})
    assert (answer.status_code, published(world)) == (303, (2, []))


@pytest.mark.parametrize(("share", "first"), [("5", 500), (" 5 ", 500), ("100", None), ("", None)])
def test_a_share_goes_first(admin: Visitor, world: World, read: dict[str, Any], share: str, first: int | None) -> None:
    answer = admin.post(address(world), data={**GOES, "share": share, "hash": content_hash(read)})
    number, [job] = published(world)
    assert (answer.status_code, number, job.args.get("canary_bp")) == (303, 2, first)


def test_a_draft_that_is_the_same_as_what_is_live_says_so_and_what_publishing_it_is_good_for(
    admin: Visitor, world: World
) -> None:
    drafted(world, world.document)
    page = admin.get(f"{address(world)}?lang=en").text
    assert "The draft is the same as v1" in page
    assert "takes back a retirement" in page
    assert admin.post(address(world), data={**STAYS, "hash": content_hash(world.document)}).status_code == 303
    assert published(world)[0] == 2
    assert "Edited by" not in admin.get(f"{address(world)}?lang=en").text
    drafted(world, changed(world))
    assert "The draft is the same" not in admin.get(f"{address(world)}?lang=en").text


def test_the_way_to_what_must_be_mended_leads_to_the_tests_or_to_the_list_of_findings(
    admin: Visitor, world: World
) -> None:
    unmet = {
        "name": "t",
        "when": [{"at": "PT0S", "on": "contact.added"}],
        "then": {"outcome": "x"},
    }
    drafted(world, {**world.document, "tests": [unmet]})
    journey = address(world).removesuffix("/publish")
    assert f'<a href="{journey}/tests">' in admin.get(address(world)).text
    drafted(world, {**world.document, "tests": [unmet], "start": "nowhere"})
    page = admin.get(address(world)).text
    assert f'<a href="{journey}/edit#edit-problems">' in page


def test_a_draft_that_cannot_be_executed_has_a_page_too(admin: Visitor, world: World) -> None:
    drafted(world, {**changed(world), "start": "nowhere"})
    assert admin.get(f"{address(world)}/entering?lang=en").status_code == 200


def test_the_page_says_how_often_somebody_enters(admin: Visitor, world: World) -> None:
    for reentry, said in [
        ({"mode": "once"}, "Everybody enters once only."),
        ({"mode": "after_exit", "cooldown": "P30D"}, "may enter again. Two entries are at least 30 days apart."),
        ({"mode": "always"}, "Everybody enters each time, also while inside."),
    ]:
        drafted(world, {**changed(world), "policies": {"reentry": reentry, "max_age": "P45D"}})
        assert said in admin.get(f"{address(world)}/entering?lang=en").text


def test_the_page_begins_with_those_inside_staying(admin: Visitor, world: World, read: dict[str, Any]) -> None:
    page = admin.get(f"{address(world)}?lang=en").text
    assert re.search(r'value="stay" checked', page)
    assert not re.search(r'value="migrate" checked', page)
    assert "The wait begins anew for those who are moved" in page, "it is said before anything is chosen"


def test_whose_wait_begins_anew_is_said_beside_the_choice(
    admin: Visitor, world: World, chain: Sample, read: dict[str, Any]
) -> None:
    with world.database.begin() as session:
        session.execute(update(Run).where(col(Run.id) == chain.runs["wait_add"]).values(node="wait_join"))
    asked = {**GOES, "to:wait_join": "wait_redeem", "lang": "zh"}
    shown = admin.get(f"{address(world)}/people", params=asked).text
    assert "1 个实例从迁移那一刻起，再等 10 天" in shown
    kept = admin.get(f"{address(world)}/people", params={**GOES, "lang": "zh"}).text
    assert 'id="restarts"' not in kept, "a wait with the same timeout goes on"
    assert 'id="restarts"' not in admin.get(f"{address(world)}/people", params={"in_flight": "stay"}).text
