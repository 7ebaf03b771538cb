"""The client against the simulator, over real HTTP: what it asks for, and what it does about each error."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from engine.clock import FixedClock, SystemClock
from engine.wecom import errors
from engine.wecom.callback import App
from engine.wecom.calls import Calls
from engine.wecom.client import WeCom
from engine.wecom.errors import (
    ChatGoneError,
    ConfigurationError,
    ContactUnknownError,
    OutcomeUnknownError,
    Policy,
    RateLimitedError,
    RefusedError,
    RelationEndedError,
    StaffUnknownError,
    TagUnknownError,
    UnavailableError,
    UnreadableAnswerError,
    WeComError,
    WelcomeDeliveredError,
    WelcomeExpiredError,
)
from engine.wecom.tokens import MemoryCache
from tests.engine.wecom.conftest import APP, Simulator

GET = "externalcontact/get"


async def test_a_customer_is_read_with_everyone_who_follows_them(simulator: Simulator, wecom: WeCom) -> None:
    an = simulator.control("add", associate="lin", person="an", state="s1")
    simulator.control("add", associate="su", person="an")
    customer = await wecom.get_external_contact(an["external_userid"])
    assert customer.external_contact.unionid == an["unionid"]
    assert [(one.userid, one.state, one.add_way) for one in customer.follow_user] == [("lin", "s1", 1), ("su", None, 2)]


async def test_a_relation_that_the_customer_ended_still_answers_and_one_that_staff_ended_does_not(
    simulator: Simulator, wecom: WeCom
) -> None:
    an = simulator.control("add", associate="lin", person="an")["external_userid"]
    simulator.control("delete_associate", associate="lin", person="an")
    assert [one.userid for one in (await wecom.get_external_contact(an)).follow_user] == ["lin"]
    assert await wecom.contact_list("lin") == [an]
    simulator.control("delete_customer", associate="lin", person="an")
    with pytest.raises(RelationEndedError):
        await wecom.get_external_contact(an)
    assert await wecom.contact_list("lin") == []


async def test_whole_lists_come_page_by_page(simulator: Simulator, wecom: WeCom) -> None:
    at = "2026-10-01T00:00:00Z"
    simulator.control(
        "load",
        departments=[{"id": 1, "name": "HQ"}, {"id": 2, "parentid": 1, "name": "East"}],
        associates=[{"userid": f"u{n}", "name": "n", "department": 2} for n in range(150)],
        people=[{"person": f"p{n}", "external_userid": f"wm{n}"} for n in range(250)],
        relations=[{"associate": "u7", "external_userid": f"wm{n}", "at": at} for n in range(250)],
        chats=[{"chat_id": f"wr{n}", "owner": f"u{n}", "name": "g"} for n in range(150)],
    )
    employees = [f"u{n}" for n in range(150)]
    assert sorted(await wecom.follow_user_list()) == sorted(employees)
    found = await wecom.batch_get_by_user(employees)
    assert len({one.external_contact.external_userid for one in found}) == 250
    assert {one.follow_info.userid for one in found} == {"u7"}
    assert len(await wecom.groupchat_list(employees)) == 150
    assert [one.id for one in await wecom.department_simplelist()] == [1, 2]
    assert [one.name for one in await wecom.department_list()] == ["HQ", "East"]
    assert len(await wecom.user_simplelist(2)) == 150


async def test_a_welcome_is_sent_once_and_within_its_time(simulator: Simulator, wecom: WeCom) -> None:
    an = simulator.control("add", associate="lin", person="an")
    link = {"msgtype": "link", "link": {"title": "t", "url": "https://m.example.com"}}
    await wecom.send_welcome_msg(an["welcome_code"], "hello", [link])
    (item,) = simulator.outbox()
    assert (item["kind"], item["associate"], item["external_userid"]) == ("welcome", "lin", an["external_userid"])
    assert item["body"] == {"welcome_code": an["welcome_code"], "text": {"content": "hello"}, "attachments": [link]}
    with pytest.raises(WelcomeDeliveredError):
        await wecom.send_welcome_msg(an["welcome_code"], "hello")
    late = simulator.control("add", associate="lin", person="bo")["welcome_code"]
    simulator.control("advance_clock", seconds=20)
    for code in (late, "made up"):
        with pytest.raises(WelcomeExpiredError):
            await wecom.send_welcome_msg(code, "hello")
    assert len(simulator.outbox(kind="welcome")) == 1


@pytest.mark.parametrize("attachments", [[{"msgtype": "song"}], [{"msgtype": "link", "link": {}}] * 10])
async def test_a_welcome_that_wecom_would_not_take_is_refused(
    simulator: Simulator, wecom: WeCom, attachments: list[dict[str, object]]
) -> None:
    code = simulator.control("add", associate="lin", person="an")["welcome_code"]
    with pytest.raises(RefusedError):
        await wecom.send_welcome_msg(code, "hello", attachments)
    with pytest.raises(RefusedError):
        await wecom.send_welcome_msg(code, "驿" * 1334)


async def test_tags_are_made_then_marked_one_call_at_a_time(simulator: Simulator, wecom: WeCom) -> None:
    an = simulator.control("add", associate="lin", person="an")["external_userid"]
    group = await wecom.add_corp_tag("Waystation", ["gold", "silver"])
    again = await wecom.add_corp_tag("Waystation", ["gold"])
    assert group == again
    assert await wecom.get_corp_tag_list() == [group]
    gold, silver = (tag.id for tag in group.tag)
    await asyncio.gather(wecom.mark_tag("lin", an, [gold]), wecom.mark_tag("lin", an, [silver], [gold]))
    follow = (await wecom.get_external_contact(an)).follow_user[0]
    assert [tag.tag_name for tag in follow.tags] == ["silver"]
    assert [item["kind"] for item in simulator.outbox()] == ["tag", "tag"]
    with pytest.raises(TagUnknownError):
        await wecom.mark_tag("lin", an, ["made up"])


async def test_a_remark_is_written_on_a_full_relation_only(simulator: Simulator, wecom: WeCom) -> None:
    an = simulator.control("add", associate="lin", person="an", half=True)["external_userid"]
    with pytest.raises(RelationEndedError):
        await wecom.remark("lin", an, remark="r")
    simulator.control("add", associate="lin", person="an")
    await wecom.remark("lin", an, remark="r", remark_mobiles=["12000000000"])
    follow = (await wecom.get_external_contact(an)).follow_user[0]
    assert (follow.remark, follow.remark_mobiles) == ("r", ("12000000000",))
    with pytest.raises(StaffUnknownError):
        await wecom.remark("ghost", an, remark="r")
    with pytest.raises(ContactUnknownError):
        await wecom.remark("lin", "wm-made-up", remark="r")


async def test_a_contact_way_is_made_with_its_picture(simulator: Simulator, wecom: WeCom) -> None:
    simulator.control("load", associates=[{"userid": "lin", "name": "L"}, {"userid": "su", "name": "S"}])
    way = await wecom.add_contact_way(["lin", "su"], "s1", "till")
    assert way.qr_code
    assert simulator.http.get(way.qr_code).headers["Content-Type"] == "image/svg+xml"
    with pytest.raises(StaffUnknownError):
        await wecom.add_contact_way(["ghost"], "s1")


async def test_a_group_is_read_as_it_is_or_as_it_was(simulator: Simulator, wecom: WeCom) -> None:
    an = simulator.control("join_group", chat="wr1", person="an")
    before = await wecom.groupchat_get("wr1")
    assert [one.userid for one in before.member_list if one.type == 2] == [an["external_userid"]]
    assert before.member_list[-1].unionid == an["unionid"]
    simulator.control("advance_clock", seconds=100)
    simulator.control("join_group", chat="wr1", person="bo")
    simulator.control("faults", chat_lag_ms=50_000)
    assert await wecom.groupchat_get("wr1") == before
    simulator.control("faults")
    assert len((await wecom.groupchat_get("wr1")).member_list) == 3
    simulator.control("dismiss_group", chat="wr1")
    for chat in ("wr1", "made-up"):
        with pytest.raises(ChatGoneError):
            await wecom.groupchat_get(chat)


async def test_a_message_reaches_those_it_can_and_not_twice(simulator: Simulator, wecom: WeCom) -> None:
    simulator.control("load", associates=[{"userid": "Lin", "name": "L"}])
    sent = await wecom.message_send(["Lin", "Ghost"], "hello")
    assert sent.unreached == ("ghost",)
    await wecom.message_send(["Lin"], "hello")
    assert [item["associate"] for item in simulator.outbox(kind="app_message")] == ["Lin"]
    with pytest.raises(ConfigurationError):
        await wecom.message_send(["Ghost"], "hello")


async def test_a_lost_token_is_renewed_once_for_all_who_find_out(simulator: Simulator, wecom: WeCom) -> None:
    an = simulator.control("add", associate="lin", person="an")["external_userid"]
    await wecom.get_external_contact(an)
    simulator.control("lose_tokens")
    await asyncio.gather(*(wecom.get_external_contact(an) for _ in range(20)))
    assert simulator.calls("gettoken") == {0: 2}
    assert simulator.calls(GET)[0] == 1 + 20
    assert simulator.calls(GET)[40014] >= 1


async def test_an_expired_token_is_renewed(simulator: Simulator, wecom: WeCom) -> None:
    an = simulator.control("add", associate="lin", person="an")["external_userid"]
    await wecom.get_external_contact(an)
    simulator.control("advance_clock", seconds=7200)
    assert await wecom.get_external_contact(an)


async def test_a_token_that_stays_refused_is_replayed_once_and_no_more(
    simulator: Simulator, wecom: WeCom, slept: list[float]
) -> None:
    simulator.control("faults", errcode=40014)
    with pytest.raises(UnavailableError):
        await wecom.get_external_contact("wm1")
    assert slept == []


async def test_a_wrong_secret_is_a_matter_for_a_person(simulator: Simulator, http: httpx.AsyncClient) -> None:
    for corp, secret, code in ((APP.corp_id, "wrong", 40001), ("ww-wrong", APP.secret, 40013)):
        app = App(corp, APP.agent_id, secret, APP.token, APP.aes_key)
        wrong = WeCom(app, Calls(app, http, simulator.url, SystemClock()))
        with pytest.raises(ConfigurationError) as caught:
            await wrong.follow_user_list()
        assert caught.value.code == code


@pytest.mark.parametrize(("code", "kind", "repetitions"), [
    (-1, errors.UnavailableError, 3),
    (45033, errors.CrowdedError, 3),
    (45035, errors.CrowdedError, 3),
    (45009, errors.RateLimitedError, 0),
    (40014, errors.UnavailableError, 0),
    (42001, errors.UnavailableError, 0),
    (60020, errors.ConfigurationError, 0),
    (84074, errors.ConfigurationError, 0),
    (48002, errors.ConfigurationError, 0),
    (60011, errors.ConfigurationError, 0),
    (301002, errors.ConfigurationError, 0),
    (81013, errors.ConfigurationError, 0),
    (48006, errors.ConfigurationError, 0),
    (701008, errors.ConfigurationError, 0),
    (41001, errors.RefusedError, 0),
    (40058, errors.RefusedError, 0),
    (40035, errors.RefusedError, 0),
    (40063, errors.RefusedError, 0),
    (99999, errors.RefusedError, 0),
    (40003, errors.StaffUnknownError, 0),
    (60111, errors.StaffUnknownError, 0),
    (46004, errors.StaffUnknownError, 0),
    (40068, errors.TagUnknownError, 0),
    (40096, errors.ContactUnknownError, 0),
    (84061, errors.RelationEndedError, 0),
    (41050, errors.WelcomeExpiredError, 0),
    (41051, errors.WelcomeDeliveredError, 0),
    (41096, errors.OtherAppSendingError, 0),
    (41054, errors.NotActivatedError, 0),
    (41063, errors.DispatchingError, 0),
    (40099, errors.CapacityReachedError, 0),
    (49008, errors.ChatGoneError, 0),
])  # fmt: skip
async def test_each_code_has_its_policy(
    simulator: Simulator, wecom: WeCom, slept: list[float], code: int, kind: type[WeComError], repetitions: int
) -> None:
    simulator.control("faults", errcode=code)
    with pytest.raises(kind) as caught:
        await wecom.get_external_contact("wm-secret-person")
    assert caught.value.code == code
    assert caught.value.hint
    assert len(slept) == repetitions
    assert "wm-secret-person" not in str(caught.value)
    assert "from ip" not in str(caught.value)


@pytest.mark.parametrize("code", [40001, 40013, 40091])
async def test_each_code_of_gettoken_is_a_matter_for_a_person(simulator: Simulator, wecom: WeCom, code: int) -> None:
    simulator.control("faults", errcode=code)
    with pytest.raises(ConfigurationError):
        await wecom.follow_user_list()


async def test_a_busy_moment_passes_unnoticed(simulator: Simulator, wecom: WeCom, slept: list[float]) -> None:
    for code in (-1, 45033):
        simulator.control("faults", errcode={"code": code, "api": "externalcontact/get_follow_user_list", "times": 2})
        assert await wecom.follow_user_list() == []
    assert len(slept) == 4
    assert slept[0] < slept[1] * 2


def test_every_policy_of_the_table_is_met_by_a_test_and_every_code_by_an_error() -> None:
    assert set(errors.POLICIES.values()) == set(Policy)
    for code in (*errors.POLICIES, 12345):
        assert isinstance(errors.error("api", code), WeComError)


async def test_after_a_rate_limit_the_api_is_left_alone_for_its_window(
    simulator: Simulator, http: httpx.AsyncClient
) -> None:
    clock = FixedClock(datetime(2026, 11, 1, tzinfo=UTC))
    wecom = WeCom(APP, Calls(APP, http, simulator.url, clock))
    simulator.control("faults", errcode=45009)
    for wait, length in ((0, 60), (60, 3600)):
        clock.advance(timedelta(seconds=wait))
        with pytest.raises(RateLimitedError) as caught:
            await wecom.follow_user_list()
        assert caught.value.retry_after == length
    simulator.control("faults")
    with pytest.raises(RateLimitedError):
        await wecom.follow_user_list()
    assert await wecom.department_list() == []
    clock.advance(timedelta(hours=1))
    assert await wecom.follow_user_list() == []


class Scripted:
    """A WeCom that answers from a script, for answers that the real one would not give twice."""

    def __init__(self, *answers: Callable[[], httpx.Response]) -> None:
        self.answers = list(answers)
        self.asked: list[httpx.Request] = []
        self.tokens = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/gettoken"):
            self.tokens += 1
            token = f"token-{self.tokens}"
            return httpx.Response(200, json={"errcode": 0, "access_token": token, "expires_in": 7200})
        self.asked.append(request)
        return self.answers.pop(0)()


def scripted(script: Scripted, slept: list[float] | None = None) -> WeCom:
    async def sleep(seconds: float) -> None:
        if slept is not None:
            slept.append(seconds)

    http = httpx.AsyncClient(transport=httpx.MockTransport(script))
    return WeCom(APP, Calls(APP, http, "https://wecom.example/cgi-bin/", SystemClock(), sleep, MemoryCache()))


def ok(**fields: object) -> Callable[[], httpx.Response]:
    return lambda: httpx.Response(200, json={"errcode": 0, "errmsg": "ok", **fields})


def broken() -> httpx.Response:
    raise httpx.ReadTimeout("no answer")


def gateway() -> httpx.Response:
    return httpx.Response(502, text="bad gateway")


def not_json() -> httpx.Response:
    return httpx.Response(200, text="<html>")


async def test_reads_are_repeated_when_no_answer_comes() -> None:
    script = Scripted(broken, gateway, not_json, ok(follow_user=["lin"]))
    assert await scripted(script).follow_user_list() == ["lin"]


async def test_a_read_that_is_never_answered_is_unavailable() -> None:
    with pytest.raises(UnavailableError):
        await scripted(Scripted(broken, gateway, not_json, broken)).follow_user_list()


async def test_a_call_that_may_have_been_carried_out_is_not_repeated() -> None:
    script = Scripted(broken)
    with pytest.raises(OutcomeUnknownError):
        await scripted(script).add_contact_way(["lin"], "s1")
    assert len(script.asked) == 1


async def test_an_answer_of_another_shape_says_so_without_quoting_it() -> None:
    wecom = scripted(Scripted(ok(external_contact={"name": "secret name"})))
    with pytest.raises(UnreadableAnswerError) as caught:
        await wecom.get_external_contact("wm1")
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None


async def test_a_cursor_that_never_ends_is_not_followed_for_ever() -> None:
    item = {"external_contact": {"external_userid": "wm1"}, "follow_user": [{"userid": "lin"}]}
    wecom = scripted(Scripted(ok(**item, next_cursor="c"), ok(**item, next_cursor="c")))
    assert len((await wecom.get_external_contact("wm1")).follow_user) == 2


async def test_many_at_once_ask_for_one_token() -> None:
    script = Scripted(*(ok() for _ in range(20)))
    wecom = scripted(script)
    await asyncio.gather(*(wecom.follow_user_list() for _ in range(20)))
    assert script.tokens == 1


async def test_writes_to_one_relation_go_one_after_the_other() -> None:
    inside: list[int] = []

    async def handler(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/gettoken"):
            return httpx.Response(200, json={"errcode": 0, "access_token": "t", "expires_in": 7200})
        inside.append(1)
        assert len(inside) == 1
        await asyncio.sleep(0)
        inside.pop()
        return httpx.Response(200, json={"errcode": 0})

    http = httpx.AsyncClient(transport=httpx.MockTransport(handler))
    wecom = WeCom(APP, Calls(APP, http, "https://wecom.example", SystemClock()))
    tasks: list[Awaitable[None]] = [wecom.mark_tag("lin", "wm1", [f"t{n}"]) for n in range(5)]
    await asyncio.gather(*tasks, wecom.remark("lin", "wm1", remark="r"))


async def test_neither_tokens_nor_secrets_nor_ids_are_logged(
    simulator: Simulator, wecom: WeCom, caplog: pytest.LogCaptureFixture
) -> None:
    an = simulator.control("add", associate="lin", person="an")["external_userid"]
    with caplog.at_level(logging.DEBUG):
        await wecom.get_external_contact(an)
        with pytest.raises(RefusedError):
            await wecom.send_welcome_msg("", "hello")
    assert "externalcontact/get" in caplog.text
    for secret in (APP.secret, "access_token=", an):
        assert secret not in caplog.text
