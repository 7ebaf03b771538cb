"""Publishing from outside: the plan for those inside, the job that takes them over, the second person."""

from __future__ import annotations

import copy
import json
from datetime import timedelta
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import delete, select
from sqlmodel import col

from engine.access.models import AuditEntry
from engine.clock import FixedClock
from engine.database.connection import Database
from engine.edits.models import DraftEdit
from engine.edits.store import put_draft
from engine.journeys.canonical import content_hash
from engine.journeys.catalogue import Catalogue
from engine.secrets.keyring import KeyRing
from tests.ui.api.conftest import ClientFor
from tests.workflows.crossing import settle
from tests.workflows.test_migrating import MAP, changed, people, scanned
from tests.workflows.world import World
from workflows.activities.registry import catalogue_of

BASE = "/api/v1/definitions/journey"


@pytest.fixture
def world(database: Database, clock: FixedClock, keys: KeyRing) -> World:
    return settle(World(database, clock, keys))


@pytest.fixture
def catalogue(world: World) -> Catalogue:
    return catalogue_of(world.activities)


async def put(api: AsyncClient, document: dict[str, Any]) -> str:
    """Save a draft; its address."""
    address = f"{BASE}/{document['key']}"
    assert (await api.put(f"{address}/draft", json=document)).status_code in {200, 201}
    return address


async def test_the_plan_says_who_goes_where_and_by_which_rule(api: AsyncClient, world: World) -> None:
    scanned(world, *people("x", 3))
    document = changed(world)
    at = await put(api, document)
    stay = (await api.post(f"{at}/draft/plan")).json()
    assert [(group["node"], group["runs"], group["rule"]) for group in stay["groups"]] == [("wait_add", 3, "stay")]
    assert stay["suggested"] == {"wait_join": "wait_group", "wait_redeem": "expired"}
    lacking = (await api.post(f"{at}/draft/plan", json={"in_flight": {"migrate": {}}})).json()
    assert [error["pointer"] for error in lacking["errors"]] == [
        "/in_flight/migrate/wait_join", "/in_flight/migrate/wait_redeem",
    ]  # fmt: skip
    plan = (await api.post(f"{at}/draft/plan", json={"in_flight": {"migrate": MAP}})).json()
    assert (plan["version"], plan["next"], plan["runs"], plan["versions"]) == (1, 2, 3, {"1": 3})
    assert (plan["errors"], plan["hash"], plan["executable"]) == ([], content_hash(document), True)
    assert [(group["to"], group["rule"], group["anew"]) for group in plan["groups"]] == [("wait_add", "same", False)]


async def test_publishing_with_a_map_answers_with_the_job(api: AsyncClient, world: World) -> None:
    scanned(world, *people("x", 3))
    at = await put(api, changed(world))
    refused = await api.post(f"{at}/publish", json={"in_flight": {"migrate": {}}})
    assert (refused.status_code, len(refused.json()["errors"])) == (422, 2)
    done = await api.post(f"{at}/publish", json={"in_flight": {"migrate": MAP, "canary_bp": 500}})
    assert (done.status_code, done.json()["version"]) == (201, 2)
    job = (await api.get(f"/api/v1/jobs/{done.json()['job']}")).json()
    assert (job["kind"], job["state"], job["total"]) == ("journeys.migrate", "waiting", 3)


async def test_only_what_was_read_is_published(api: AsyncClient, world: World) -> None:
    document = changed(world)
    at = await put(api, document)
    hashed = content_hash(document)
    tag = (await api.get(f"{at}/draft")).headers["ETag"]
    await api.post(f"{at}/draft/commands", json={"command": "set", "pointer": "/title", "value": "Another"})
    refused = await api.post(f"{at}/publish", json={"hash": hashed})
    assert (refused.status_code, "says something else" in refused.json()["detail"]) == (409, True)
    assert (await api.post(f"{at}/publish", headers={"If-Match": tag})).status_code == 412
    assert len((await api.get(f"{at}/versions")).json()["items"]) == 1
    tag, stands = (await api.get(f"{at}/draft")).headers["ETag"], content_hash({**document, "title": "Another"})
    done = await api.post(f"{at}/publish", json={"hash": stands}, headers={"If-Match": tag})
    assert (done.status_code, done.json()["hash"]) == (201, stands)


@pytest.mark.parametrize("share", ["0", "-5", "0.5", '"500"', "true", "10001", "1" * 5_000])
async def test_a_share_that_is_none_publishes_nothing(api: AsyncClient, world: World, share: str) -> None:
    scanned(world, "member:1")
    at = await put(api, changed(world))
    body = f'{{"in_flight": {{"migrate": {json.dumps(MAP)}, "canary_bp": {share}}}}}'
    answer = await api.post(f"{at}/publish", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert len((await api.get(f"{at}/versions")).json()["items"]) == 1


async def test_a_draft_that_cannot_run_has_no_places(api: AsyncClient, world: World) -> None:
    scanned(world, "member:1")
    document = copy.deepcopy(world.document)
    document["start"] = "nowhere"
    at = await put(api, document)
    plan = (await api.post(f"{at}/draft/plan")).json()
    assert (plan["executable"], plan["runs"], plan["needs"]) == (False, 1, [])


@pytest.mark.parametrize("in_flight", ["leave", {"migrate": {}, "canary_bp": 10001}])
async def test_a_plan_of_something_else_is_refused(api: AsyncClient, world: World, in_flight: Any) -> None:
    at = await put(api, changed(world))
    answer = await api.post(f"{at}/draft/plan", json={"in_flight": in_flight})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"][:10]) == (422, "/in_flight")


async def test_rulesets_have_nobody_inside(api: AsyncClient) -> None:
    await api.put("/api/v1/definitions/ruleset/empty/draft", json={})
    answer = await api.post("/api/v1/definitions/ruleset/empty/draft/plan")
    assert (answer.status_code, answer.json()["runs"]) == (200, 0)
    refused = await api.post("/api/v1/definitions/ruleset/empty/draft/plan", json={"in_flight": {"migrate": {}}})
    assert refused.status_code == 422


class TestTheSecondPerson:
    @pytest.fixture
    def approvals(self) -> frozenset[str]:
        return frozenset({"journey"})

    async def test_nobody_publishes_alone(self, client_for: ClientFor, world: World, database: Database) -> None:
        author, second = client_for("full"), client_for("definitions")
        document = changed(world)
        at, approve = await put(author, document), {"hash": content_hash(document)}
        alone = await author.post(f"{at}/publish")
        assert alone.status_code == 409
        assert "but not key:key-0" in alone.json()["detail"]
        refused = await author.post(f"{at}/draft/approve", json=approve)
        assert (refused.status_code, "key:key-0" in refused.json()["detail"]) == (409, True)
        approved = await second.post(f"{at}/draft/approve", json=approve)
        assert (approved.status_code, approved.json()["by"]) == (200, "key:key-1")
        assert (await author.post(f"{at}/publish")).status_code == 201
        [version, _] = (await author.get(f"{at}/versions")).json()["items"]
        assert (version["published_by"], version["approved_by"]) == ("key:key-0", "key:key-1")
        with database.begin() as session:
            actions = list(session.execute(select(AuditEntry.action)).scalars())
        assert "draft.approved" in actions

    async def test_an_approval_dies_with_the_next_change(self, client_for: ClientFor, world: World) -> None:
        author, second = client_for("full"), client_for("definitions")
        document = changed(world)
        at, hashed = await put(author, document), content_hash(document)
        await second.post(f"{at}/draft/approve", json={"hash": hashed})
        for title in ("Another", document["title"]):
            await author.post(f"{at}/draft/commands", json={"command": "set", "pointer": "/title", "value": title})
        assert (await author.post(f"{at}/publish")).status_code == 409

    async def test_only_what_was_read_is_approved(self, client_for: ClientFor, world: World) -> None:
        author, second = client_for("full"), client_for("definitions")
        at = await put(author, changed(world))
        answer = await second.post(f"{at}/draft/approve", json={"hash": "0" * 64})
        assert (answer.status_code, "says something else" in answer.json()["detail"]) == (409, True)
        assert (await second.post(f"{at}/draft/approve", json={"hash": "x"})).status_code == 422

    async def test_who_edited_the_draft_in_between_cannot_approve(self, client_for: ClientFor, world: World) -> None:
        author, second = client_for("full"), client_for("definitions")
        document = changed(world)
        at = await put(second, document)
        document["title"] = "Another"
        await put(author, document)
        answer = await second.post(f"{at}/draft/approve", json={"hash": content_hash(document)})
        assert (answer.status_code, "key:key-0, key:key-1" in answer.json()["detail"]) == (409, True)

    async def test_an_edit_that_waited_for_a_publication_makes_its_author_an_editor(
        self, client_for: ClientFor, world: World
    ) -> None:
        """It is stamped with the time at which it was sent, which is before the publication."""
        author, second = client_for("full"), client_for("definitions")
        document = changed(world)
        at = await put(author, document)
        await second.post(f"{at}/draft/approve", json={"hash": content_hash(document)})
        sent = world.clock.now()
        world.clock.advance(timedelta(seconds=5))
        assert (await author.post(f"{at}/publish")).status_code == 201
        document["title"] = "Another"
        with world.database.begin() as session:
            put_draft(session, "journey", document["key"], json.dumps(document), by="key:key-1", now=sent)
        refused = await second.post(f"{at}/draft/approve", json={"hash": content_hash(document)})
        assert (refused.status_code, "cannot approve it: key:key-1." in refused.json()["detail"]) == (409, True)

    async def test_who_edited_long_ago_is_not_forgotten_with_their_edits(
        self, client_for: ClientFor, world: World
    ) -> None:
        author, second = client_for("full"), client_for("definitions")
        document = changed(world)
        at = await put(second, document)
        document["title"] = "Another"
        await put(author, document)
        with world.database.begin() as session:
            session.execute(delete(DraftEdit).where(col(DraftEdit.by) == "key:key-1"))
        refused = await second.post(f"{at}/draft/approve", json={"hash": content_hash(document)})
        assert (refused.status_code, "key:key-0, key:key-1" in refused.json()["detail"]) == (409, True)

    async def test_other_kinds_need_nobody(self, client_for: ClientFor) -> None:
        author = client_for("full")
        fields = {"schema": "waystation/fields@1", "fields": {}}
        await author.put("/api/v1/definitions/fields/member/draft", json=fields)
        assert (await author.post("/api/v1/definitions/fields/member/publish")).status_code != 409
