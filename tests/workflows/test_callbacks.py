"""Mapping callbacks that only WeCom can explain: with fakes for its moods, and against the simulator over real HTTP."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from engine.clock import FixedClock, SystemClock
from engine.database import retrying
from engine.database.connection import Database
from engine.secrets.keyring import KeyRing
from engine.wecom.answers import Customer, GroupChat
from engine.wecom.callback import App
from engine.wecom.calls import Calls
from engine.wecom.client import WeCom
from engine.wecom.errors import ChatGoneError, ConfigurationError, RelationEndedError, UnavailableError
from engine.wecom.intake import DELAYS, OUTAGE, Intake
from engine.wecom.simulator.app import create_app as create_simulator
from engine.wecom.simulator.settings import SimulatorSettings
from engine.wecom.xml import Fields
from tests.engine.chain import Chain, build_chain
from tests.engine.wecom.callbacks import AT, contact, members
from tests.engine.wecom.servers import serve
from tests.engine.wecom.vectors import AES_KEY
from ui.app import create_app
from ui.dependencies import Dependencies
from workflows.callbacks import CallbackMapper, Explainer


@dataclass
class Told:
    """WeCom as a list of what it answers: groups, a customer, or errors; the last one again and again."""

    answers: list[GroupChat | Customer | Exception]
    asked: list[str] = field(default_factory=list)

    async def groupchat_get(self, chat_id: str) -> GroupChat:
        answer = self._next(chat_id)
        assert isinstance(answer, GroupChat)
        return answer

    async def get_external_contact(self, external_userid: str) -> Customer:
        answer = self._next(external_userid)
        assert isinstance(answer, Customer)
        return answer

    def _next(self, who: str) -> GroupChat | Customer:
        self.asked.append(who)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


@dataclass
class House:
    """A chain that receives callbacks, and its mapper."""

    chain: Chain
    clock: FixedClock
    explainers: dict[str, Explainer] = field(default_factory=dict)

    @property
    def mapper(self) -> CallbackMapper:
        return CallbackMapper(self.chain.database, self.clock, self.chain.keys, self.explainers)

    def receive(self, event: Fields) -> None:
        def work(session: Any) -> None:
            Intake(session, self.chain.keys, self.clock.now()).receive("main", "ww1", event)

        retrying.run(self.chain.database, work)

    async def wait(self, time: timedelta) -> None:
        """Let time pass, and the mapper work."""
        until = self.clock.now() + time
        while self.clock.now() <= until:
            await self.mapper.run_until_idle()
            self.clock.advance(DELAYS[-1])

    def events(self) -> list[str]:
        return [kind for (kind,) in self.chain.rows("SELECT type FROM events ORDER BY seq")]

    def waiting(self) -> int:
        ((count,),) = self.chain.rows("SELECT count(*) FROM callbacks WHERE mapped_at IS NULL")
        return int(count)


@pytest.fixture
def house(database: Database, keys: KeyRing, clock: FixedClock) -> House:
    return House(build_chain(database, keys), clock)


def group(version: str, *userids: str, chat_id: str = "wr1") -> GroupChat:
    seats = [{"userid": one, "type": 2, "join_time": AT} for one in userids]
    shown = {"chat_id": chat_id, "owner": "wecom-lin", "member_version": version, "member_list": seats}
    return GroupChat.model_validate(shown)


async def test_a_joining_is_told_when_the_group_was_looked_at(house: House) -> None:
    house.explainers = {"main": Told([group("v1", "wmA")])}
    house.receive(members("add_member", "wmA", "v0", "v1"))
    assert await house.mapper.run_once() == 1
    assert (house.events(), house.waiting()) == (["group.joined"], 0)
    assert await house.mapper.run_once() == 0


async def test_one_look_explains_all_that_waits_of_a_group(house: House) -> None:
    wecom = Told([group("v3", "wm0", "wm1", "wm2")])
    house.explainers = {"main": wecom}
    for number in range(3):
        house.receive(members("add_member", f"wm{number}", f"v{number}", f"v{number + 1}", CreateTime=AT + number))
    await house.mapper.run_until_idle()
    assert (house.events(), wecom.asked) == (["group.joined"] * 3, ["wr1"])


async def test_an_outage_of_wecom_delays_a_joining_but_does_not_lose_it(house: House) -> None:
    wecom = Told([UnavailableError("a")])
    house.explainers = {"main": wecom}
    house.receive(members("add_member", "wmA", "v0", "v1"))
    await house.mapper.run_until_idle()
    assert (house.events(), house.waiting(), len(wecom.asked)) == ([], 1, 1)
    await house.wait(OUTAGE)
    assert (house.events(), house.waiting()) == (["group.joined"], 0)
    assert 10 < len(wecom.asked) < 30
    assert house.chain.rows("SELECT error FROM callbacks") == [("WeCom gave no answer",)]


async def test_after_an_outage_nobody_who_waited_waits_again(house: House) -> None:
    wecom = Told([UnavailableError("a")])
    house.explainers = {"main": wecom}
    for number in range(3):
        house.receive(members("add_member", f"wm{number}", f"v{number}", f"v{number + 1}", CreateTime=AT + number))
    await house.wait(OUTAGE)
    assert (house.events(), house.waiting()) == (["group.joined"] * 3, 0)


async def test_a_refusal_keeps_nobody_waiting(house: House) -> None:
    house.explainers = {"main": Told([ConfigurationError("a", 48002)])}
    house.receive(members("add_member", "wmA", "v0", "v1"))
    await house.mapper.run_until_idle()
    assert (house.events(), house.waiting()) == (["group.joined"], 0)


async def test_without_an_app_callbacks_are_believed(house: House) -> None:
    house.receive(members("add_member", "wmA", "v0", "v1"))
    await house.mapper.run_until_idle()
    assert (house.events(), house.waiting()) == (["group.joined"], 0)


async def test_a_group_that_is_gone_keeps_nobody_waiting(house: House) -> None:
    house.explainers = {"main": Told([ChatGoneError("a", 49008)])}
    house.receive(members("add_member", "wmA", "v0", "v1"))
    await house.mapper.run_until_idle()
    assert (house.events(), house.waiting()) == (["group.joined"], 0)


async def test_one_group_that_cannot_be_explained_does_not_hold_up_another(house: House) -> None:
    class Picky(Told):
        async def groupchat_get(self, chat_id: str) -> GroupChat:
            if chat_id == "wr1":
                raise UnavailableError("a")
            return group("v1", "wmB", chat_id=chat_id)

    house.explainers = {"main": Picky([])}
    house.receive(members("add_member", "wmA", "v0", "v1"))
    house.receive(members("add_member", "wmB", "v0", "v1", ChatId="wr2"))
    await house.mapper.run_until_idle()
    assert house.chain.rows("SELECT data ->> 'chat' FROM events") == [("wr2",)]


async def test_an_error_of_ours_drops_a_callback_in_the_end_and_its_chat_goes_on(house: House) -> None:
    wecom = Told([group("v2", "wmA", "wmB").model_copy(update={"create_time": 10**18})])
    house.explainers = {"main": wecom}
    house.receive(members("add_member", "wmA", "v0", "v1"))
    await house.wait(OUTAGE)
    ((error,),) = house.chain.rows("SELECT error FROM callbacks")
    assert error.startswith("dropped: ")
    told = house.chain.rows("SELECT kind, subject, detail ->> 'reason' FROM alert_signals")
    assert told == [("callback-unreadable", "wecom/main", error.removeprefix("dropped: "))]
    wecom.answers = [group("v2", "wmA", "wmB")]
    house.receive(members("add_member", "wmB", "v1", "v2", CreateTime=AT + 1))
    await house.mapper.run_until_idle()
    assert (sorted(house.events()), house.waiting()) == (["group.joined", "group.joined"], 0)


TAKEN_OVER = Customer.model_validate(
    {"external_contact": {"external_userid": "wmA"}, "follow_user": [{"userid": "wecom-su", "add_way": 202}]}
)


@pytest.mark.parametrize(
    ("answer", "associates"), [(TAKEN_OVER, ["lin", "su"]), (RelationEndedError("a", 84061), ["lin"])]
)
async def test_a_transfer_is_completed(house: House, answer: Customer | Exception, associates: list[str]) -> None:
    wecom = Told([answer])
    house.explainers = {"main": wecom}
    house.receive(contact("add_external_contact", UserID="wecom-lin"))
    gone = {"UserID": "wecom-lin", "Source": "DELETE_BY_TRANSFER", "CreateTime": AT + 600}
    house.receive(contact("del_external_contact", **gone))
    await house.mapper.run_until_idle()
    assert [(row[0], row[4]) for row in house.chain.relations()] == [
        (key, "transfer" if key == "lin" else None) for key in associates
    ]
    assert (wecom.asked, house.waiting()) == (["wmA"], 0)


async def test_two_mappers_share_the_work(house: House) -> None:
    class Slow(Told):
        async def groupchat_get(self, chat_id: str) -> GroupChat:
            self.asked.append(chat_id)
            await asyncio.sleep(0.05)
            return group("v1", f"wm{chat_id}", chat_id=chat_id)

    wecom = Slow([])
    house.explainers = {"main": wecom}
    for number in range(12):
        house.receive(members("add_member", f"wmwr-{number}", "v0", "v1", ChatId=f"wr-{number}"))
    await asyncio.gather(*(house.mapper.run_until_idle() for _ in range(2)))
    assert sorted(wecom.asked) == sorted(f"wr-{number}" for number in range(12))
    assert (len(house.events()), house.waiting()) == (12, 0)


async def test_it_runs_until_it_is_told_to_stop(house: House) -> None:
    asked = asyncio.Event()

    class Heard(Told):
        async def groupchat_get(self, chat_id: str) -> GroupChat:
            asked.set()
            return group("v1", "wmA", chat_id=chat_id)

    house.explainers = {"main": Heard([])}
    house.receive(members("add_member", "wmA", "v0", "v1"))
    stop = asyncio.Event()
    running = asyncio.ensure_future(house.mapper.run(stop))
    await asked.wait()
    stop.set()
    await running
    assert (house.events(), house.waiting()) == (["group.joined"], 0)


# --- against the simulator --------------------------------------------------------------------------------------------

APP = App(corp_id="ww_demo", agent_id=1000002, secret="app-secret", token="token", aes_key=AES_KEY)


@dataclass
class Town:
    """Waystation's web role, a simulator that calls it back, and a mapper that asks it."""

    chain: Chain
    control: httpx.AsyncClient
    mapper: CallbackMapper

    async def do(self, verb: str, **body: object) -> dict[str, Any]:
        answer = await self.control.post(f"/control/{verb}", json=body)
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def settle(self) -> None:
        """Until every callback was delivered and mapped."""
        while True:
            on_their_way = (await self.control.get("/control/callbacks")).json()
            assert on_their_way["given_up"] == 0
            await self.mapper.run_until_idle()
            ((waiting,),) = self.chain.rows("SELECT count(*) FROM callbacks WHERE mapped_at IS NULL")
            if not on_their_way["pending"] and not waiting:
                return
            await asyncio.sleep(0.05)

    async def truth(self) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
        people = (await self.control.get("/control/people")).json()["items"]
        friends = {(one["external_userid"], who) for one in people for who in one["associates"]}
        return friends, {(one["external_userid"], chat) for one in people for chat in one["chats"]}

    def ledgers(self) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
        return self._pairs(_FRIENDS), self._pairs(_SEATED)

    def _pairs(self, sql: str) -> set[tuple[str, str]]:
        return {(self.chain.keys.open(bytes(value)).decode(), where) for value, where in self.chain.rows(sql)}


_FRIENDS = """
    SELECT i.value_enc, a.wecom_userid FROM relations r JOIN associates a ON a.id = r.associate_id
    JOIN identities i ON i.member_id = r.member_id AND i.kind = 'external_userid' WHERE r.ended_at IS NULL"""
_SEATED = """
    SELECT i.value_enc, c.chat_id FROM seats s JOIN chats c ON c.id = s.chat_id
    JOIN identities i ON i.member_id = s.member_id AND i.kind = 'external_userid' WHERE s.left_at IS NULL"""


@pytest.fixture
async def town(database: Database, keys: KeyRing, tmp_path: Path) -> AsyncIterator[Town]:
    chain = build_chain(database, keys)
    apps = {"main": {name: str(value) for name, value in asdict(APP).items()}}
    with serve(create_app(Dependencies(database, SystemClock(), keys, wecom_apps=apps))) as web:
        settings = SimulatorSettings(
            apps={"main": APP},
            callback_url=f"{web}/wecom/callback/{{app}}",
            events_url=f"{web}/api/v1/events",
            events_key="key",
            public_url=web,
        )
        with serve(create_simulator(tmp_path, settings, SystemClock())) as url:
            async with (
                httpx.AsyncClient(base_url=url, trust_env=False, timeout=30) as control,
                httpx.AsyncClient(trust_env=False) as http,
            ):
                wecom = WeCom(APP, Calls(APP, http, url, SystemClock()))
                town = Town(chain, control, CallbackMapper(database, SystemClock(), keys, {"main": wecom}))
                await town.do(
                    "load",
                    associates=[{"userid": f"wecom-{one}", "name": one} for one in ("lin", "chen", "su", "mo")],
                    chats=[{"chat_id": "wr1", "owner": "wecom-lin", "name": "群", "member_version": "v0"}],
                )
                yield town


async def test_the_simulator_verifies_our_address(town: Town) -> None:
    assert await town.do("verify_callback", app="main") == {"verified": True}


async def test_an_add_through_the_simulator_brings_its_channel(town: Town) -> None:
    await town.do("add", associate="wecom-lin", person="an", state="st-S1-till")
    await town.settle()
    ((associate, _, _, _, _, kind, channel, store),) = town.chain.relations()
    assert (associate, kind, channel, store) == ("lin", "new_corp", "S1-till", "S1")


async def test_a_clock_that_runs_ahead_stops_nothing(town: Town) -> None:
    await town.do("add", associate="wecom-lin", person="an")
    await town.do("advance_clock", seconds=500 * 86400)
    await town.do("delete_associate", associate="wecom-lin", person="an")
    await town.do("join_group", chat="wr1", person="an")
    await town.settle()
    assert town.ledgers() == await town.truth()
    assert [row[4] for row in town.chain.relations()] == ["customer"]


@pytest.mark.parametrize("encoding", ["items", "text"])
async def test_a_lost_callback_is_mended_by_the_next_though_the_group_lags(town: Town, encoding: str) -> None:
    await town.do("faults", member_list=encoding, drop=1, chat_lag_ms=700)
    await town.do("join_group", chat="wr1", person="an")
    await town.do("join_group", chat="wr1", person="bo")
    await town.settle()
    assert town.ledgers() == await town.truth()
    assert len(town.ledgers()[1]) == 2


async def test_a_group_that_is_dismissed_while_a_joining_waits_ends_empty(town: Town) -> None:
    await town.do("join_group", chat="wr1", person="an")
    await town.do("dismiss_group", chat="wr1")
    await town.settle()
    kinds = [kind for (kind,) in town.chain.rows("SELECT type FROM events ORDER BY seq")]
    assert kinds == ["group.joined", "group.left"]
    assert [row[3] for row in town.chain.seats()] == ["dismissed"]


async def play(town: Town, fate: random.Random, moves: int) -> None:
    """Random deeds of a few people; what cannot happen is passed over.

    WeCom tells whole seconds: what is done and undone within one cannot be put in order, so time passes in between.
    """
    staff = ["wecom-lin", "wecom-chen", "wecom-su", "stranger"]
    for _ in range(moves):
        person, associate, chat = f"p{fate.randrange(25)}", fate.choice(staff), fate.choice(["wr1", "wr2", "wrNew"])
        verb, body = fate.choice(
            [
                ("add", {"associate": associate, "state": fate.choice([None, "st-S1-till", "odd"])}),
                ("add", {"associate": associate, "half": True}),
                ("join_group", {"chat": chat, "scene": fate.choice([0, 3])}),
                ("join_group", {"chat": chat}),
                ("leave_group", {"chat": chat, "removed": fate.random() < 0.3}),
                ("delete_associate", {"associate": associate}),
                ("delete_customer", {"associate": associate}),
            ]
        )
        answer = await town.control.post(f"/control/{verb}", json={**body, "person": person})
        assert answer.status_code in (200, 409), answer.text
        await town.do("advance_clock", seconds=6)


@pytest.mark.parametrize(
    ("moves", "faults"),
    [(40, {}), (120, {"duplicate": 0.3, "reorder": 0.3, "chat_lag_ms": 6500})],
    ids=["a good day", "a bad day"],
)
async def test_the_ledgers_end_as_wecom_knows_it(town: Town, moves: int, faults: dict[str, float]) -> None:
    """At the end there is one more callback in each group, as there always is one."""
    await town.do("faults", **faults)
    mapping = asyncio.ensure_future(town.settle())
    await play(town, random.Random(7), moves)  # noqa: S311  # bad luck, not secrecy
    await mapping
    await town.settle()
    await town.do("faults")
    for chat in ("wr1", "wr2", "wrNew"):
        await town.do("join_group", chat=chat, person="the last")
    await town.settle()
    assert town.ledgers() == await town.truth()
