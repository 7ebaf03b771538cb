"""Making contact ways: with fakes for WeCom's moods, and against the simulator over real HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text

from engine.clock import FixedClock, SystemClock
from engine.database.connection import Database
from engine.organisation import ways
from engine.secrets.keyring import KeyRing
from engine.wecom.answers import ContactWay
from engine.wecom.callback import App
from engine.wecom.calls import Calls
from engine.wecom.client import WeCom
from engine.wecom.errors import (
    ConfigurationError,
    NotActivatedError,
    OutcomeUnknownError,
    RateLimitedError,
    RefusedError,
    UnavailableError,
    WeComError,
)
from engine.wecom.simulator.app import create_app as create_simulator
from engine.wecom.simulator.settings import SimulatorSettings
from tests.engine.chain import Chain, build_chain
from tests.engine.wecom.servers import serve
from tests.engine.wecom.vectors import AES_KEY
from workflows.contact_ways import ContactWays, Maker, rest_after


@dataclass
class Press:
    """WeCom as it makes ways, or refuses each with the error that is set."""

    refuses: WeComError | None = None
    asked: list[tuple[str, str, str]] = field(default_factory=list)

    async def add_contact_way(self, users: Sequence[str], state: str, remark: str = "") -> ContactWay:
        self.asked.append((users[0], state, remark))
        await asyncio.sleep(0)
        if self.refuses is not None:
            raise self.refuses
        return ContactWay(config_id=f"way-{len(self.asked)}", qr_code=f"https://wework.example.com/{users[0]}.png")


@dataclass
class House:
    """A chain whose channels are staffed, and who makes its ways."""

    chain: Chain
    clock: FixedClock
    press: Press = field(default_factory=Press)

    @property
    def makes(self) -> ContactWays:
        return ContactWays(self.chain.database, self.clock, self.press)

    def staff(self, channel: str, *keys: str) -> int:
        """Put accounts behind a channel; its id."""
        with self.chain.database.begin() as session:
            found = session.connection().execute(_STAFF, {"channel": channel, "keys": list(keys)})
            return int(found.scalar_one())

    def want(self, channel: int, userid: str) -> None:
        with self.chain.database.begin() as session:
            ways.want(session, channel, userid, now=self.clock.now())

    def rows(self) -> list[tuple[str, str | None, str | None, int]]:
        found = self.chain.rows("SELECT userid, config_id, qr_url, failures FROM contact_ways ORDER BY userid")
        return [tuple(row) for row in found]


_STAFF = text("""
    UPDATE channels SET associates = (SELECT array_agg(id ORDER BY id) FROM associates WHERE key = ANY (:keys))
    WHERE key = :channel RETURNING id""")


@pytest.fixture
def house(database: Database, keys: KeyRing, clock: FixedClock) -> House:
    return House(build_chain(database, keys), clock)


async def test_a_wanted_way_is_made_once_and_kept(house: House) -> None:
    till = house.staff("S1-till", "lin", "chen")
    for _ in range(3):
        house.want(till, "wecom-lin")
        await house.makes.make()
    assert house.press.asked == [("wecom-lin", "st-S1-till", "S1-till")]
    assert house.rows() == [("wecom-lin", "way-1", "https://wework.example.com/wecom-lin.png", 0)]


async def test_a_channel_with_receivers_gets_one_way_ahead_of_its_first_visitor(house: House) -> None:
    house.staff("S1-till", "lin", "chen")
    for _ in range(2):
        await house.makes.want_ahead()
        await house.makes.make()
    assert house.press.asked == [("wecom-lin", "st-S1-till", "S1-till")]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE associates SET active = false",
        "UPDATE associates SET wecom_userid = NULL",
        "UPDATE channels SET expires_at = '2026-01-07T00:00Z'",
    ],
)
async def test_nothing_is_made_ahead_where_nobody_could_receive(house: House, change: str) -> None:
    house.staff("S1-till", "lin")
    with house.chain.database.begin() as session:
        session.connection().execute(text(change))
    await house.makes.want_ahead()
    await house.makes.make()
    assert house.press.asked == []


async def test_two_routers_make_each_way_once(house: House) -> None:
    till = house.staff("S1-till", "lin", "chen", "su", "mo")
    for key in ("lin", "chen", "su", "mo"):
        house.want(till, f"wecom-{key}")
    await asyncio.gather(*(house.makes.make() for _ in range(3)))
    assert sorted(one[0] for one in house.press.asked) == ["wecom-chen", "wecom-lin", "wecom-mo", "wecom-su"]


async def test_what_wecom_refuses_rests_longer_each_time_until_a_visitor_asks_again(house: House) -> None:
    till = house.staff("S1-till", "lin")
    house.press.refuses = NotActivatedError("a", 41054)
    for hours, tries in ((0, 1), (0.5, 1), (0.6, 2), (1.5, 2), (0.6, 3)):
        house.clock.advance(timedelta(hours=hours))
        house.want(till, "wecom-lin")
        await house.makes.make()
        assert len(house.press.asked) == tries
    house.press.refuses = None
    house.clock.advance(timedelta(days=1))
    await house.makes.make()
    assert len(house.press.asked) == 3, "nobody has come since"
    house.want(till, "wecom-lin")
    await house.makes.make()
    assert [row[1] for row in house.rows()] == ["way-4"]


async def test_an_outage_delays_a_way_by_seconds(house: House) -> None:
    till = house.staff("S1-till", "lin")
    house.press.refuses = UnavailableError("a")
    house.want(till, "wecom-lin")
    await house.makes.make()
    house.press.refuses = None
    house.clock.advance(timedelta(seconds=3))
    house.want(till, "wecom-lin")
    await house.makes.make()
    assert [row[1] for row in house.rows()] == ["way-2"]


async def test_a_router_that_dies_between_answer_and_keeping_leaves_the_way_to_another(house: House) -> None:
    house.want(house.staff("S1-till", "lin"), "wecom-lin")
    with house.chain.database.begin() as session:
        now = house.clock.now()
        assert ways.lease(session, now=now, until=now + timedelta(seconds=30), limit=8)
    await house.makes.make()
    assert house.press.asked == [], "leased by the one that died"
    house.clock.advance(timedelta(seconds=31))
    await house.makes.make()
    assert [row[1] for row in house.rows()] == ["way-1"]


def test_a_late_answer_does_not_replace_a_way_that_customers_know(house: House) -> None:
    house.want(house.staff("S1-till", "lin"), "wecom-lin")
    now = house.clock.now()
    with house.chain.database.begin() as session:
        (wanted,) = ways.lease(session, now=now, until=now, limit=8)
        ways.made(session, wanted, "first", "https://a")
        ways.made(session, wanted, "second", "https://b")
        ways.failed(session, wanted, "late", until=now)
    assert house.rows() == [("wecom-lin", "first", "https://a", 0)]


def test_a_way_is_seen_within_the_scope_of_its_channel(house: House) -> None:
    till = house.staff("S1-till", "lin")
    house.want(till, "wecom-lin")
    for store, seen in (("S1", 1), ("S2", 0)):
        with house.chain.database.begin((house.chain.stores[store],)) as session:
            assert session.connection().execute(text("SELECT count(*) FROM contact_ways")).scalar_one() == seen


@pytest.mark.parametrize(
    ("error", "failures", "seconds"),
    [
        (UnavailableError("a"), 0, 2),
        (UnavailableError("a"), 3, 16),
        (RateLimitedError("a", 60), 0, 60),
        (OutcomeUnknownError("a"), 0, 60),
        (TimeoutError(), 1, 120),
        (ConfigurationError("a", 48002), 0, 60),
        (RefusedError("a", 41045), 0, 3600),
        (RefusedError("a", 41045), 9_999, 86400),
    ],
)
def test_the_rest_follows_the_error(error: Exception, failures: int, seconds: float) -> None:
    assert rest_after(error, failures) == timedelta(seconds=seconds)


# --- against the simulator --------------------------------------------------------------------------------------------

APP = App(corp_id="ww_demo", agent_id=1000002, secret="app-secret", token="token", aes_key=AES_KEY)
NOWHERE = "http://127.0.0.1:9"


async def test_a_way_of_the_simulator_has_a_picture_that_leads_to_the_account(house: House, tmp_path: Path) -> None:
    settings = SimulatorSettings({"main": APP}, f"{NOWHERE}/{{app}}", NOWHERE, "key", NOWHERE)
    with serve(create_simulator(tmp_path, settings, SystemClock())) as url:
        async with httpx.AsyncClient(base_url=url, trust_env=False) as http:
            await http.post("/control/load", json={"associates": [{"userid": "wecom-lin", "name": "lin"}]})
            maker: Maker = WeCom(APP, Calls(APP, http, url, SystemClock()))
            till = house.staff("S1-till", "lin", "chen")
            house.want(till, "wecom-lin")
            house.want(till, "wecom-chen")
            await replace(house.makes, maker=maker).make()
            unknown, known = house.rows()
            assert unknown == ("wecom-chen", None, None, 1), "WeCom does not know this account"
            assert known[1:] == (known[1], f"{url}/qr/{known[1]}", 0)
            picture = await http.get(known[2] or "")
            assert picture.headers["content-type"] == "image/svg+xml"
            leads_to = (await http.get(f"/u/{known[1]}")).text
            assert "adds wecom-lin" in leads_to
            assert '"state": "st-S1-till"' in leads_to
            assert (await http.get("/u/none")).status_code == 404
