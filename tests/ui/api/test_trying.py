"""Trying a journey by the API: simulated for a real or made-up member, explained, and nothing stored."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from httpx import AsyncClient

from engine.clock import FixedClock
from engine.database.connection import Database
from engine.definitions.plans import Plans
from engine.jobs import store
from engine.journeys.catalogue import Catalogue
from engine.secrets.keyring import KeyRing
from engine.trying import backtests
from tests.engine.journeys.world import CATALOGUE, activity, document, wait
from tests.ui.api.conftest import ClientFor
from tests.ui.api.made import make_chain, tell

JOURNEY = "/api/v1/definitions/journey/test"
ENTRY = {"at": "PT0S", "on": "contact.scanned", "data": {"channel": "till-1"}}
NODES: dict[str, Any] = {
    "how": {
        "type": "choice",
        "cases": [{"when": {"==": [{"var": "event.channel.kind"}, "pos"]}, "port": "till"}],
        "ports": {"till": "one", "else": "late"},
    },
    "one": wait("contact.added", timeout="P1D", ports={"got": "call", "timeout": "late"}),
    "call": activity("call", {"text": "{{member.nickname}} {{store.title}}"}),
}


@pytest.fixture
def catalogue() -> Catalogue:
    return CATALOGUE


async def drafted(api: AsyncClient, nodes: Any = None, **parts: Any) -> None:
    entry = [{"on": "contact.scanned"}]
    answer = await api.put(f"{JOURNEY}/draft", json=document(nodes or NODES, **{"entry": entry, **parts}))
    assert answer.status_code in (200, 201), answer.text


async def simulated(api: AsyncClient, **script: Any) -> dict[str, Any]:
    answer = await api.post(f"{JOURNEY}/draft/simulate", json=script)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_made_up_member_walks_the_draft(api: AsyncClient) -> None:
    await make_chain(api)
    await drafted(api)
    added = {"at": "PT5M", "on": "contact.added", "data": {"associate": "lin"}}
    given = {"member": {"nickname": "小林"}, "store": {"title": "一店"}}
    found = await simulated(api, given=given, when=[ENTRY, added])
    assert (found["path"], found["outcome"]) == (["how", "one", "call", "end"], "finished")
    assert [(each["activity"], each["params"]) for each in found["effects"]] == [("call", {"text": "小林 一店"})]
    why = next(line["why"] for line in found["trace"] if line["kind"] == "left")
    assert why[0]["explanation"]["sentence"]["en"]
    stopped = await simulated(api, given=given, when=[ENTRY, added], until="PT1M")
    assert (stopped["waiting_at"]["node"], stopped["waiting_at"]["for"]) == ("one", ["contact.added"])
    assert stopped["outcome"] is None


async def test_a_real_member_walks_with_the_facts_of_their_store_and_is_shown_masked(api: AsyncClient) -> None:
    await make_chain(api)
    await drafted(api)
    await tell(api, "member.registered", "member:1001", "r1", store="S2", nickname="苏小荔荔荔荔荔")
    added = {"at": "PT5M", "on": "contact.added"}
    found = await simulated(api, member="member:1001", when=[ENTRY, added])
    assert found["outcome"] == "finished"
    assert found["effects"][0]["params"] == {"text": "苏小荔****荔荔荔荔 一店"}
    assert "苏小荔荔" not in str(found)
    assert found["begin"].startswith("2026-01-07T02:00:00")


async def test_a_member_out_of_sight_is_nobody(api: AsyncClient, client_for: ClientFor, database: Database) -> None:
    stores = await make_chain(api, database)
    await drafted(api)
    await tell(api, "member.registered", "member:1001", "r1", store="S2")
    for who, key in (("member:1001", client_for("full", store_id=stores["S1"])), ("member:9", api), ("77", api)):
        answer = await key.post(f"{JOURNEY}/draft/simulate", json={"member": who, "when": [ENTRY]})
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    limited = await client_for("definitions").post(f"{JOURNEY}/draft/simulate", json={"member": "1", "when": [ENTRY]})
    assert limited.status_code == 403
    made_up = await client_for("definitions").post(f"{JOURNEY}/draft/simulate", json={"when": [ENTRY]})
    assert made_up.status_code == 200


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"when": [{"at": "soon", "on": "custom.a"}]}, "/when/0/at"),
        ({"until": "never"}, "/until"),
        ({"steps": 1}, "/steps"),
        ({"given": {"now": "noon"}}, "/given"),
    ],
)
async def test_what_cannot_be_asked_is_a_problem_that_names_the_place(
    api: AsyncClient, body: dict[str, Any], pointer: str
) -> None:
    await drafted(api)
    answer = await api.post(f"{JOURNEY}/draft/simulate", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)


async def test_a_draft_that_cannot_run_is_refused_with_its_findings(api: AsyncClient) -> None:
    await drafted(api, {"one": activity("gone")})
    answer = await api.post(f"{JOURNEY}/draft/simulate", json={"when": [ENTRY]})
    assert answer.status_code == 422
    assert "unknown-activity" in {found["code"] for found in answer.json()["findings"]}


async def test_a_version_is_simulated_as_well_and_what_is_not_there_is_not_found(api: AsyncClient) -> None:
    await drafted(api)
    await api.post(f"{JOURNEY}/publish")
    await drafted(api, {"one": {"type": "end", "outcome": "new"}})
    for path, outcome in (("versions/1", "late"), ("draft", "new")):
        answer = await api.post(f"{JOURNEY}/{path}/simulate", json={"when": [ENTRY]})
        assert answer.json()["outcome"] == outcome, answer.text
    for path in ("versions/9", "versions/0"):
        assert (await api.post(f"{JOURNEY}/{path}/simulate", json={})).status_code == 404
    assert (await api.post("/api/v1/definitions/journey/none/draft/simulate", json={})).status_code == 404
    assert (await api.post("/api/v1/definitions/ruleset/test/draft/simulate", json={})).status_code == 404


async def test_a_backtest_is_a_job_whose_result_is_told(
    api: AsyncClient, database: Database, clock: FixedClock, keys: KeyRing
) -> None:
    await make_chain(api)
    await drafted(api)
    await tell(api, "contact.scanned", "member:1001", "s1", channel="till-1")
    clock.advance(timedelta(days=2))
    answer = await api.post(f"{JOURNEY}/draft/backtest", json={"from": "2026-01-07", "to": "2026-01-09"})
    assert answer.status_code == 202, answer.text
    job = answer.json()["id"]
    work = backtests.page(clock, keys, Plans(CATALOGUE))
    for _ in range(3):
        with database.begin() as session:
            if found := store.begin(session, int(job), now=clock.now()):
                store.advance(session, found, work(session, found), now=clock.now())
    told = (await api.get(f"/api/v1/jobs/{job}")).json()
    assert (told["kind"], told["state"], told["done"], told["total"]) == ("definitions.backtest", "done", 1, 1)
    result = told["result"]
    assert (result["entered"], result["differs"], result["complete"]) == (1, [], True)
    assert [(each["store"], each["entered"]) for each in result["by_store"]] == [("S1", 1)]
    assert result["outcomes"] == {"late": 1}
    assert "no-conversion" in result["approximations"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"from": "yesterday", "to": "2026-01-07"}, "/from"),
        ({"from": "2026-01-01", "to": "2026-99-99"}, "/to"),
        ({"from": "2026-02-01", "to": "2026-02-03"}, "/from"),
        ({"from": "2020-01-01", "to": "2026-01-03"}, "/from"),
        ({"to": "2026-01-03"}, "/from"),
    ],
)
async def test_a_time_that_cannot_be_tried_is_a_problem(api: AsyncClient, body: dict[str, str], pointer: str) -> None:
    await drafted(api)
    answer = await api.post(f"{JOURNEY}/draft/backtest", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)


async def test_only_the_whole_chain_may_ask_for_a_backtest(
    api: AsyncClient, client_for: ClientFor, database: Database
) -> None:
    stores = await make_chain(api, database)
    await drafted(api)
    of_a_store = client_for("full", store_id=stores["S1"])
    answer = await of_a_store.post(f"{JOURNEY}/draft/backtest", json={"from": "2026-01-01", "to": "2026-01-07"})
    assert answer.status_code == 403
