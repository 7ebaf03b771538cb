"""The simulator's own manners, seen from the wire: shapes of errors, limits, tokens."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from engine.clock import FixedClock
from engine.wecom.simulator.app import create_app
from engine.wecom.simulator.settings import SimulatorSettings
from tests.engine.wecom.conftest import APP, Simulator, make_settings

Answer = dict[str, object]
CLOCK = FixedClock(datetime(2026, 11, 1, tzinfo=UTC))


class Caller:
    """Calls a simulator that runs inside the test."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http
        self.token = ""

    async def get(self, api: str, **query: str) -> Answer:
        return await self._ask(self.http.get(f"/cgi-bin/{api}", params={"access_token": self.token, **query}))

    async def post(self, api: str, **body: object) -> Answer:
        return await self._ask(self.http.post(f"/cgi-bin/{api}", params={"access_token": self.token}, json=body))

    async def control(self, verb: str, **body: object) -> Answer:
        return await self._ask(self.http.post(f"/control/{verb}", json=body))

    async def sign_in(self) -> Answer:
        answer = await self.get("gettoken", corpid=APP.corp_id, corpsecret=APP.secret)
        self.token = str(answer.get("access_token"))
        return answer

    async def _ask(self, response: object) -> Answer:
        answered: httpx.Response = await response
        assert answered.status_code == 200
        found: Answer = answered.json()
        return found


@asynccontextmanager
async def running(folder: Path, settings: SimulatorSettings) -> AsyncIterator[Caller]:
    app = create_app(folder, settings, CLOCK)
    transport = httpx.ASGITransport(app, client=("127.0.0.1", 1))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http,
    ):
        yield Caller(http)


@pytest.fixture
async def wire(tmp_path: Path) -> AsyncIterator[Caller]:
    settings = replace(make_settings("http://127.0.0.1:9"), calls_per_minute=20, parallel_calls=3)
    async with running(tmp_path, settings) as caller:
        await caller.sign_in()
        yield caller


async def test_a_refusal_has_the_real_shape_and_keeps_its_empty_lists(wire: Caller) -> None:
    wire.token = "stale"
    answer = await wire.get("externalcontact/list", userid="lin")
    assert (answer["errcode"], answer["external_userid"]) == (40014, [])
    message = str(answer["errmsg"])
    assert message.startswith("invalid access_token, hint: [")
    assert "from ip: 127.0.0.1, more info at https://open.work.weixin.qq.com/devtool/query?e=40014" in message


async def test_a_token_is_the_same_until_it_ends_or_is_taken_back(wire: Caller) -> None:
    first = await wire.sign_in()
    assert first["expires_in"] == 7200
    assert (await wire.sign_in())["access_token"] == first["access_token"]
    await wire.control("lose_tokens")
    assert (await wire.get("department/list"))["errcode"] == 40014
    assert (await wire.sign_in())["access_token"] != first["access_token"]
    await wire.control("advance_clock", seconds=7200)
    assert (await wire.get("department/list"))["errcode"] == 40014


async def test_wrong_ways_of_asking_have_their_codes(wire: Caller) -> None:
    assert (await wire.post("externalcontact/list"))["errcode"] == 43001
    assert (await wire.get("externalcontact/mark_tag"))["errcode"] == 43002
    assert (await wire.get("no/such/api"))["errcode"] == 40066
    junk = await wire.http.post("/cgi-bin/message/send", params={"access_token": wire.token}, content=b"{")
    assert junk.json()["errcode"] == 47001
    wire.token = ""
    assert (await wire.get("department/list"))["errcode"] == 41001


@pytest.mark.parametrize(
    ("api", "body", "code"),
    [
        ("externalcontact/send_welcome_msg", {}, 41049),
        ("externalcontact/send_welcome_msg", {"welcome_code": "c"}, 40063),
        ("externalcontact/send_welcome_msg", {"welcome_code": 7}, 40058),
        ("externalcontact/remark", {"userid": "lin", "external_userid": "wm1"}, 40063),
        ("externalcontact/remark", {"userid": "lin", "external_userid": "wm1", "remark": "x" * 21}, 40058),
        ("externalcontact/mark_tag", {"userid": "lin", "external_userid": "wm1"}, 40063),
        ("externalcontact/mark_tag", {"userid": "shy", "external_userid": "wm1"}, 60011),
        ("externalcontact/batch/get_by_user", {}, 40063),
        ("externalcontact/batch/get_by_user", {"userid_list": ["lin"] * 101}, 40058),
        ("externalcontact/batch/get_by_user", {"userid_list": ["lin"], "limit": 101}, 40058),
        ("externalcontact/add_contact_way", {"scene": 2}, 41037),
        ("externalcontact/add_contact_way", {"type": 1}, 41038),
        ("externalcontact/add_contact_way", {"type": 1, "scene": 2, "user": ["lin", "shy"]}, 41041),
        ("externalcontact/add_contact_way", {"type": 2, "scene": 2, "user": ["lin"] * 101}, 41041),
        ("externalcontact/add_contact_way", {"type": 1, "scene": 2, "user": ["new"]}, 41054),
        ("externalcontact/add_contact_way", {"type": 1, "scene": 2, "user": ["lin"], "state": "s" * 31}, 40058),
        ("externalcontact/get_contact_way", {"config_id": "none"}, 41044),
        ("externalcontact/groupchat/list", {}, 40058),
        ("externalcontact/groupchat/list", {"limit": 1001}, 40058),
        ("externalcontact/groupchat/get", {"chat_id": "none"}, 86003),
        ("externalcontact/groupchat/add_join_way", {"scene": 2, "chat_id_list": list("abcdef")}, 41091),
        ("externalcontact/add_corp_tag", {"group_name": "g", "tag": [{"name": "x" * 31}]}, 40058),
        ("message/send", {"agentid": 1, "touser": "lin"}, 301002),
    ],
)
async def test_what_wecom_would_refuse_is_refused(wire: Caller, api: str, body: Answer, code: int) -> None:
    await wire.control(
        "load",
        associates=[
            {"userid": "lin", "name": "L"},
            {"userid": "shy", "name": "S", "visible": False},
            {"userid": "new", "name": "N", "activated": False},
        ],
        people=[{"person": "p", "external_userid": "wm1"}],
        relations=[{"associate": "lin", "external_userid": "wm1", "at": "2026-10-01T00:00:00Z"}],
    )
    assert (await wire.post(api, **body))["errcode"] == code


async def test_a_contact_way_is_overwritten_and_deleted(wire: Caller) -> None:
    await wire.control("load", associates=[{"userid": "lin", "name": "L"}, {"userid": "su", "name": "S"}])
    made = await wire.post("externalcontact/add_contact_way", type=2, scene=2, user=["lin", "su"], state="s1")
    named = {"config_id": made["config_id"]}
    assert (await wire.post("externalcontact/update_contact_way", **named, user=["su"]))["errcode"] == 0
    way = (await wire.post("externalcontact/get_contact_way", **named))["contact_way"]
    assert isinstance(way, dict)
    assert (way["user"], way["state"], way["skip_verify"]) == (["su"], "s1", True)
    await wire.post("externalcontact/del_contact_way", **named)
    assert (await wire.post("externalcontact/get_contact_way", **named))["errcode"] == 41044


async def test_a_large_company_must_name_the_owners_of_groups(wire: Caller) -> None:
    await wire.control("load", associates=[{"userid": f"u{n}", "name": "n"} for n in range(1001)])
    assert (await wire.post("externalcontact/groupchat/list", limit=10))["errcode"] == 81017
    owned = await wire.post("externalcontact/groupchat/list", limit=10, owner_filter={"userid_list": ["u1"]})
    assert owned["errcode"] == 0


async def test_too_many_calls_a_minute_shut_that_api_for_a_minute(wire: Caller) -> None:
    codes = [(await wire.get("department/list"))["errcode"] for _ in range(21)]
    assert codes == [0] * 20 + [45009]
    assert (await wire.get("externalcontact/get_follow_user_list"))["errcode"] == 0
    await wire.control("advance_clock", seconds=59)
    assert (await wire.get("department/list"))["errcode"] == 45009
    await wire.control("advance_clock", seconds=2)
    assert (await wire.get("department/list"))["errcode"] == 0


async def test_too_many_calls_at_once_are_told_so(wire: Caller) -> None:
    await wire.control("faults", delay_ms=200)
    answers = await asyncio.gather(*(wire.get("department/list") for _ in range(5)))
    assert sorted(int(str(answer["errcode"])) for answer in answers) == [0, 0, 0, 45033, 45033]


async def test_apps_of_another_corp_are_served_but_see_no_callbacks(tmp_path: Path) -> None:
    other = replace(APP, corp_id="ww-other", secret="other")
    settings = replace(make_settings("http://127.0.0.1:9"), apps={"main": APP, "second": APP, "other": other})
    assert list(settings.own_apps()) == ["main", "second"]
    async with running(tmp_path, settings) as caller:
        answer = await caller.get("gettoken", corpid="ww-other", corpsecret="other")
        assert answer["errcode"] == 0
        await caller.control("add", associate="lin", person="an")
        assert (await caller.http.get("/control/callbacks")).json()["pending"] == 2


def test_a_delay_holds_callbacks_back(simulator: Simulator) -> None:
    simulator.control("faults", delay_ms=300)
    simulator.control("add", associate="lin", person="an")
    started = time.monotonic()
    simulator.settle()
    assert time.monotonic() - started > 0.2
    assert len(simulator.receiver.events) == 1


async def test_the_clock_of_the_simulator_goes_forward_only_as_it_is_told(wire: Caller) -> None:
    before = (await wire.control("advance_clock", seconds=0))["now"]
    assert before == CLOCK.now().isoformat()
    after = (await wire.control("advance_clock", seconds=90))["now"]
    assert after == (CLOCK.now() + timedelta(seconds=90)).isoformat()
