"""Each error code of facts/wecom.md, 3.11, against the simulator: what WeCom is asked, and what becomes of the run, the
ledger, the staff, the tags, the codes of channels, and the alerts. One row of the table, one way that it must go.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select, text
from sqlmodel import col
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from engine.alerts.fold import fold
from engine.alerts.models import AlertSignal
from engine.alerts.store import list_alerts
from engine.clock import FixedClock
from engine.database.connection import Database
from engine.events.models import Event
from engine.jobs.kinds import SYNC
from engine.jobs.models import Job
from engine.organisation import ways
from engine.organisation.models import Associate, Channel
from engine.relations.models import Relation
from engine.runs.models import Effect
from engine.secrets.keyring import KeyRing
from engine.wecom import errors
from engine.wecom.calls import Calls
from engine.wecom.client import WeCom
from engine.wecom.errands import Errands
from engine.wecom.errors import DispatchingError, RateLimitedError
from engine.wecom.pace import PARALLEL
from engine.wecom.reports import Reports
from tests.engine.wecom.conftest import APP, Simulator
from tests.workflows.chain import open_store
from tests.workflows.world import World, journey
from workflows.activities.outside import Outside
from workflows.activities.registry import load_activities
from workflows.contact_ways import ContactWays
from workflows.remote import RemoteExecutor
from workflows.service.connections import ways_out
from workflows.service.parts import Parts
from workflows.service.settings import Settings, WecomApp

TAG, TAGS = "externalcontact/mark_tag", "externalcontact/get_corp_tag_list"
WELCOME, SEND = "externalcontact/send_welcome_msg", "message/send"
WAY, LIST, STAFF = "externalcontact/add_contact_way", "externalcontact/list", "externalcontact/get_follow_user_list"
TOKEN = "gettoken"

TYPES: dict[str, tuple[str, dict[str, Any]]] = {
    TAG: ("wecom.tag_member", {"add": ["新客"]}),
    TOKEN: ("wecom.tag_member", {"add": ["新客"]}),
    SEND: ("wecom.notify_associate", {"text": "hello"}),
}


@dataclass
class Scene:
    """A customer who is a friend of `a1`, a run that wants something done in WeCom, and a worker."""

    simulator: Simulator
    world: World
    clock: FixedClock
    http: httpx.AsyncClient
    wecom: WeCom = field(init=False)
    slept: list[float] = field(default_factory=list)
    customer: str = ""
    code: str = ""

    def __post_init__(self) -> None:
        async def sleep(seconds: float) -> None:
            self.slept.append(seconds)

        world = self.world
        reports = Reports("main", world.database, self.clock)
        calls = Calls(APP, self.http, self.simulator.url, self.clock, sleep, hear=reports.hear)
        self.wecom = WeCom(APP, calls)
        errands = Errands(self.wecom, world.database, self.clock, world.keys)
        outside = Outside(errands, self.http)
        self.executor = RemoteExecutor(world.database, self.clock, world.keys, world.activities, outside, world.plans)
        added = self.simulator.control("add", associate="a1", person="lin")
        self.customer, self.code = added["external_userid"], added["welcome_code"]
        world.tell("contact.added", {"associate": "a1", "half": False}, who=f"external_userid:{self.customer}")
        world.route()

    def fail(self, code: int, api: str | None = None, **more: object) -> None:
        self.simulator.control("faults", errcode={"code": code, "api": api, **more})

    def calls(self, api: str) -> int:
        return sum(self.simulator.calls(api).values())

    def ask(self, api: str) -> str:
        """A run that waits for its effect; the effect's key."""
        welcome = ("wecom.send_welcome", {"welcome_code": self.code, "text": "hello"})
        activity, params = TYPES.get(api, welcome)
        nodes = {
            "act": {
                "type": "activity", "activity": activity, "params": params,
                "ports": {"done": "over", "expired": "late"} if activity == "wecom.send_welcome" else {"done": "over"},
            },
            "over": {"type": "end", "outcome": "over"},
            "late": {"type": "end", "outcome": "late"},
        }  # fmt: skip
        self.world.publish(journey(start="act", entry=[{"on": "contact.scanned"}], nodes=nodes, exits=[]))
        self.world.tell("contact.scanned", {"channel": "pos-1"}, who=f"external_userid:{self.customer}")
        self.world.route()
        key = self.world.take().effect
        assert key is not None
        return key

    async def attempt(self, key: str) -> timedelta | None:
        """One attempt; when the next one follows."""
        try:
            await ActivityEnvironment().run(self.executor.execute, key)
        except ApplicationError as error:
            return error.next_retry_delay
        return None

    @property
    def effect(self) -> Effect:
        return self.world.effects()[-1]

    def ended(self) -> tuple[str, str | None]:
        """Where the run has come to."""
        self.world.take()
        run = self.world.run()
        return run.status, run.outcome or run.stuck_reason

    def alerts(self) -> list[tuple[str, str, object]]:
        with self.world.database.begin() as session:
            rows = session.execute(select(AlertSignal).where(col(AlertSignal.kind) == "wecom-configuration")).scalars()
            return [(one.kind, one.subject, one.detail["code"]) for one in rows]

    def syncs(self) -> int:
        with self.world.database.begin() as session:
            return len(session.execute(select(Job).where(col(Job.kind) == SYNC)).all())

    def friends(self) -> int:
        with self.world.database.begin() as session:
            return len(session.execute(select(Relation).where(col(Relation.ended_at).is_(None))).all())


@pytest.fixture
async def scene(
    simulator: Simulator, database: Database, clock: FixedClock, keys: KeyRing, http: httpx.AsyncClient
) -> Scene:
    with database.begin() as session:
        open_store(session, stock=1, now=clock.now())
    return Scene(simulator, World(database, clock, keys, activities=load_activities()), clock, http)


async def is_busy(scene: Scene, code: int, api: str) -> None:
    """Retry at most three times, slower each time; the attempt after that is the journey's."""
    scene.fail(code, api, times=2)
    key = scene.ask(api)
    assert await scene.attempt(key) is None
    assert (scene.calls(api), scene.effect.state) == (3, "settled")
    scene.fail(code, api)
    key = scene.ask(api)
    assert await scene.attempt(key) == timedelta(seconds=1)
    assert (scene.calls(api), scene.effect.state, scene.effect.failures) == (3 + 4, "asked", 1)
    assert all(0.25 * 2**n <= pause <= 0.5 * 2**n for n, pause in enumerate(scene.slept[2:]))
    assert scene.alerts() == []


async def needs_a_person(scene: Scene, code: int, api: str) -> None:
    """No retry, an alert that names the app and the code, and a run that waits for an operator."""
    scene.fail(code, api)
    assert await scene.attempt(scene.ask(api)) is None
    assert (scene.calls(api), scene.slept) == (1, [])
    assert scene.alerts() == [("wecom-configuration", "wecom/main", code)]
    assert scene.ended() == ("stuck", "failed")
    assert f"errcode {code}" in (scene.effect.error or "")
    assert scene.friends() == 1


async def renews_its_token(scene: Scene, code: int, api: str) -> None:
    """One fetch for all who find out, and one replay each."""
    await scene.wecom.follow_user_list()
    scene.fail(code, STAFF, times=1)
    await asyncio.gather(*(scene.wecom.follow_user_list() for _ in range(20)))
    assert scene.simulator.calls(TOKEN) == {0: 2}
    refused = sum(count for answer, count in scene.simulator.calls(STAFF).items() if answer != 0)
    assert scene.calls(STAFF) == 1 + 20 + refused
    scene.fail(code, api)
    assert await scene.attempt(scene.ask(api)) == timedelta(seconds=1)
    assert scene.calls(api) == 2
    assert scene.slept == []
    assert scene.alerts() == []


async def is_a_defect(scene: Scene, code: int, api: str) -> None:
    """No retry and nobody is called: the run shows it."""
    scene.fail(code, api)
    assert await scene.attempt(scene.ask(api)) is None
    assert (scene.calls(api), scene.alerts(), scene.syncs(), scene.friends()) == (1, [], 0, 1)
    assert scene.ended() == ("stuck", "failed")


async def asks_for_a_sync(scene: Scene, code: int, api: str) -> None:
    """The directory is read again, once for all who find out, and the attempt follows after that."""
    scene.fail(code, api, times=2)
    key = scene.ask(api)
    assert await scene.attempt(key) == timedelta(minutes=5)
    scene.clock.advance(timedelta(minutes=5))
    assert await scene.attempt(key) == timedelta(minutes=5)
    assert (scene.calls(api), scene.syncs(), scene.alerts()) == (2, 1, [])
    assert await scene.attempt(key) is None
    assert scene.ended() == ("completed", "over")


async def reads_the_tags_again(scene: Scene, code: int, api: str) -> None:
    await scene.attempt(scene.ask(api))
    read = scene.calls(TAGS)
    scene.fail(code, api, times=1)
    assert await scene.attempt(scene.ask(api)) is None
    assert scene.simulator.calls(api) == {0: 2, code: 1}
    assert scene.calls(TAGS) == read + 1
    assert scene.ended() == ("completed", "over")


async def drops_the_customer(scene: Scene, code: int, api: str) -> None:
    """Nothing is written and nothing is tried again; our ledger knows better than a name that WeCom refuses."""
    scene.fail(code, api)
    assert await scene.attempt(scene.ask(api)) is None
    assert (scene.calls(api), scene.friends(), scene.alerts(), scene.syncs()) == (1, 1, [], 0)
    assert scene.ended() == ("completed", "over")


async def ends_the_relation(scene: Scene, code: int, api: str) -> None:
    """In our ledger, by an event that journeys see; a list of nobody is empty."""
    scene.fail(code, LIST)
    assert await scene.wecom.contact_list("a1") == []
    scene.fail(code, api)
    assert await scene.attempt(scene.ask(api)) is None
    assert (scene.calls(api), scene.friends()) == (1, 0)
    with scene.world.database.begin() as session:
        [lost] = session.execute(select(Event).where(col(Event.type) == "contact.lost")).scalars()
    assert lost.data == {"associate": "a1", "by": "unknown", "last": True}
    assert scene.ended() == ("completed", "over")
    assert await scene.attempt(scene.ask(api)) is None
    assert scene.calls(api) == 1


async def closes_the_api(scene: Scene, code: int, api: str) -> None:
    """For a minute, then an hour; what asks meanwhile does not reach WeCom, and other APIs go on."""
    scene.fail(code, api)
    key, other = scene.ask(api), scene.ask(SEND)
    assert await scene.attempt(key) == timedelta(seconds=60)
    assert await scene.attempt(key) == timedelta(seconds=60)
    assert scene.calls(api) == 1
    assert await scene.attempt(other) is None
    assert scene.calls(SEND) == 1
    scene.clock.advance(timedelta(seconds=60))
    assert await scene.attempt(key) == timedelta(hours=1)
    assert scene.calls(api) == 2
    scene.simulator.control("faults")
    scene.clock.advance(timedelta(hours=1))
    assert await scene.attempt(key) is None
    assert scene.slept == []


async def goes_slower(scene: Scene, code: int, api: str) -> None:
    """Fewer calls at once, and another try after a while that is random."""
    await scene.wecom.follow_user_list()
    crowd = Crowd(scene.http)
    await asyncio.gather(*(scene.wecom.follow_user_list() for _ in range(30)))
    assert crowd.most == PARALLEL
    scene.fail(code, STAFF, times=2)
    await scene.wecom.follow_user_list()
    crowd.most = 0
    await asyncio.gather(*(scene.wecom.follow_user_list() for _ in range(6)))
    assert crowd.most <= 4
    scene.fail(code, api, times=2)
    assert await scene.attempt(scene.ask(api)) is None
    assert scene.simulator.calls(api) == {code: 2, 0: 1}
    assert len(set(scene.slept)) == 4


async def is_over(scene: Scene, code: int, api: str) -> None:
    scene.fail(code, api)
    assert await scene.attempt(scene.ask(api)) is None
    assert scene.calls(api) == 1
    assert scene.ended() == ("completed", "late")


async def is_done(scene: Scene, code: int, api: str) -> None:
    scene.fail(code, api)
    assert await scene.attempt(scene.ask(api)) is None
    assert scene.calls(api) == 1
    assert scene.ended() == ("completed", "over")


async def is_tried_while_the_code_lives(scene: Scene, code: int, api: str) -> None:
    """Every second, so that several attempts lie within the twenty seconds of a welcome code."""
    scene.fail(code, api, times=4)
    key, waited = scene.ask(api), timedelta()
    while delay := await scene.attempt(key):
        waited += delay
    assert (scene.calls(api), waited) == (5, timedelta(seconds=4))
    assert scene.simulator.outbox(kind="welcome") != []
    assert scene.ended() == ("completed", "over")


async def leaves_the_employee_out(scene: Scene, code: int, api: str) -> None:
    """Of the code of a channel: another account receives, and WeCom is not asked again soon."""
    database, now = scene.world.database, scene.clock.now()
    with database.begin() as session:
        store = session.execute(text("SELECT id FROM stores")).scalar_one()
        spare = Associate(key="a2", wecom_userid="a2", store_id=store)
        session.add(spare)
        session.flush()
        channel = session.execute(select(Channel)).scalar_one()
        channel.backups = [spare.id]
        number = channel.id
        for userid in ("a1", "a2"):
            ways.want(session, number, userid, now=now)
    scene.simulator.control("load", associates=[{"userid": "a2", "name": "B"}])
    scene.fail(code, api, times=1)
    maker = ContactWays(database, scene.clock, scene.wecom)
    await maker.make()
    await maker.make()
    with database.begin() as session:
        found = ways.read(session, number, now=now)
    assert found.refused in ({"a1"}, {"a2"})
    assert set(found.pictures) == {"a1", "a2"} - found.refused
    assert (scene.calls(api), scene.alerts()) == (2, [])


async def comes_later(scene: Scene, code: int, api: str) -> None:
    """The product asks for no result of a mass send yet: whatever call meets the code is put off for a minute."""
    scene.fail(code, api, times=1)
    key = scene.ask(api)
    assert await scene.attempt(key) == timedelta(seconds=DispatchingError.retry_after)
    assert (scene.calls(api), scene.slept) == (1, [])
    assert await scene.attempt(key) is None
    assert scene.ended() == ("completed", "over")


class Crowd:
    """Counts how many requests are under way at once."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.inside = self.most = 0
        http.event_hooks = {"request": [self._enter], "response": [self._leave]}

    async def _enter(self, _: httpx.Request) -> None:
        self.inside += 1
        self.most = max(self.most, self.inside)

    async def _leave(self, _: httpx.Response) -> None:
        self.inside -= 1


TABLE: list[tuple[int, str, Callable[[Scene, int, str], Awaitable[None]]]] = [
    (-1, TAG, is_busy),
    (40001, TOKEN, needs_a_person),
    (40013, TOKEN, needs_a_person),
    (40091, TOKEN, needs_a_person),
    (40014, TAG, renews_its_token),
    (42001, TAG, renews_its_token),
    (41001, TAG, is_a_defect),
    (40003, TAG, asks_for_a_sync),
    (60111, TAG, asks_for_a_sync),
    (46004, SEND, asks_for_a_sync),
    (40058, TAG, is_a_defect),
    (40035, SEND, is_a_defect),
    (40063, TAG, is_a_defect),
    (40068, TAG, reads_the_tags_again),
    (40096, TAG, drops_the_customer),
    (84061, TAG, ends_the_relation),
    (84074, TAG, needs_a_person),
    (48002, TAG, needs_a_person),
    (60011, SEND, needs_a_person),
    (301002, SEND, needs_a_person),
    (81013, SEND, needs_a_person),
    (48006, TAG, needs_a_person),
    (45009, TAG, closes_the_api),
    (45033, TAG, goes_slower),
    (45035, TAG, goes_slower),
    (41050, WELCOME, is_over),
    (41051, WELCOME, is_done),
    (41096, WELCOME, is_tried_while_the_code_lives),
    (41054, WAY, leaves_the_employee_out),
    (41063, TAG, comes_later),
    (60020, TAG, needs_a_person),
    (701008, TAG, needs_a_person),
]


@pytest.mark.parametrize(("code", "api", "leads"), TABLE, ids=[f"{code}-{leads.__name__}" for code, _, leads in TABLE])
async def test_each_code_leads_to_what_the_table_says(
    scene: Scene, code: int, api: str, leads: Callable[[Scene, int, str], Awaitable[None]]
) -> None:
    await leads(scene, code, api)


def test_every_code_of_ours_that_the_table_names_is_in_it() -> None:
    """The others came with single APIs: groups that are gone, a full account, bad lists."""
    beside = {81017, 41041, 49008, 86001, 86003, 40099}
    assert {code for code, *_ in TABLE} == errors.POLICIES.keys() - beside


async def test_a_rate_limit_is_no_reason_to_ask_again_within_one_attempt(scene: Scene) -> None:
    scene.fail(45009, STAFF)
    for _ in range(3):
        with pytest.raises(RateLimitedError):
            await scene.wecom.follow_user_list()
    assert scene.calls(STAFF) == 1


async def test_refusals_are_told_once_a_minute(scene: Scene) -> None:
    scene.fail(48002, STAFF)
    for seconds in (0, 59, 1):
        scene.clock.advance(timedelta(seconds=seconds))
        with pytest.raises(errors.ConfigurationError):
            await scene.wecom.follow_user_list()
    assert len(scene.alerts()) == 2


@pytest.mark.parametrize(("code", "api"), [(40001, TOKEN), (60020, TAG)])
async def test_a_worker_as_it_is_wired_opens_an_alert(scene: Scene, code: int, api: str) -> None:
    world, app = scene.world, {name: str(value) for name, value in asdict(APP).items()}
    settings = Settings(wecom_base_url=scene.simulator.url, wecom_apps={"main": WecomApp.model_validate(app)})
    parts = Parts(settings, world.database, scene.clock, world.keys, world.activities)
    scene.fail(code, api)
    async with ways_out(parts) as outside:
        scene.executor = replace(scene.executor, outside=outside)
        assert await scene.attempt(scene.ask(api)) is None
    with world.database.begin() as session:
        fold(session)
        opened = {(one.kind, one.subject): one.detail for one in list_alerts(session, state="open")}
    assert opened["wecom-configuration", "wecom/main"]["code"] == code
