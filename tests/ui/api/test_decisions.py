"""Decisions from outside: what a ruleset says of members and facts, and the record of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import text

from engine.alerts.fold import fold
from engine.clock import FixedClock
from engine.database.connection import Database
from tests.engine.fields.own import publish_fields
from tests.engine.rulesets.zones import zones
from tests.ui.api.conftest import ClientFor
from tests.ui.api.made import make_chain, tell

DECIDE = "/api/v1/decisions/zones"
APP: dict[str, Any] = {"event": {"sales_channel": "mini_program"}}


async def publish(api: AsyncClient, document: dict[str, Any] | None = None) -> dict[str, Any]:
    document = document or zones()
    base = f"/api/v1/definitions/ruleset/{document['key']}"
    headers = {"Content-Type": "application/json"}
    await api.put(f"{base}/draft", content=json.dumps(document), headers=headers)
    answer = await api.post(f"{base}/publish")
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def decided(api: AsyncClient, **asked: Any) -> dict[str, Any]:
    answer = await api.post(DECIDE, json=asked)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def member(api: AsyncClient, number: str = "1", **attributes: Any) -> str:
    """A registered member of the store S1; their internal id."""
    await tell(api, "member.registered", f"member:{number}", f"r{number}", store="S1", **attributes)
    answer = await api.get("/api/v1/members/lookup", params={"member": number})
    return str(answer.json()["member"])


# What is asked and answered


async def test_a_decision_names_the_outcome_its_rows_and_its_version(api: AsyncClient) -> None:
    done = await publish(api)
    found = await decided(api, facts={"member": {"tier": "gold"}, **APP})
    assert found.pop("decision_id").isdigit()
    assert found == {
        "outcome": {"zone": "SPECIAL"}, "reason": "matched", "rows": ["app"], "missing": [], "version": 1,
        "hash": done["hash"], "trouble": None, "explanation": None,
    }  # fmt: skip


async def test_a_member_s_facts_are_read_and_given_ones_win(api: AsyncClient) -> None:
    await publish(api)
    await make_chain(api)
    subject = await member(api, tier="gold")
    for name in (subject, "member:1"):
        assert (await decided(api, subject=name, facts=APP))["outcome"] == {"zone": "SPECIAL"}
    given = await decided(api, subject=subject, facts={**APP, "member": {"tier": "silver"}, "store": {}})
    assert given["reason"] == "uncertain"
    assert given["missing"] == ["event.score"]
    hidden = await decided(api, subject=subject, facts={**APP, "member": {"tier": None}})
    assert hidden["missing"] == ["event.score", "member.tier"]
    assert hidden["outcome"] == {"zone": "FULL"}


async def test_the_store_is_the_one_named_else_the_member_s(api: AsyncClient) -> None:
    rows = [
        {"id": "west", "when": ["S2"], "then": {"zone": "W"}},
        {"id": "east", "when": ["S1"], "then": {"zone": "E"}},
    ]
    await publish(api, zones(inputs=[{"field": "store.key"}], rows=rows, conditions={}, tests=[]))
    await make_chain(api)
    subject = await member(api)
    assert (await decided(api, subject=subject))["outcome"] == {"zone": "E"}
    assert (await decided(api, subject=subject, facts={"store": {"key": "S2"}}))["outcome"] == {"zone": "W"}
    assert (await decided(api, subject="store:S2"))["outcome"] == {"zone": "W"}
    assert (await decided(api, subject="associate:lin"))["outcome"] == {"zone": "E"}


async def test_now_and_the_zone_are_inputs(api: AsyncClient) -> None:
    rows = [{"id": "day", "when": [], "valid": {"from": "2026-11-01", "to": "2026-11-02"}, "then": {"zone": "DAY"}}]
    await publish(api, zones(inputs=[], rows=rows, tests=[]))
    for now, zone, expected in [
        ("2026-11-01T00:00:00+08:00", None, "DAY"), ("2026-11-01T00:00:00+08:00", "UTC", "FULL"),
        ("2026-11-01T23:59:59Z", "UTC", "DAY"), ("2026-11-01T23:59:59Z", None, "FULL"), (None, None, "FULL"),
    ]:  # fmt: skip
        asked = {"now": now, "time_zone": zone}
        assert (await decided(api, **asked))["outcome"] == {"zone": expected}


async def test_two_rows_a_gap_and_a_wrong_fact_are_errors_with_their_rows(api: AsyncClient) -> None:
    rows = [{"id": "a", "when": ["gold", None], "then": {"zone": "A"}},
            {"id": "b", "when": [None, "mall"], "then": {"zone": "B"}}]  # fmt: skip
    document = zones(rows=rows, tests=[], on_unknown="error")
    del document["otherwise"]
    await publish(api, document)
    for facts, expected in [
        ({"member": {"tier": "gold"}, "event": {"sales_channel": "mall"}}, ["a", "b"]),
        ({"member": {"tier": "silver"}, "event": {"sales_channel": "pos"}}, []),
        ({"member": {"tier": 5}, "event": {"sales_channel": "pos"}}, ["a"]),
    ]:
        found = await decided(api, facts=facts)
        assert (found["outcome"], found["reason"], found["rows"]) == (None, "error", expected)
        assert found["trouble"].keys() == {"zh", "en"}


async def test_an_explanation_says_what_each_part_of_a_row_said(api: AsyncClient) -> None:
    await publish(api)
    why = (await decided(api, facts={"member": {"tier": "gold"}, **APP}, explain=True))["explanation"]
    assert why["facts"] == {"member.tier": "gold", "event.sales_channel": "mini_program"}
    assert [(row["row"], row["verdict"]) for row in why["rows"]] == [("app", "true"), ("score", "false")]
    tier, condition = why["rows"][1]["parts"]
    assert tier == {"pointer": "/rows/1/when/0", "field": "member.tier", "verdict": "false"}
    explained = condition.pop("explanation")
    assert condition == {"pointer": "/rows/1/and", "verdict": "unknown", "missing": ["event.score"]}
    assert (explained["unknown"], explained["missing"]) == (True, ["event.score"])
    assert [part["pointer"] for part in explained["parts"]] == ["/rows/1/and/>/0"]


async def test_the_regions_above_a_store_follow_from_the_region_that_is_given(api: AsyncClient) -> None:
    east: dict[str, Any] = {"in_region": [{"var": "store.region"}, "east"]}
    row = {"id": "east", "when": [None, None], "and": east, "then": {"zone": "SPECIAL"}}
    await make_chain(api)
    await publish(api, zones(rows=[row], tests=[]))
    await api.put("/api/v1/regions/asia", json={"title": "亚洲"})
    await api.put("/api/v1/regions/east", json={"title": "东部", "parent": "asia"})
    await api.put("/api/v1/regions/shore", json={"title": "海岸", "parent": "east"})
    subject = await member(api, tier="gold")
    for given, reason in [
        ({"region": "shore"}, "matched"),
        ({"region": "asia"}, "otherwise"),
        ({"region": "atlantis"}, "uncertain"),
        ({"region": "asia", "regions": ["asia", "east"]}, "matched"),
    ]:
        found = await decided(api, subject=subject, facts={"store": given})
        assert found["reason"] == reason, given


async def test_who_asks_why_is_told_what_would_have_changed_it(api: AsyncClient) -> None:
    await publish(api)
    made = await decided(api, facts={"member": {"tier": "silver"}, "event": {**APP["event"], "score": 1}}, explain=True)
    nearest = made["explanation"]["would_change"]
    [change] = nearest["changes"]
    assert (change["field"], change["was"], change["becomes"]) == ("member.tier", "silver", "gold")
    again = {"member": {"tier": "gold"}, "event": {**APP["event"], "score": 1}}
    assert (await decided(api, facts=again))["outcome"] == nearest["outcome"] != made["outcome"]
    kept = (await api.get(f"/api/v1/decisions/{made['decision_id']}")).json()
    assert kept["explanation"]["would_change"] == nearest


async def test_a_version_or_the_draft_may_be_asked(api: AsyncClient) -> None:
    await publish(api)
    await publish(api, zones(otherwise={"zone": "NEW"}, tests=[]))
    headers = {"Content-Type": "application/json"}
    draft = json.dumps(zones(otherwise={"zone": "DRAFT"}, tests=[]))
    await api.put("/api/v1/definitions/ruleset/zones/draft", content=draft, headers=headers)
    facts = {"member": {"tier": "gold"}, "event": {"sales_channel": "pos"}}
    found = [await decided(api, facts=facts, **asked) for asked in ({}, {"version": 1}, {"version": "draft"})]
    assert [(each["outcome"]["zone"], each["version"]) for each in found] == [("NEW", 2), ("FULL", 1), ("DRAFT", None)]


# What is refused

REFUSED: list[tuple[Any, int, str]] = [
    # body, status, where
    ({"subject": "member:unheard"}, 404, ""),
    ({"subject": "4711"}, 404, ""),
    ({"subject": "nonsense"}, 404, ""),
    ({"subject": "store:none"}, 404, ""),
    ({"subject": ""}, 422, "/subject"),
    ({"subject": 5}, 422, "/subject"),
    ({"facts": {"member": "gold"}}, 422, "/facts/member"),
    ({"facts": {"member.tier": "gold"}}, 422, "/facts/member.tier"),
    ({"facts": {"member.tier": {}}}, 422, "/facts"),
    ({"facts": []}, 422, "/facts"),
    ({"now": "2026-01-07"}, 422, "/now"),
    ({"now": "2026-01-07T10:00:00"}, 422, "/now"),
    ({"now": 1_767_751_200}, 422, "/now"),
    ({"time_zone": "Asia/Atlantis"}, 422, "/time_zone"),
    ({"explain": "yes"}, 422, "/explain"),
    ({"version": 9}, 404, ""),
    ({"version": 0}, 422, "/version"),
    ({"version": "live"}, 422, "/version"),
    ({"fact": {}}, 422, "/fact"),
    ([], 422, ""),
]


@pytest.mark.parametrize(("body", "status", "where"), REFUSED)
async def test_what_cannot_be_asked_is_refused_by_name(
    api: AsyncClient, database: Database, body: Any, status: int, where: str
) -> None:
    await publish(api)
    answer = await api.post(DECIDE, json=body)
    assert answer.status_code == status, answer.text
    if where:
        assert answer.json()["errors"][0]["pointer"].startswith(where)
    with database.begin() as session:
        assert session.connection().execute(text("SELECT count(*) FROM decisions")).scalar_one() == 0


async def test_there_must_be_a_ruleset(api: AsyncClient) -> None:
    assert (await api.post(DECIDE, json={})).status_code == 404
    assert (await api.post("/api/v1/decisions/Not-A-Key", json={})).status_code == 404
    assert (await api.post(DECIDE, json={"version": "draft"})).status_code == 404


async def test_a_draft_with_errors_cannot_be_asked(api: AsyncClient) -> None:
    headers = {"Content-Type": "application/json"}
    draft = json.dumps(zones(hit="best"))
    await api.put("/api/v1/definitions/ruleset/zones/draft", content=draft, headers=headers)
    answer = await api.post(DECIDE, json={"version": "draft"})
    assert answer.status_code == 422
    assert [each["code"] for each in answer.json()["findings"]] == ["schema"]


async def test_the_scope_of_a_key_is_demanded(api: AsyncClient, client_for: ClientFor) -> None:
    await publish(api)
    assert (await client_for("decisions").post(DECIDE, json={})).status_code == 200
    assert (await client_for("definitions").post(DECIDE, json={})).status_code == 403


# Many at once


async def test_a_batch_answers_each_in_order_and_refuses_one_alone(api: AsyncClient) -> None:
    await publish(api)
    await make_chain(api)
    gold, silver = await member(api, "1", tier="gold"), await member(api, "2", tier="silver")
    items = [
        {"subject": gold, "facts": APP}, {"subject": "member:unheard"}, {"subject": silver, "facts": APP},
        {"facts": {"member": {"tier": "gold"}, **APP}, "now": "2020-01-01T00:00:00Z", "explain": True},
    ]  # fmt: skip
    found = (await api.post(f"{DECIDE}/batch", json={"items": items})).json()["items"]
    assert [each.get("reason") for each in found] == ["matched", None, "uncertain", "matched"]
    assert (found[1]["status"], found[1]["title"]) == (404, "Not Found")
    assert len({each["decision_id"] for each in found if "decision_id" in each}) == 3
    assert found[3]["explanation"]["rows"][0]["row"] == "app"


@pytest.mark.parametrize(("body", "where"), [
    ({"items": []}, "/items"), ({"items": [{}] * 1_001}, "/items"), ({"items": [{}, {"now": "x"}]}, "/items/1/now"),
    ({}, "/items"),
])  # fmt: skip
async def test_a_batch_that_cannot_be_read_is_refused_as_a_whole(
    api: AsyncClient, body: dict[str, Any], where: str
) -> None:
    await publish(api)
    answer = await api.post(f"{DECIDE}/batch", json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == where


async def test_a_thousand_are_answered_at_once(api: AsyncClient) -> None:
    await publish(api)
    items = [{"facts": {"member": {"tier": "gold"}, **APP}}] * 1_000
    found = (await api.post(f"{DECIDE}/batch", json={"items": items})).json()["items"]
    ids = [int(each["decision_id"]) for each in found]
    assert (len(set(ids)), ids) == (1_000, sorted(ids))


# The record


async def test_a_decision_is_found_again_with_all_that_it_was_made_of(api: AsyncClient) -> None:
    done = await publish(api)
    await make_chain(api)
    subject = await member(api, tier="gold")
    asked = {"subject": subject, "facts": APP, "now": "2026-01-06T00:00:00Z", "time_zone": "UTC"}
    made = await decided(api, **asked)
    await publish(api, zones(rows=[], tests=[]))
    found = (await api.get(f"/api/v1/decisions/{made['decision_id']}")).json()
    assert {name: found[name] for name in ("outcome", "reason", "rows", "missing", "version", "hash")} == {
        "outcome": {"zone": "SPECIAL"}, "reason": "matched", "rows": ["app"], "missing": [], "version": 1,
        "hash": done["hash"],
    }  # fmt: skip
    assert (found["ruleset"], found["member"], found["store"], found["by"]) == ("zones", subject, "S1", "key:key-0")
    assert (found["now"], found["time_zone"]) == ("2026-01-06T00:00:00Z", "UTC")
    assert found["facts"] == {"member.tier": "gold", "event.sales_channel": "mini_program"}
    assert [row["row"] for row in found["explanation"]["rows"]] == ["app", "score"]


async def test_personal_values_stand_nowhere_in_plain(api: AsyncClient, database: Database) -> None:
    rows = [{"id": "a", "when": [{"is_set": ""}], "then": {"zone": {"var": "member.name"}}}]
    await publish(api, zones(inputs=[{"field": "member.name"}], rows=rows, conditions={}, tests=[]))
    made = await decided(api, facts={"member": {"name": "林小橙"}}, explain=True)
    assert made["outcome"] == {"zone": "林小橙"}
    assert made["explanation"]["facts"] == {"member.name": "•••"}
    found = (await api.get(f"/api/v1/decisions/{made['decision_id']}")).json()
    assert (found["outcome"], found["facts"]) == ({"zone": "•••"}, {"member.name": "•••"})
    with database.begin() as session:
        [row] = session.connection().execute(text("SELECT decisions::text AS whole, facts_enc FROM decisions")).all()
    assert "林小橙" not in row.whole
    assert "林小橙".encode() not in row.facts_enc


async def test_a_phone_number_is_personal_whatever_a_ruleset_declares(api: AsyncClient) -> None:
    rows = [{"id": "a", "when": [{"is_set": ""}], "then": {"zone": {"var": "member.mobile"}}}]
    fields = {"member.mobile": {"type": "text", "optional": True}}
    await publish(api, zones(inputs=[{"field": "member.mobile"}], rows=rows, fields=fields, conditions={}, tests=[]))
    made = await decided(api, facts={"member": {"mobile": "13800138000"}}, explain=True)
    found = await api.get(f"/api/v1/decisions/{made['decision_id']}")
    assert found.json()["outcome"] == {"zone": "•••"}
    assert "13800138000" not in found.text
    assert "13800138000" not in str(made["explanation"])


async def test_what_was_made_personal_since_is_withheld_from_older_records(
    api: AsyncClient, database: Database, clock: FixedClock
) -> None:
    shade = {"type": "text", "title": {"zh": "色号", "en": "shade"}, "optional": True}
    with database.begin() as session:
        publish_fields(session, clock.now(), member_shade=shade)
    rows = [
        {
            "id": "a",
            "when": [None],
            "and": {"!=": [{"var": "member.shade"}, ""]},
            "then": {"zone": {"var": "member.shade"}},
        }
    ]
    await publish(api, zones(inputs=[{"field": "member.tier"}], rows=rows, conditions={}, tests=[]))
    made = await decided(api, facts={"member": {"shade": "plum-7"}})
    record = f"/api/v1/decisions/{made['decision_id']}"
    before = (await api.get(record)).json()
    assert (before["outcome"], before["facts"]) == ({"zone": "plum-7"}, {"member.shade": "plum-7"})
    with database.begin() as session:
        publish_fields(session, clock.now(), member_shade={**shade, "personal": True})
    after = await api.get(record)
    assert (after.json()["outcome"], after.json()["facts"]) == ({"zone": "•••"}, {"member.shade": "•••"})
    assert after.json()["explanation"]["rows"][0]["verdict"] == "true"
    assert "plum-7" not in after.text


@pytest.mark.parametrize(("path", "asked"), [
    (DECIDE, {"facts": {"member": {"name": "林小橙"}}}),
    (f"{DECIDE}/batch", {"items": [{"facts": {"member": {"name": "林小橙"}}}]}),
])  # fmt: skip
async def test_an_answer_that_tells_personal_data_is_not_kept_to_be_repeated(
    api: AsyncClient, database: Database, path: str, asked: dict[str, Any]
) -> None:
    rows = [{"id": "a", "when": [{"is_set": ""}], "then": {"zone": {"var": "member.name"}}}]
    await publish(api, zones(inputs=[{"field": "member.name"}], rows=rows, conditions={}, tests=[]))
    answer = await api.post(path, json=asked, headers={"Idempotency-Key": "once"})
    assert "林小橙" in answer.text
    with database.begin() as session:
        kept = session.connection().execute(text("SELECT string_agg(answer::text, '') FROM idempotency")).scalar_one()
    assert "林小橙" not in (kept or "")


async def test_an_unknown_record_is_not_found(api: AsyncClient) -> None:
    for name in ("4711", "0", "x", "9" * 30):
        assert (await api.get(f"/api/v1/decisions/{name}")).status_code == 404


async def test_a_record_is_seen_with_the_member_and_not_beyond(
    api: AsyncClient, client_for: ClientFor, database: Database
) -> None:
    await publish(api)
    stores = await make_chain(api, database)
    subject = await member(api, tier="gold")
    of_s1, of_s2 = (client_for("decisions", store_id=stores[key]) for key in ("S1", "S2"))
    made = await decided(of_s1, subject=subject)
    address = f"/api/v1/decisions/{made['decision_id']}"
    assert [(await one.get(address)).status_code for one in (api, of_s1, of_s2)] == [200, 200, 404]
    assert (await of_s2.post(DECIDE, json={"subject": subject})).status_code == 404
    nobody = await decided(of_s2, facts=APP)
    address = f"/api/v1/decisions/{nobody['decision_id']}"
    assert [(await one.get(address)).status_code for one in (api, of_s1, of_s2)] == [200, 404, 200]


async def test_a_record_can_be_changed_by_nobody(api: AsyncClient, database: Database) -> None:
    await publish(api)
    await decided(api)
    with pytest.raises(Exception, match="permission denied"), database.begin() as session:
        session.connection().execute(text("UPDATE decisions SET reason = 'matched'"))


# Alerts


async def alerts(api: AsyncClient, database: Database, clock: FixedClock) -> list[tuple[str, str, int]]:
    with database.begin() as session:
        fold(session)
    return [(one["kind"], one["subject"], one["count"]) for one in (await api.get("/api/v1/alerts")).json()["items"]]


async def test_uncertain_decisions_raise_one_alert(api: AsyncClient, database: Database, clock: FixedClock) -> None:
    await publish(api)
    for _ in range(3):
        await decided(api)
    await decided(api, facts={"member": {"tier": "gold"}, **APP})
    assert await alerts(api, database, clock) == [("decision-uncertain", "ruleset/zones", 3)]


async def test_an_author_who_skips_what_is_unknown_is_not_told(
    api: AsyncClient, database: Database, clock: FixedClock
) -> None:
    await publish(api, zones(on_unknown="skip"))
    await decided(api)
    await decided(api, version="draft")
    assert await alerts(api, database, clock) == []


async def test_a_ruleset_that_goes_wrong_raises_an_alert(
    api: AsyncClient, database: Database, clock: FixedClock
) -> None:
    await publish(api)
    await decided(api, facts={"member": {"tier": 5}})
    assert await alerts(api, database, clock) == [("decision-failed", "ruleset/zones", 1)]
