"""The embedded tests of the library's journeys, made ready to be lived through: people, places, scripted outcomes."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.coupons.models import CouponBatch
from engine.coupons.store import set_stock
from engine.definitions.kinds import Kind
from engine.definitions.publish import publish
from engine.edits.store import put_draft
from engine.journeys.audience_entries import MATCHED
from engine.journeys.document_tests import Test
from engine.journeys.parse import read
from engine.library.shelf import templates
from engine.organisation.models import Associate, Channel, Chat, Region, Store
from rules.types import Json
from workflows.activities.outside import Outside
from workflows.activities.registry import (
    Activities,
    Activity,
    ActivityFailure,
    Effect,
    LocalActivity,
    RemoteActivity,
    Result,
    catalogue_of,
    load_activities,
)

STORE, BEFORE = "S1", "before"
"""The store of everybody of whom nothing else is said; the associate whose friends some are already."""


@dataclass(frozen=True)
class Case:
    """One test of one journey: who lives through it, and what happens when."""

    journey: str
    test: Test
    who: str

    @property
    def events(self) -> list[tuple[str, str, dict[str, Json]]]:
        """Offset, type and data as a till or WeCom would send it: references by key."""
        return [(each.at or "PT0S", each.on, self._sent(each.on, each.data)) for each in self.test.when if each.on]

    def _sent(self, kind: str, data: Mapping[str, Json]) -> dict[str, Json]:
        sent = dict(data)
        for name in ("channel", "store", "associate"):
            record = sent.get(name)
            if isinstance(record, dict):
                sent[name] = record.get("key") or f"c-{record.get('kind', 'pos')}"
        return {"journey": self.journey, **sent} if kind == MATCHED else sent


def cases() -> list[Case]:
    """Every test of every journey of the library."""
    found: list[Case] = []
    for template in templates("journey"):
        journey = read(template.document).journey
        assert journey is not None
        found += [Case(template.key, test, f"member:{9000 + len(found) + n}") for n, test in enumerate(journey.tests)]
    return found


@dataclass
class Script:
    """What activities come to, by run's member and type; all others are as they really are."""

    told: dict[tuple[int, str], deque[Any]] = field(default_factory=dict)

    def activities(self) -> Activities:
        """The real types, that do as the script says where it says something."""
        return {name: self._scripted(name, each) for name, each in load_activities().items()}

    def _scripted(self, name: str, real: Activity) -> Activity:
        if isinstance(real, LocalActivity):

            def local(session: Session, params: Any, effect: Effect) -> Result:
                said = self._next(effect, name)
                return said if said is not None else real.run(session, params, effect)

            return replace(real, run=local)

        async def remote(outside: Outside, params: Any, effect: Effect) -> Result:
            said = self._next(effect, name)
            return said if said is not None else await real.run(outside, params, effect)

        assert isinstance(real, RemoteActivity)
        return replace(real, run=remote)

    def _next(self, effect: Effect, name: str) -> Result | None:
        script = self.told.get((effect.member_id, name))
        if not script:
            return None
        said = script.popleft()
        if "fails" in said.model_fields_set:
            raise ActivityFailure("scripted", code="failed", final=True)
        returned = said.returns
        if isinstance(returned, str):
            return Result(returned)
        return Result(value=returned if isinstance(returned, dict) else {})


def found_chain(session: Session, now: datetime) -> None:
    """The places, people and batches that the tests name."""
    region = Region(key="all", title={"zh": "全国", "en": "All"})
    session.add(region)
    session.flush()
    stores = {STORE, *_named("store"), "E01", "E02", "E09"}
    ids: dict[str, int] = {}
    for key in sorted(stores):
        store = Store(key=key, title={"zh": "灯塔路店", "en": "Lighthouse Road"}, region_id=region.id)
        session.add(store)
        session.flush()
        ids[key] = store.id
    for key in sorted({BEFORE, *_named("associate"), *_owners()}):
        session.add(Associate(key=key, wecom_userid=key, store_id=ids[STORE]))
    session.flush()
    for chat in sorted({"wr0", *_named("chat")}):
        session.add(Chat(chat_id=chat, title={"zh": "福利群", "en": "Group"}, store_id=ids[STORE]))
    for kind in ("pos", "receipt", "shelf", "poster", "staff", "link"):
        title = {"zh": kind, "en": kind}
        session.add(Channel(key=f"c-{kind}", state=f"c{kind}", title=title, kind=kind, store_id=ids[STORE]))
    for key in sorted(_batches()):
        title = {"zh": "券", "en": "Coupon"}
        batch = CouponBatch(key=key, title=title, stock=1_000, value=100, valid_for="P60D", created_at=now)
        session.add(batch)
        session.flush()
        set_stock(session, batch, 1_000)


def publish_library(session: Session, activities: Activities, now: datetime) -> None:
    """Fields, rulesets and journeys, as headquarters publishes them; nobody is held out."""
    kinds: tuple[Kind, ...] = ("fields", "ruleset", "journey")
    for kind in kinds:
        for template in templates(kind):
            document: dict[str, Any] = template.document
            document.get("policies", {}).pop("holdout", None)
            put_draft(session, kind, template.key, json.dumps(document), by="user:t", now=now)
            publish(session, kind, template.key, catalogue=catalogue_of(activities), by="user:t", now=now)


def settle(session: Session, member: int, given: Mapping[str, Json]) -> None:
    """What no event tells of a member: whose they are, and where."""
    owner = given.get("owner")
    store = given.get("store", STORE)
    session.connection().execute(_SETTLE, {"member": member, "owner": owner, "store": store})


def _all_data() -> list[dict[str, Json]]:
    return [data for case in cases() for _, _, data in case.events]


def _named(name: str) -> set[str]:
    return {value for data in _all_data() if isinstance(value := data.get(name), str)}


def _owners() -> set[str]:
    return {owner for case in cases() if isinstance(owner := case.test.given.member.get("owner"), str)}


def _batches() -> set[str]:
    found: set[str] = {value for data in _all_data() if isinstance(value := data.get("batch"), str)}
    for template in templates("journey"):
        journey = read(template.document).journey
        params = [getattr(node, "params", {}) for node in journey.nodes.values()] if journey else []
        found |= {batch for each in params if isinstance(batch := each.get("batch"), str)}
    return found


_SETTLE = text("""
UPDATE members SET store_id = (SELECT id FROM stores WHERE key = :store),
    owner_id = (SELECT id FROM associates WHERE key = CAST(:owner AS text)) WHERE id = :member""")
