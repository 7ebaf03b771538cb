"""What the simulator tells Waystation, and how it does so when things go wrong."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from engine.clock import SystemClock
from engine.wecom import chats
from engine.wecom.mapping import read
from engine.wecom.meanings import ChatChanged, ChatUpdate, Happened, KnownChat
from engine.wecom.simulator.app import create_app
from tests.engine.wecom.conftest import APP, Simulator, make_settings
from tests.engine.wecom.servers import Receiver, serve, until


def test_the_callback_url_is_verified_as_the_console_does(simulator: Simulator) -> None:
    assert simulator.control("verify_callback", app="main") == {"verified": True}


def test_an_add_reaches_the_receiver_as_an_encrypted_callback(simulator: Simulator, receiver: Receiver) -> None:
    added = simulator.control("add", associate="lin", person="an", state="s1")
    simulator.settle()
    meaning = read(receiver.events[0], APP.corp_id)
    assert isinstance(meaning, Happened)
    assert meaning.event.type == "contact.added"
    assert meaning.event.subject == f"external_userid:{added['external_userid']}"
    assert meaning.event.data == {
        "associate": "lin",
        "half": False,
        "state": "s1",
        "welcome_code": added["welcome_code"],
    }


def test_half_then_full_are_two_callbacks_and_the_second_has_a_code_only_if_the_first_is_unused(
    simulator: Simulator, receiver: Receiver
) -> None:
    half = simulator.control("add", associate="lin", person="an", half=True)
    assert half["welcome_code"]
    assert simulator.control("add", associate="lin", person="an", half=True)["welcome_code"] is None
    assert simulator.control("add", associate="lin", person="an")["welcome_code"]
    assert simulator.control("add", associate="lin", person="an")["welcome_code"] is None
    simulator.settle()
    assert receiver.changes() == ["add_half_external_contact", "add_external_contact"]


def test_both_ways_of_ending_are_told_apart_and_the_customer_may_come_back(
    simulator: Simulator, receiver: Receiver
) -> None:
    simulator.control("add", associate="lin", person="an")
    simulator.control("delete_associate", associate="lin", person="an")
    assert simulator.control("add", associate="lin", person="an")["welcome_code"]
    simulator.control("delete_customer", associate="lin", person="an")
    simulator.settle()
    assert receiver.changes() == [
        "add_external_contact",
        "del_follow_user",
        "add_external_contact",
        "del_external_contact",
    ]


def test_what_cannot_happen_is_refused_with_a_reason(simulator: Simulator) -> None:
    for verb, body in (
        ("delete_associate", {"associate": "lin", "person": "stranger"}),
        ("delete_customer", {"associate": "lin", "person": "stranger"}),
        ("leave_group", {"chat": "wr1", "person": "stranger"}),
    ):
        response = simulator.http.post(f"/control/{verb}", json=body)
        assert response.status_code == 409
        assert response.headers["Content-Type"] == "application/problem+json"
    refused = simulator.http.post("/control/add", json={"associate": "lin", "person": "", "other": 1})
    assert refused.status_code == 422
    assert {one["pointer"] for one in refused.json()["errors"]} == {"/person", "/other"}


@pytest.mark.parametrize("encoding", ["items", "text"])
def test_group_callbacks_follow_each_other_by_version_in_both_encodings(
    simulator: Simulator, receiver: Receiver, encoding: str
) -> None:
    simulator.control("faults", member_list=encoding)
    simulator.control("load", associates=[{"userid": "lin", "name": "L"}], chats=[
        {"chat_id": "wr1", "owner": "lin", "name": "group", "member_version": "v0"}
    ])  # fmt: skip
    an = simulator.control("join_group", chat="wr1", person="an")["external_userid"]
    bo = simulator.control("join_group", chat="wr1", person="bo", scene=0)["external_userid"]
    simulator.control("leave_group", chat="wr1", person="an")
    simulator.settle()
    known, told = KnownChat("wr1", "v0"), list[tuple[str, str, object]]()
    for event in receiver.events:
        change = read(event, APP.corp_id)
        assert isinstance(change, ChatChanged)
        update = chats.apply(change, known)
        assert isinstance(update, ChatUpdate)
        known = KnownChat("wr1", update.version)
        told += [(one.type, one.subject, one.data.get("scene", one.data.get("by"))) for one in update.events]
    assert told == [
        ("group.joined", f"external_userid:{an}", "qr"),
        ("group.joined", f"external_userid:{bo}", "invited"),
        ("group.left", f"external_userid:{an}", "self"),
    ]


def test_joining_twice_is_told_once_and_dismissal_once(simulator: Simulator, receiver: Receiver) -> None:
    simulator.control("join_group", chat="wr1", person="an")
    simulator.control("join_group", chat="wr1", person="an")
    simulator.control("dismiss_group", chat="wr1")
    simulator.settle()
    assert receiver.changes() == ["update", "dismiss"]
    assert simulator.http.post("/control/join_group", json={"chat": "wr1", "person": "bo"}).status_code == 409


def test_a_duplicate_has_another_envelope_but_the_same_event(simulator: Simulator, receiver: Receiver) -> None:
    simulator.control("faults", duplicate=True)
    simulator.control("add", associate="lin", person="an")
    until(lambda: len(receiver.events) == 2)
    assert receiver.events[0] == receiver.events[1]
    assert receiver.queries[0] != receiver.queries[1]
    assert len({str(read(event, APP.corp_id)) for event in receiver.events}) == 1


def test_reordering_lets_the_next_overtake_and_a_lonely_one_go_after_a_while(
    simulator: Simulator, receiver: Receiver
) -> None:
    simulator.control("faults", reorder=1)
    simulator.control("add", associate="lin", person="an")
    simulator.control("delete_associate", associate="lin", person="an")
    simulator.settle()
    assert receiver.changes() == ["del_follow_user", "add_external_contact"]
    simulator.control("faults", reorder=True)
    simulator.control("add", associate="lin", person="bo")
    simulator.settle()
    assert len(receiver.events) == 3


def test_a_number_of_drops_loses_so_many(simulator: Simulator, receiver: Receiver) -> None:
    simulator.control("faults", drop=2)
    for person in ("an", "bo", "cy"):
        simulator.control("add", associate="lin", person=person)
    simulator.settle()
    assert len(receiver.events) == 1
    assert (
        receiver.events[0]["ExternalUserID"] == simulator.control("add", associate="x", person="cy")["external_userid"]
    )


def test_a_delivery_that_is_lost_on_its_way_is_repeated(simulator: Simulator, receiver: Receiver) -> None:
    simulator.control("faults", lose=2)
    simulator.control("add", associate="lin", person="an")
    simulator.settle()
    assert receiver.changes() == ["add_external_contact"]
    simulator.control("faults", lose=True)
    simulator.control("add", associate="lin", person="bo")
    simulator.settle()
    assert len(receiver.events) == 2
    assert simulator.http.get("/control/callbacks").json() == {"pending": 0, "given_up": 0}


def test_faults_that_hold_for_a_while_end_by_themselves(simulator: Simulator, receiver: Receiver) -> None:
    simulator.control("faults", drop=True, seconds=0.3)
    simulator.control("add", associate="lin", person="an")
    simulator.settle()
    assert receiver.events == []
    time.sleep(0.3)
    simulator.control("add", associate="lin", person="bo")
    simulator.settle()
    assert len(receiver.events) == 1


def test_a_call_that_is_met_with_silence_is_carried_out(simulator: Simulator) -> None:
    code = simulator.control("add", associate="lin", person="an")["welcome_code"]
    simulator.control("faults", silence={"api": "externalcontact/send_welcome_msg"})
    asked = {"url": "/cgi-bin/externalcontact/send_welcome_msg", "params": {"access_token": simulator.token()}}
    message = {"welcome_code": code, "text": {"content": "hello"}}
    with pytest.raises(httpx.ReadTimeout):
        simulator.http.post(**asked, json=message, timeout=0.3)
    assert len(simulator.outbox(kind="welcome")) == 1
    assert simulator.http.post(**asked, json=message).json()["errcode"] == 41051


def test_what_struck_is_counted(simulator: Simulator, receiver: Receiver) -> None:
    before = Counter(simulator.http.get("/control/faults").json()["struck"])
    simulator.control("faults", duplicate=1, lose=1, delay_ms=1, errcode={"code": -1, "times": 1})
    simulator.control("add", associate="lin", person="an")
    simulator.http.get("/cgi-bin/externalcontact/get", params={"access_token": simulator.token()})
    until(lambda: len(receiver.events) == 2)
    after = Counter(simulator.http.get("/control/faults").json()["struck"])
    assert after - before == Counter({"duplicate": 1, "lose": 1, "delay": 2, "errcode -1": 1})


def test_naming_no_fault_ends_all_faults(simulator: Simulator, receiver: Receiver) -> None:
    simulator.control("faults", drop=True, no_welcome_code=True)
    assert simulator.control("add", associate="lin", person="an")["welcome_code"] is None
    simulator.control("faults")
    assert simulator.control("add", associate="lin", person="bo")["welcome_code"]
    simulator.settle()
    assert len(receiver.events) == 1


def test_a_callback_that_is_not_answered_well_is_delivered_three_times(
    simulator: Simulator, receiver: Receiver
) -> None:
    receiver.answers = [500, 503]
    simulator.control("add", associate="lin", person="an")
    simulator.settle()
    assert len(receiver.events) == 3
    receiver.answers = [500, 500, 500]
    simulator.control("add", associate="lin", person="bo")
    simulator.settle()
    assert len(receiver.events) == 6
    assert simulator.http.get("/control/callbacks").json() == {"pending": 0, "given_up": 1}
    assert simulator.control("deliver_again") == {"callbacks": 1}
    simulator.settle()
    assert len(receiver.events) == 7
    assert simulator.http.get("/control/callbacks").json() == {"pending": 0, "given_up": 0}


def test_an_employee_outside_the_visible_range_has_no_callbacks(simulator: Simulator, receiver: Receiver) -> None:
    simulator.control("load", associates=[{"userid": "shy", "name": "S", "visible": False}])
    simulator.control("add", associate="shy", person="an")
    simulator.control("add", associate="lin", person="an")
    simulator.settle()
    assert [event["UserID"] for event in receiver.events] == ["lin"]


def test_a_full_account_takes_nobody(simulator: Simulator) -> None:
    simulator.control(
        "load", associates=[{"userid": "lin", "name": "L", "capacity": 20000, "friends_elsewhere": 19999}]
    )
    assert simulator.control("add", associate="lin", person="an")["welcome_code"]
    refused = simulator.http.post("/control/add", json={"associate": "lin", "person": "bo"})
    assert refused.status_code == 409
    assert "40099" in refused.json()["detail"]


def test_a_scan_is_sent_as_the_mini_program_would_and_an_anonymous_one_opens_the_page(
    simulator: Simulator, receiver: Receiver
) -> None:
    person = simulator.control("scan", channel_state="s1", person="an")
    event = receiver.scans[0]
    assert event["type"] == "contact.scanned"
    assert event["subject"] == f"unionid:{person['unionid']}"
    assert event["data"] == {"channel": "s1", "state": "s1", "identities": [f"openid:{person['openid']}"]}
    assert receiver.authorization == "Bearer key"
    assert simulator.control("scan", channel_state="s1", person="an", anonymous=True) == person
    assert receiver.pages == ["s1"]
    assert len(receiver.scans) == 1


def test_a_scan_has_patience_with_a_busy_service_and_says_when_it_is_refused(
    simulator: Simulator, receiver: Receiver
) -> None:
    receiver.answers = [429, 503]
    simulator.control("scan", channel_state="s1", person="an")
    assert len(receiver.scans) == 3
    assert len({str(scan["id"]) for scan in receiver.scans}) == 1
    receiver.answers = [401]
    refused = simulator.http.post("/control/scan", json={"channel_state": "s1", "person": "an"})
    assert refused.status_code == 502
    assert "401" in refused.json()["detail"]


def test_what_happened_survives_a_restart(tmp_path: Path) -> None:
    receiver = Receiver(APP)
    with serve(receiver.asgi()) as receiver_url:
        settings = make_settings(receiver_url)
        away = replace(settings, callback_url="http://127.0.0.1:9/", answer_seconds=30)
        with serve(create_app(tmp_path, away, SystemClock())) as url:
            first = httpx.post(f"{url}/control/add", json={"associate": "lin", "person": "an"}, trust_env=False).json()
        assert receiver.events == []
        with serve(create_app(tmp_path, settings, SystemClock())) as url:
            until(lambda: len(receiver.events) == 1)
            again = httpx.post(f"{url}/control/add", json={"associate": "lin", "person": "an"}, trust_env=False).json()
            assert again == {**first, "welcome_code": None}


def test_a_load_is_filled_in_once_and_reset_goes_back_to_it(simulator: Simulator, receiver: Receiver) -> None:
    chain = {
        "part": "chain@1",
        "departments": [{"id": 1, "name": "HQ"}],
        "associates": [{"userid": "lin", "name": "L"}],
        "people": [{"person": "p1", "unionid": "u1", "openid": "o1", "external_userid": "wm1", "name": "n"}],
        "chats": [{"chat_id": "wr1", "owner": "lin", "name": "group", "members": ["p1"]}],
        "relations": [{"associate": "lin", "external_userid": "wm1", "state": "s", "at": "2026-10-01T08:00:00Z"}],
    }
    assert simulator.control("load", **chain) == {"loaded": True}
    simulator.control("delete_customer", associate="lin", person="p1")
    simulator.control("add", associate="lin", person="new")
    assert simulator.control("load", **chain) == {"loaded": False}
    assert [one["associates"] for one in simulator.http.get("/control/people").json()["items"]] == [[], ["lin"]]
    simulator.settle()
    assert len(receiver.events) == 2
    simulator.control("reset")
    assert simulator.http.get("/control/people").json()["items"] == [
        {
            "person": "p1",
            "unionid": "u1",
            "openid": "o1",
            "external_userid": "wm1",
            "associates": ["lin"],
            "chats": ["wr1"],
        }
    ]


def test_a_person_without_an_open_platform_identity_scans_by_openid(simulator: Simulator, receiver: Receiver) -> None:
    simulator.control("load", people=[{"person": "p1", "unionid": None, "openid": "o1", "external_userid": "wm1"}])
    assert simulator.control("scan", channel_state="s", person="p1")["unionid"] is None
    assert receiver.scans[0]["subject"] == "openid:o1"


def test_other_machines_and_other_host_names_are_refused(simulator: Simulator) -> None:
    assert simulator.http.get("/livez").status_code == 200
    assert simulator.http.get("/livez", headers={"Host": "evil.example"}).status_code == 403
