"""Entries that choose members, by the API: what is coming and what came of it, and lists."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest

from engine.clock import FixedClock
from engine.database.connection import Database
from engine.definitions.models import Bundle, Live, Version
from engine.secrets.keyring import KeyRing
from tests.engine.occurrences.world import Chosen, daily, journey

BASE = "/api/v1"
GOLD: Any = {"==": [{"var": "member.tier"}, "gold"]}


@pytest.fixture
def chosen(database: Database, keys: KeyRing, clock: FixedClock) -> Chosen:
    return Chosen(database, keys, clock)


async def entries(api: httpx.AsyncClient) -> list[dict[str, Any]]:
    answer = await api.get(f"{BASE}/journeys/test/entries")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


async def test_an_entry_tells_when_it_is_due_and_who_would_enter(api: httpx.AsyncClient, chosen: Chosen) -> None:
    chosen.people(*["gold"] * 4, "silver")
    chosen.publish(journey(entry=[daily(), {"becomes": GOLD, "check": "P1D"}, {"list": True}]))
    chosen.tell_and_route()
    one, two, three = await entries(api)
    assert (one["form"], one["next_at"], one["occurrences"]) == ("schedule", "2026-01-08T01:00:00Z", [])
    assert one["expected"] == {
        "matching": 4, "refused": 0, "held_out": 0, "enter": 4, "exact": True, "first": False,
    }  # fmt: skip
    assert two["expected"]["enter"] == 0
    assert [(each["reason"], each["chosen"], each["fates"]) for each in two["occurrences"]] == [("first-check", 4, {})]
    assert (three["next_at"], three["expected"]) == (None, None)
    chosen.until("01-08 09:00")
    chosen.tell_and_route()
    [one, *_] = await entries(api)
    assert [(each["state"], each["issued"], each["fates"]) for each in one["occurrences"]] == [
        ("done", 4, {"entered": 4})
    ]
    assert (one["expected"]["matching"], one["expected"]["refused"], one["expected"]["enter"]) == (4, 4, 0)


async def test_who_is_held_out_is_counted_as_the_journey_decides_it(api: httpx.AsyncClient, chosen: Chosen) -> None:
    chosen.people(*["gold"] * 60)
    chosen.publish(journey(entry=[daily()], policies={"holdout": {"share_bp": 5000, "salt": "x"}}))
    [one] = await entries(api)
    chosen.until("01-08 09:00")
    chosen.tell_and_route()
    held = sum(fate == "holdout" for fate in chosen.fates().values())
    assert 0 < held < 60
    assert (one["expected"]["held_out"], one["expected"]["enter"]) == (held, 60 - held)


async def test_a_condition_without_a_form_in_sql_is_counted_all_the_same(
    api: httpx.AsyncClient, chosen: Chosen
) -> None:
    for days in (1, 9, 9):
        chosen.people("gold", patience=f"P{days}D")
    chosen.publish(journey(entry=[daily(audience={"==": [{"var": "member.patience"}, "P9D"]})]))
    [one] = await entries(api)
    assert one["expected"]["enter"] == 2


async def test_by_personal_data_nobody_is_counted(api: httpx.AsyncClient, chosen: Chosen) -> None:
    chosen.publish(journey(entry=[daily(audience={"==": [{"var": "member.nickname"}, "x"]})]))
    [one] = await entries(api)
    assert (one["expected"], one["uncounted"]) == (None, "personal")


async def test_a_journey_that_was_never_published_has_no_entries(api: httpx.AsyncClient) -> None:
    assert (await api.get(f"{BASE}/journeys/nowhere/entries")).status_code == 404


async def give(api: httpx.AsyncClient, content: Any, query: str = "") -> httpx.Response:
    kind = (
        {"headers": {"Content-Type": "text/csv"}, "content": content} if isinstance(content, str) else {"json": content}
    )
    return await api.post(f"{BASE}/journeys/test/list{query}", **kind)


async def test_a_list_lets_its_members_in_once_each(api: httpx.AsyncClient, chosen: Chosen) -> None:
    one, two, _ = chosen.people(None, None, None)
    chosen.world.tell("store.visited", {}, who="member:1001")
    known = chosen.sql("SELECT max(id) FROM members")[0][0]
    chosen.publish(journey(entry=[{"list": True, "start": "end"}]))
    answer = await give(api, f"member,note\n{one},a\nmember:1001,b\n\n{two}\n{one}\n")
    assert answer.status_code == 202, answer.text
    assert (answer.json()["chosen"], answer.json()["repeated"], answer.json()["errors"]) == (3, 1, [])
    await asyncio.to_thread(chosen.tell_and_route)
    assert sorted(chosen.entered()) == sorted([one, two, known])
    assert {run.state["next"] for run in chosen.world.runs()} == {"end"}


async def test_a_list_with_a_wrong_line_changes_nothing_unless_the_rest_is_asked_for(
    api: httpx.AsyncClient, chosen: Chosen
) -> None:
    [one] = chosen.people(None)
    chosen.publish(journey(entry=[{"list": True}]))
    refused = await give(api, f"{one}\nnobody\nmember:404\n")
    assert refused.status_code == 422
    assert [each["id"] for each in refused.json()["errors"]] == ["line 2", "line 3"]
    looked = await give(api, f"{one}\nnobody\n", "?dry_run=true")
    assert (looked.json()["chosen"], looked.json()["occurrence"], chosen.told()) == (1, None, [])
    taken = await give(api, f"{one}\nnobody\n", "?partial=true")
    assert (taken.status_code, taken.json()["chosen"]) == (202, 1)


@pytest.mark.parametrize(
    "content", [{"members": []}, {"people": []}, {"members": [1]}, "", {"members": ["1"], "entry": 7}]
)
async def test_what_is_no_list_is_refused(api: httpx.AsyncClient, chosen: Chosen, content: Any) -> None:
    chosen.people(None)
    chosen.publish(journey(entry=[{"list": True}]))
    assert (await give(api, content)).status_code == 422


@pytest.mark.parametrize("text", ['1\n2\n"3\n4\n', '1\n2\n"' + "9" * 140_000, '1\n2\n"3"4\n'])
async def test_a_quotation_mark_that_is_not_closed_is_told_by_its_line(
    api: httpx.AsyncClient, chosen: Chosen, text: str
) -> None:
    chosen.publish(journey(entry=[{"list": True}]))
    answer = await give(api, text)
    [error] = answer.json()["errors"]
    assert (answer.status_code, error["pointer"]) == (422, "line 3")
    assert "quotation mark" in error["message"]


async def test_lines_may_end_as_any_spreadsheet_ends_them(api: httpx.AsyncClient, chosen: Chosen) -> None:
    one, two = chosen.people(None, None)
    chosen.publish(journey(entry=[{"list": True}]))
    answer = await give(api, f"member\r{one}\r{two}\r")
    assert (answer.status_code, answer.json()["chosen"]) == (202, 2)


@pytest.mark.parametrize("body", ["[" * 100_000, '{"members": [], "members": ["1"]}', '{"members": [NaN]}'])
async def test_a_list_in_json_is_read_as_strictly_as_any_body(
    api: httpx.AsyncClient, chosen: Chosen, body: str
) -> None:
    chosen.publish(journey(entry=[{"list": True}]))
    headers = {"Content-Type": "application/json"}
    assert (await api.post(f"{BASE}/journeys/test/list", content=body, headers=headers)).status_code == 422


async def test_entries_of_a_version_that_cannot_run_here_are_refused(
    api: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    with database.begin() as session:
        key: Any = {"kind": "journey", "key": "old"}
        more = {"n": 1, "hash": "a", "bundle_hash": "b", "document": "{}", "published_by": "x"}
        session.add(Bundle(hash="b", content={"document": {}}))
        session.add(Version(**key, **more, published_at=clock.now()))
        session.add(Live(**key, version=1, first_published_at=clock.now()))
    answer = await api.get(f"{BASE}/journeys/old/entries")
    assert (answer.status_code, "publish it again" in answer.json()["detail"]) == (409, True)


async def test_a_journey_that_takes_no_list_now_refuses_one(api: httpx.AsyncClient, chosen: Chosen) -> None:
    [one] = chosen.people(None)
    chosen.publish(journey(entry=[daily()]))
    assert (await give(api, {"members": [str(one)]})).status_code == 422
    chosen.publish(journey(entry=[{"list": True}]))
    chosen.clock.advance(timedelta(minutes=1))
    chosen.world.pause()
    assert (await give(api, {"members": [str(one)]})).status_code == 409
