"""Bad luck with calls: which are struck, how often, and what that looks like from outside."""

from __future__ import annotations

import asyncio
from collections import Counter

import httpx
import pytest

from engine.clock import SystemClock
from engine.wecom.calls import Calls
from engine.wecom.client import WeCom
from engine.wecom.errors import OutcomeUnknownError, WeComError
from engine.wecom.simulator.faults import FaultBox, Faults
from tests.engine.wecom.conftest import APP, Simulator

STAFF, PARTS = "externalcontact/get_follow_user_list", "department/list"


def box(**faults: object) -> FaultBox:
    made = FaultBox()
    made.set(Faults.model_validate(faults))
    return made


def codes(faults: FaultBox, api: str = STAFF, calls: int = 6) -> list[int]:
    return [faults.errcode(api) for _ in range(calls)]


@pytest.mark.parametrize(
    ("errcode", "struck"),
    [
        (-1, [-1] * 6),
        ({"code": 45009, "api": STAFF}, [45009] * 6),
        ({"code": 45009, "api": PARTS}, [0] * 6),
        ({"code": -1, "times": 2}, [-1, -1, 0, 0, 0, 0]),
        ([{"code": -1, "times": 1}, {"code": 45033, "times": 2}], [-1, 45033, 45033, 0, 0, 0]),
        ({"code": -1, "share": 0}, [0] * 6),
        ({"code": -1, "share": 1.0}, [-1] * 6),
        ({"code": 40001}, [0] * 6),
    ],
)
def test_a_code_strikes_the_calls_that_it_is_meant_for(errcode: object, struck: list[int]) -> None:
    assert codes(box(errcode=errcode)) == struck


def test_a_share_strikes_about_as_many_and_a_seed_the_same_again() -> None:
    first, again = (codes(box(errcode={"code": -1, "share": 0.1}, seed=7), calls=2000) for _ in range(2))
    assert first == again
    assert 140 < Counter(first)[-1] < 260


def test_a_window_closes_its_api_once_one_call_was_struck_and_no_other() -> None:
    faults = box(errcode={"code": 45009, "times": 1, "window": 600})
    assert codes(faults) == [45009] * 6
    assert codes(faults, PARTS) == [0] * 6
    faults.set(Faults())
    assert codes(faults) == [0] * 6


def test_faults_end_by_themselves() -> None:
    faults = box(errcode={"code": 45009, "window": 600}, silence={}, duplicate=True, seconds=1e-9)
    assert codes(faults) == [0] * 6
    assert faults.silence(STAFF) is None
    assert not faults.strikes("duplicate")


def test_the_shape_of_the_contract_still_holds(simulator: Simulator) -> None:
    """`faults {duplicate?, reorder?, drop?, errcode?, delay_ms?}`, each with a share where it has one."""
    simulator.control("faults", duplicate=0.1, reorder=0.1, drop=0.05, errcode=45009, delay_ms=10)
    simulator.control("faults")
    refused = simulator.http.post("/control/faults", json={"errcode": {"code": 1, "share": 2}})
    assert refused.status_code == 422


async def test_calls_are_counted_by_what_they_were_answered(simulator: Simulator, wecom: WeCom) -> None:
    simulator.control("faults", errcode={"code": -1, "api": STAFF, "times": 2})
    await wecom.follow_user_list()
    assert simulator.calls(STAFF) == {-1: 2, 0: 1}


async def test_a_lost_token_is_really_lost(simulator: Simulator, wecom: WeCom) -> None:
    await wecom.follow_user_list()
    simulator.control("faults", errcode={"code": 40014, "api": STAFF, "times": 1})
    await wecom.follow_user_list()
    assert simulator.calls(STAFF) == {0: 2, 40014: 1}
    assert simulator.calls("gettoken") == {0: 2}


@pytest.mark.parametrize("hang_up", [False, True])
@pytest.mark.parametrize("lost", [False, True])
async def test_silence_is_no_answer_whether_or_not_the_call_was_carried_out(
    simulator: Simulator, http: httpx.AsyncClient, lost: bool, hang_up: bool
) -> None:
    token = (await http.get(f"{simulator.url}/cgi-bin/gettoken", params=_app())).json()["access_token"]
    simulator.control("load", associates=[{"userid": "lin", "name": "L"}])
    simulator.control("faults", silence={"api": "message/send", "times": 1, "lost": lost, "hang_up": hang_up})
    message = {"touser": "lin", "agentid": APP.agent_id, "msgtype": "text", "text": {"content": "hello"}}
    with pytest.raises(httpx.TransportError):
        await http.post(
            f"{simulator.url}/cgi-bin/message/send", params={"access_token": token}, json=message, timeout=0.5
        )
    assert len(simulator.outbox(kind="app_message")) == (0 if lost else 1)
    assert simulator.calls("message/send") == {None: 1}


async def test_a_call_that_must_not_be_repeated_says_that_its_outcome_is_unknown(
    simulator: Simulator, wecom: WeCom
) -> None:
    simulator.control("load", associates=[{"userid": "lin", "name": "L"}])
    simulator.control("faults", silence={"api": "externalcontact/add_contact_way", "times": 1, "hang_up": True})
    with pytest.raises(OutcomeUnknownError):
        await wecom.add_contact_way(["lin"], "s1")
    assert simulator.calls("externalcontact/add_contact_way") == {None: 1}


async def test_two_writes_of_one_relation_at_the_same_time_are_refused_and_of_two_are_not(
    simulator: Simulator, http: httpx.AsyncClient
) -> None:
    """Two processes; within one, the client lets them go one after the other."""
    lin, bo = (simulator.control("add", associate="lin", person=one)["external_userid"] for one in ("an", "bo"))
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        await asyncio.sleep(0.3)

    one, other = (WeCom(APP, Calls(APP, http, simulator.url, SystemClock(), sleep)) for _ in range(2))
    for client in (one, other):
        await client.follow_user_list()
    simulator.control("faults", delay_ms=200)
    await asyncio.gather(one.remark("lin", lin, remark="a"), other.remark("lin", bo, remark="b"))
    assert slept == []
    await asyncio.gather(one.remark("lin", lin, remark="a"), other.remark("lin", lin, remark="b"))
    assert len(slept) == 1
    assert simulator.calls("externalcontact/remark") == {0: 4, 45035: 1}


async def test_more_than_thirty_messages_a_minute_are_dropped_in_silence(simulator: Simulator, wecom: WeCom) -> None:
    simulator.control("load", associates=[{"userid": "lin", "name": "L"}, {"userid": "su", "name": "S"}])
    for n in range(32):
        await wecom.message_send(["lin"], f"message {n}")
    await wecom.message_send(["su"], "hello")
    assert Counter(item["associate"] for item in simulator.outbox(kind="app_message")) == {"lin": 30, "su": 1}
    simulator.control("advance_clock", seconds=60)
    await wecom.message_send(["lin"], "later")
    assert len(simulator.outbox(kind="app_message")) == 32


@pytest.mark.parametrize("text", ["", "字" * 683])
async def test_a_message_that_is_empty_or_too_long_is_refused(simulator: Simulator, wecom: WeCom, text: str) -> None:
    simulator.control("load", associates=[{"userid": "lin", "name": "L"}])
    with pytest.raises(WeComError) as raised:
        await wecom.message_send(["lin"], text)
    assert raised.value.code == 40058


def _app() -> dict[str, str]:
    return {"corpid": APP.corp_id, "corpsecret": APP.secret}
