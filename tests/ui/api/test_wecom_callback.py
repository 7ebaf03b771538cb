"""WeCom's callbacks from outside, encrypted and signed as WeCom does: what is taken, what is refused, what repeats."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from httpx import AsyncClient, Response
from sqlalchemy import text

from engine.alerts.fold import fold
from engine.alerts.store import list_alerts
from engine.clock import FixedClock
from engine.database.connection import Database
from engine.events import queue
from engine.secrets.keyring import KeyRing
from engine.wecom import crypto, xml
from engine.wecom.callback import App
from engine.wecom.xml import Fields
from tests.engine.chain import build_chain
from tests.engine.wecom.callbacks import contact, members
from tests.engine.wecom.vectors import AES_KEY, CORP, ECHO, MESSAGE, TOKEN
from tests.ui.api.test_backlog import pile_up
from ui.app import create_app
from ui.dependencies import Dependencies

APP = App(corp_id=CORP, agent_id=218, secret="s", token=TOKEN, aes_key=AES_KEY)
URL = "/wecom/callback/main"
ADDED = contact("add_external_contact", UserID="wecom-lin", State="st-S1-till", WelcomeCode="w1")
TEXT = "text/plain; charset=utf-8"


def settings(app: App) -> dict[str, str]:
    return {name: str(value) for name, value in asdict(app).items()}


@pytest.fixture
async def wecom(database: Database, keys: KeyRing, clock: FixedClock) -> AsyncIterator[AsyncClient]:
    """WeCom, as far as we hear of it; it has no API key."""
    build_chain(database, keys)
    apps = {"main": settings(APP)}
    transport = httpx.ASGITransport(create_app(Dependencies(database, clock, keys, wecom_apps=apps)))
    async with AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


def seal(event: Fields | bytes, *, app: App = APP, receiver: str = CORP) -> tuple[dict[str, str], bytes]:
    """The query and the body of a delivery; each has another envelope."""
    message = event if isinstance(event, bytes) else xml.write(event).encode()
    encrypted = crypto.encrypt(app.key, message, receiver)
    return sign(encrypted, app), xml.write({"ToUserName": CORP, "AgentID": "218", "Encrypt": encrypted}).encode()


def sign(encrypted: str, app: App = APP) -> dict[str, str]:
    return {
        "msg_signature": crypto.signature(app.token, "1", "2", encrypted),
        "timestamp": "1",
        "nonce": "2",
    }


async def deliver(wecom: AsyncClient, event: Fields | bytes, **how: Any) -> Response:
    query, body = seal(event, **how)
    return await wecom.post(URL, params=query, content=body, headers={"Content-Type": "text/xml"})


def rows(database: Database, sql: str) -> list[tuple[Any, ...]]:
    with database.begin() as session:
        return [tuple(row) for row in session.connection().execute(text(sql))]


def assert_problem(response: Response, status: int) -> None:
    assert response.status_code == status, response.text
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json()["status"] == status


async def test_the_address_is_verified_by_the_plain_text_alone(wecom: AsyncClient) -> None:
    query = {"msg_signature": ECHO["signature"], "timestamp": ECHO["timestamp"], "nonce": ECHO["nonce"]}
    answer = await wecom.get(URL, params={**query, "echostr": ECHO["encrypted"]})
    assert (answer.status_code, answer.content) == (200, b"1616140317555161061")
    assert answer.headers["Content-Type"] == TEXT


@pytest.mark.parametrize("safe", ["+/=", "/="])
async def test_a_plus_in_the_echo_may_come_bare(wecom: AsyncClient, safe: str) -> None:
    encrypted = next(one for one in (crypto.encrypt(APP.key, b"42", CORP) for _ in range(99)) if "+" in one)
    query = "&".join(f"{name}={value}" for name, value in sign(encrypted).items())
    answer = await wecom.get(f"{URL}?{query}&echostr={quote(encrypted, safe=safe)}")
    assert answer.content == b"42"


@pytest.mark.parametrize("query", [{}, {**sign("x"), "echostr": "y"}, {**sign(""), "echostr": "", "nonce": "3"}])
async def test_a_verification_that_is_not_signed_is_refused(wecom: AsyncClient, query: dict[str, str]) -> None:
    assert_problem(await wecom.get(URL, params=query), 403)


async def test_a_signed_echo_that_cannot_be_opened_is_unreadable(wecom: AsyncClient) -> None:
    assert_problem(await wecom.get(URL, params={**sign("x"), "echostr": "x"}), 400)


async def test_an_add_is_on_disk_when_the_answer_leaves(wecom: AsyncClient, database: Database) -> None:
    answer = await deliver(wecom, ADDED)
    assert (answer.status_code, answer.content, answer.headers["Content-Type"]) == (200, b"success", TEXT)
    assert rows(database, "SELECT type, priority FROM events") == [("contact.added", 0)]
    assert rows(database, "SELECT count(*) FROM member_queue WHERE priority = 0") == [(1,)]
    assert rows(database, "SELECT kind FROM relations WHERE ended_at IS NULL") == [("new_corp",)]


async def test_the_official_message_is_taken(wecom: AsyncClient) -> None:
    query = {"msg_signature": MESSAGE["signature"], "timestamp": MESSAGE["timestamp"], "nonce": MESSAGE["nonce"]}
    body = xml.write({"ToUserName": CORP, "AgentID": "218", "Encrypt": MESSAGE["encrypted"]})
    assert (await wecom.post(URL, params=query, content=body)).status_code == 200


async def test_a_repeated_delivery_is_answered_likewise_and_has_no_effect(
    wecom: AsyncClient, database: Database
) -> None:
    query, body = seal(ADDED)
    for _ in range(2):
        assert (await wecom.post(URL, params=query, content=body)).content == b"success"
    assert (await deliver(wecom, ADDED)).content == b"success"
    assert rows(database, "SELECT count(*) FROM events") == [(1,)]
    assert rows(database, "SELECT count(*) FROM callbacks") == [(1,)]


async def test_deliveries_that_come_at_once_have_one_effect(wecom: AsyncClient, database: Database) -> None:
    joined = members("add_member", "wmA", "v0", "v1")
    answers = await asyncio.gather(*(deliver(wecom, event) for event in [ADDED, joined] * 8))
    assert {answer.status_code for answer in answers} == {200}
    assert rows(database, "SELECT count(*) FROM events") == [(1,)]
    assert rows(database, "SELECT count(*), count(mapped_at) FROM callbacks") == [(2, 1)]


async def test_people_who_come_at_once_each_get_their_relation(wecom: AsyncClient, database: Database) -> None:
    events = [
        contact("add_external_contact", UserID=f"new-{number % 3}", ExternalUserID=f"wm{number}")
        for number in range(24)
    ]
    answers = await asyncio.gather(*(deliver(wecom, event) for event in events))
    assert {answer.status_code for answer in answers} == {200}
    assert rows(database, "SELECT count(*), count(DISTINCT associate_id) FROM relations") == [(24, 3)]


async def test_an_app_that_we_do_not_have_is_unknown(wecom: AsyncClient) -> None:
    query, body = seal(ADDED)
    assert_problem(await wecom.post("/wecom/callback/other", params=query, content=body), 404)
    assert_problem(await wecom.get("/wecom/callback/other", params=query), 404)


async def test_other_methods_are_not_taken(wecom: AsyncClient) -> None:
    assert_problem(await wecom.put(URL, content=b""), 405)


async def test_an_altered_callback_is_refused_and_changes_nothing(wecom: AsyncClient, database: Database) -> None:
    query, body = seal(ADDED)
    altered = body.replace(b"<Encrypt><![CDATA[", b"<Encrypt><![CDATA[AAAA")
    for wrong in ({**query, "nonce": "3"}, {**query, "timestamp": "2"}, {**query, "msg_signature": "é"}, {}):
        assert_problem(await wecom.post(URL, params=wrong, content=body), 403)
    assert_problem(await wecom.post(URL, params=query, content=altered), 403)
    assert rows(database, "SELECT count(*) FROM callbacks") == [(0,)]


async def test_a_callback_for_another_corp_is_refused(wecom: AsyncClient) -> None:
    assert_problem(await deliver(wecom, ADDED, receiver="ww-other"), 403)


async def test_a_callback_sealed_with_another_key_is_unreadable(wecom: AsyncClient) -> None:
    other = App(CORP, 218, "s", TOKEN, "a" * 43)
    assert_problem(await deliver(wecom, ADDED, app=other), 400)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"<xml>",
        b"<xml/>",
        b"\xff\xfe\x00",
        b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e "x">]><xml><Encrypt>&e;</Encrypt></xml>',
    ],
)
async def test_a_body_that_is_no_callback_is_unreadable(wecom: AsyncClient, body: bytes) -> None:
    assert_problem(await wecom.post(URL, params=sign(""), content=body), 400)


@pytest.mark.parametrize("event", [b"", b"{}", b"<xml><Event>", b"<xml/>", b'<!DOCTYPE x SYSTEM "file:///etc"><xml/>'])
async def test_an_event_inside_that_is_no_xml_is_unreadable(wecom: AsyncClient, event: bytes) -> None:
    assert_problem(await deliver(wecom, event), 400)


def alerts(database: Database) -> list[tuple[str, str, int]]:
    """The open alerts, folded as the router role does."""
    with database.begin() as session:
        fold(session)
        return [(one.kind, one.subject, one.count) for one in list_alerts(session, state="open")]


@pytest.mark.parametrize(
    ("event", "how"),
    [
        (ADDED, {"app": App(CORP, 218, "s", TOKEN, "a" * 43)}),
        (ADDED, {"receiver": "ww-other"}),
        (b"<xml><Event>", {}),
        (b"<xml/>", {}),
    ],
    ids=["another key", "another corp", "no xml", "nothing in it"],
)
async def test_what_wecom_signed_and_we_cannot_read_is_told_to_people(
    wecom: AsyncClient, database: Database, event: Fields | bytes, how: dict[str, Any]
) -> None:
    for _ in range(3):
        assert (await deliver(wecom, event, **how)).status_code in {400, 403}
    assert alerts(database) == [("callback-unreadable", "wecom/main", 3)]
    with database.begin() as session:
        [alert] = list_alerts(session)
    assert alert.detail["reason"]
    assert not any(secret in str(alert.detail) for secret in (TOKEN, AES_KEY, CORP, "wmA", "ww-other"))


async def test_what_anybody_may_have_sent_is_told_to_nobody(wecom: AsyncClient, database: Database) -> None:
    query, body = seal(ADDED)
    await wecom.post(URL, params={**query, "nonce": "3"}, content=body)
    await wecom.post(URL, params=query, content=b"<xml>")
    await deliver(wecom, ADDED)
    assert alerts(database) == []


@pytest.mark.parametrize("size", [256 * 1024 + 1, 4 * 1024 * 1024 + 1])
async def test_an_oversized_body_is_refused(wecom: AsyncClient, size: int) -> None:
    query, _ = seal(ADDED)
    assert_problem(await wecom.post(URL, params=query, content=b"x" * size), 413)


@pytest.mark.parametrize(
    "event",
    [
        xml.read(b"<xml><a>1</a></xml>"),
        contact("add_external_contact", CreateTime="soon"),
        contact("edit_external_contact"),
        contact("add_external_contact", ExternalUserID="", UserID=""),
    ],
)
async def test_what_we_cannot_use_is_answered_like_any_other(
    wecom: AsyncClient, database: Database, event: Fields
) -> None:
    assert (await deliver(wecom, event)).content == b"success"
    assert rows(database, "SELECT error IS NOT NULL FROM callbacks") == [(True,)]


async def test_without_a_database_wecom_is_asked_to_send_again(keys: KeyRing, clock: FixedClock) -> None:
    nowhere = Database("postgresql://nobody@127.0.0.1:1/none")
    app = create_app(Dependencies(nowhere, clock, keys, wecom_apps={"main": settings(APP)}))
    async with AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        assert (await deliver(client, ADDED)).status_code == 503
    nowhere.close()


async def test_no_secret_and_no_person_stands_in_an_answer(wecom: AsyncClient) -> None:
    answers = [await deliver(wecom, ADDED, receiver="ww-other"), await wecom.post(URL, content=seal(ADDED)[1])]
    for answer in answers:
        assert not any(secret in answer.text for secret in (TOKEN, AES_KEY, CORP, "wmA"))


async def test_wecom_is_taken_in_however_long_the_backlog_is(wecom: AsyncClient, database: Database) -> None:
    pile_up(database, queue.BACKLOG)
    answer = await deliver(wecom, ADDED)
    assert (answer.status_code, answer.text) == (200, "success")
    with database.begin() as session:
        kept = session.connection().execute(text("SELECT count(*) FROM events WHERE type LIKE 'contact.%'"))
        assert kept.scalar_one() == 1
