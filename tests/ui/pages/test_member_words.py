"""A member's page speaks in titles; keys and codes stand aside, for programmers."""

from __future__ import annotations

import re

import pytest

from engine.clock import FixedClock
from engine.database.connection import Database
from engine.events.models import Event
from engine.runs.models import Effect
from engine.secrets.keyring import KeyRing
from tests.ui.pages.test_pages import text_of
from tests.ui.sample import Sample
from tests.ui.visitor import Visitor
from ui.app import Dependencies
from workflows.activities.registry import catalogue_of, load_activities


@pytest.fixture
def deps(database: Database, keys: KeyRing, clock: FixedClock) -> Dependencies:
    return Dependencies(database, clock, keys, catalogue_of(load_activities()), demo=True)


@pytest.fixture
def member(database: Database, clock: FixedClock, chain: Sample) -> int:
    """A member of whom all kinds of things came in, and for whom an effect failed once."""
    told: dict[str, dict[str, object]] = {
        "contact.lost": {"associate": "E01-a", "by": "customer", "last": True},
        "group.left": {"chat": "wr1", "by": "self"},
        "coupon.claimed": {"batch": "HOOK-2026", "store": "E01"},
        "order.paid": {"sales_channel": "mini_program", "lines": [{"sku": "S1", "qty": 2, "amount": 990}]},
        "audience.matched": {"journey": "hook-coupon", "occurrence": "schedule/2026"},
    }
    at, who = clock.now(), chain.members[0]
    with database.begin() as session:
        for kind, data in told.items():
            named = {"source": "test", "event_id": f"more-{kind}", "type": kind, "member_id": who, "data": data}
            session.add(Event(**named, time=at, accepted_at=at))
        run = chain.runs["wait_add"]
        done = {"journey": "hook-coupon", "type": "coupon.issue", "state": "settled", "port": "sold_out"}
        session.add(Effect(run_id=run, node="coupon", visit=2, **done, asked_at=at, settled_at=at))
    return who


def shown(admin: Visitor, member: int, language: str) -> str:
    """The page without what stands aside."""
    answer = admin.get(f"/members/{member}?lang={language}")
    answer._content = re.sub(r"<details.*?</details>", "", answer.text, flags=re.DOTALL).encode()
    del answer._text
    return text_of(answer)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "zh",
            [
                "由谁删除 顾客删除",
                "不再有好友关系 是",
                "客户群 灯塔路福利群",
                "退群原因 自己退群",
                "券批次 红颜草莓 9.9 元券",
                "门店 星澜·灯塔路店",
                "销售渠道 小程序",
                "商品编码：S1",
                "数量：2",
                "旅程 扫码入群领券",
                "引流渠道 星澜·灯塔路店 收银台",
                "入群",
                "已完成",
                "第 2 次",
            ],
        ),
        (
            "en",
            [
                "Ended by The customer",
                "Left by Themselves",
                "Store Xinglan Lighthouse Road",
                "SKU: S1",
                "Quantity: 2",
                "Sales channel Mini-program",
                "Journey Scan, add, join, coupon",
                "Channel Xinglan Lighthouse Road pos",
            ],
        ),
    ],
)
def test_the_log_names_values_by_their_titles(admin: Visitor, member: int, language: str, words: list[str]) -> None:
    page = shown(admin, member, language)
    assert [each for each in words if each not in page] == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_key_stands_where_a_title_exists(admin: Visitor, member: int, language: str) -> None:
    page = shown(admin, member, language)
    raw = [
        " self ",
        "mini_program",
        "HOOK-2026",
        "hook-coupon",
        "contact.lost",
        "coupon.issue",
        "wr1",
        "E01-pos",
        "settled",
        "welcome_code",
        "schedule/2026",
        "true",
        '{"',
    ]
    assert [each for each in raw if each in page] == []
    assert "welcome_code" in admin.get(f"/members/{member}?lang={language}").text, "programmers find it aside"
