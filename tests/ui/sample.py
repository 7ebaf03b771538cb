"""A small chain with one published journey and people on their way in it, for the tests of the pages."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from engine.access.store import add_user
from engine.alerts.models import Alert
from engine.clock import Clock
from engine.coupons.models import Coupon, CouponBatch
from engine.database.connection import Database
from engine.definitions.context import event_fields
from engine.definitions.models import Bundle, Draft, Live, Version
from engine.edits.store import put_draft
from engine.events.models import Event, MemberQueue
from engine.funnel.models import FunnelSum
from engine.funnel.people import COLUMNS
from engine.journeys.plan import bundle_of, compile_plan
from engine.journeys.state import EventIn, RunRef, State
from engine.members.fields import base_fields
from engine.members.models import Identity, Member
from engine.organisation.models import Associate, Channel, Chat, Region, Store
from engine.relations.models import Relation
from engine.runs.models import Effect, Run, RunStage, Turn
from engine.seats.models import Seat
from engine.secrets.keyring import KeyRing
from tests.engine.rulesets.zones import publish_ruleset, zones
from workflows.activities.registry import catalogue_of, load_activities

JOURNEY: dict[str, Any] = json.loads((Path(__file__).parent / "hook_coupon.json").read_text(encoding="utf-8"))
PASSWORD = "correct horse battery"
STUCK = 5
"""The number of the run that waits for an operator."""


@dataclass(frozen=True)
class Sample:
    """What the tests need to name."""

    stores: dict[str, int]
    runs: dict[str, int]
    members: tuple[int, ...]


def sample(database: Database, keys: KeyRing, clock: Clock) -> Sample:
    """Fills an empty database."""
    with database.begin() as session:
        return _Maker(session, keys, clock.now()).make()


class _Maker:
    def __init__(self, session: Session, keys: KeyRing, now: datetime) -> None:
        self.session, self.keys, self.now = session, keys, now
        self.stores: dict[str, int] = {}
        self.channels: dict[str, int] = {}
        self.associates: dict[str, int] = {}
        self.members: list[int] = []
        self.runs: dict[str, int] = {}

    def make(self) -> Sample:
        add_user(self.session, "admin", PASSWORD, "admin", now=self.now, title="运营管理员")
        self._chain()
        self._journeys()
        self._rules()
        for number in range(24):
            self._member(number)
        self._runs()
        self._attention()
        self._around()
        return Sample(self.stores, self.runs, tuple(self.members))

    def _attention(self) -> None:
        """A parked member, alerts that are open and one that was acknowledged."""
        reason = "UnknownDefinitionError: There is no bundle gone. (engine.definitions.versions.bundle)"
        since = self.now - timedelta(hours=3)
        parked = {"failures": 5, "parked_at": since, "reason": reason}
        self.session.add(MemberQueue(member_id=self.members[1], since=since, not_before=since, **parked))
        told: list[tuple[str, str, dict[str, Any], bool]] = [
            ("journey-paused-itself", "journey/hook-coupon/coupon", {"failed": 12, "of": 100}, True),
            ("condition-error", "journey/hook-coupon/how", {"error": "type-mismatch"}, False),
            ("wecom-configuration", "wecom/staff", {"errcode": 60020}, False),
            ("run-stuck", f"run/{self.runs['stuck']}", {"reason": "failed"}, False),
            ("decision-uncertain", "ruleset/zones", {"missing": "member.tier", "version": 1}, False),
            ("member-parked", f"member/{self.members[1]}", {"reason": reason}, False),
        ]
        for kind, subject, detail, seen in told:
            alert = Alert(kind=kind, subject=subject, count=3, first_at=since, last_at=self.now, detail=detail)
            alert.store_id = self.stores["E02"] if kind == "member-parked" else None
            if seen:
                alert.acknowledged_at, alert.acknowledged_by = self.now, "user:admin"
            self._add(alert)

    def _around(self) -> None:
        """Effects of the stuck run, a run that waits for quiet hours to end, and one that a merge ended for another."""
        at = self.now - timedelta(hours=2)
        for node, kind, state, port, error in (
            ("welcome", "wecom.send_welcome", "settled", "done", None),
            ("coupon", "coupon.issue", "failed", None, "The till does not answer."),
        ):
            self.session.add(
                Effect(run_id=self.runs["stuck"], node=node, visit=1, journey="hook-coupon", type=kind, state=state,
                       failures=0 if port else 5, port=port, error=error, asked_at=at, settled_at=at)
            )  # fmt: skip
        quiet = self.session.get_one(Run, self.runs["wait_claim"])
        quiet.state = {**quiet.state, "phase": "deferred"}
        merged = self.session.get_one(Run, self.runs["lost"])
        merged.outcome, merged.member_id = "merged", quiet.member_id
        merged.n = 2
        line = {"at": at.isoformat(), "kind": "ended", "node": None, "port": None,
                "detail": {"outcome": "merged", "into": str(quiet.id)}}  # fmt: skip
        asked = {"ruleset": "zones", "version": 1, "hash": "h", "decision": "matched", "rows": ["app"], "missing": []}
        decided = {"at": at.isoformat(), "kind": "left", "node": "how", "port": "done", "detail": asked}
        self.session.add(Turn(run_id=merged.id, n=2, at=at, answer={}, log=[decided, line]))
        self.session.flush()

    def _rules(self) -> None:
        """A ruleset that is live, with a newer draft of it that is broken, and a draft that was never published."""
        document = zones()
        document["rows"][0] |= {"note": "双十一", "valid": {"from": "2026-01-01", "to": "2026-11-13"}}
        publish_ruleset(self.session, document, self.now - timedelta(days=2))
        broken, drafted = zones(rows=[{"id": "a", "when": ["gold"], "then": {"zone": 5}}]), zones(key="price-drafts")
        for one in (broken, drafted):
            put_draft(self.session, "ruleset", one["key"], json.dumps(one), by="user:admin", now=self.now)

    def _add(self, row: Any) -> int:
        self.session.add(row)
        self.session.flush()
        found: int = row.id
        return found

    def _chain(self) -> None:
        region = self._add(Region(key="east", title={"zh": "东湾", "en": "East Bay"}))
        for key, zh, en in (
            ("E01", "星澜·灯塔路店", "Xinglan Lighthouse Road"),
            ("E02", "星澜·码头店", "Xinglan Pier"),
        ):
            self.stores[key] = self._add(Store(key=key, title={"zh": zh, "en": en}, region_id=region))
            for kind, zh_kind in (("pos", "收银台"), ("receipt", "小票"), ("shelf", "货架")):
                name = {"zh": f"{zh} {zh_kind}", "en": f"{en} {kind}"}
                channel = Channel(
                    key=f"{key}-{kind}", state=f"{key}{kind}".lower(), title=name, kind=kind, store_id=self.stores[key]
                )
                self.channels[channel.key] = self._add(channel)
            self.associates[key] = self._add(
                Associate(key=f"{key}-a", wecom_userid=f"{key}a", store_id=self.stores[key])
            )
        self.chat = self._add(Chat(chat_id="wr1", title={"zh": "灯塔路福利群"}, store_id=self.stores["E01"]))
        self.batch = self._add(
            CouponBatch(
                key="HOOK-2026", title={"zh": "红颜草莓 9.9 元券"}, stock=100, value=990, hook=True, created_at=self.now
            )
        )

    def _journeys(self) -> None:
        self.session.add(Bundle(hash="b" * 64, content=_bundle()))
        for n, note in ((1, "第一版"), (2, "等待加好友改为 30 分钟")):
            self.session.add(
                Version(
                    kind="journey",
                    key="hook-coupon",
                    n=n,
                    hash=f"{n}" * 64,
                    bundle_hash="b" * 64,
                    document=json.dumps(JOURNEY),
                    note=note,
                    published_at=self.now - timedelta(days=9 - n),
                    published_by="user:admin",
                )
            )
        self.session.add(
            Live(kind="journey", key="hook-coupon", version=2, first_published_at=self.now - timedelta(days=8))
        )
        draft = {"schema": "waystation/journey@1", "key": "win-back", "title": {"zh": "沉睡唤醒", "en": "Win back"}}
        self.session.add(
            Draft(
                kind="journey",
                key="win-back",
                document=json.dumps(draft),
                updated_by="user:admin",
                updated_at=self.now - timedelta(hours=2),
                editors=["user:admin"],
            )
        )
        self.session.flush()

    def _member(self, number: int) -> None:
        at = self.now - timedelta(hours=30 - number)
        personal = {"nickname": f"林小橙{number}", "phone": f"1200000{number:04d}"}
        member = self._add(
            Member(created_at=at, personal_enc=self.keys.seal_json(personal), attributes={"tier": "gold"})
        )
        self.members.append(member)
        for kind, value in (("unionid", f"o6_{number:06d}"), ("phone", personal["phone"])):
            lookup = self.keys.lookup(kind, value)
            self.session.add(
                Identity(kind=kind, lookup=lookup, member_id=member, value_enc=self.keys.seal(value.encode()))
            )
        store = ("E01", "E02")[number % 2]
        channel = self.channels[f"{store}-pos"]
        for type_, minutes, data in (
            ("contact.scanned", 0, {"channel": f"{store}-pos"}),
            ("contact.added", 2, {"associate": f"{store}-a", "welcome_code": "c1"}),
            ("group.joined", 9, {"chat": "wr1"}),
        ):
            time = at + timedelta(minutes=minutes)
            self.session.add(
                Event(
                    source="test",
                    event_id=f"{type_}-{number}",
                    type=type_,
                    member_id=member,
                    time=time,
                    accepted_at=time,
                    data=data,
                    store_id=self.stores[store],
                    channel_id=channel,
                )
            )
        self.session.add(
            Relation(
                associate_id=self.associates[store],
                member_id=member,
                full_at=at,
                store_id=self.stores[store],
                channel_id=channel,
            )
        )
        self.session.add(Seat(chat_id=self.chat, member_id=member, joined_at=at, store_id=self.stores[store]))
        if number % 3 == 0:
            self.session.add(
                Coupon(code=f"C{number:05d}", batch_id=self.batch, member_id=member, status="claimed", issued_at=at)
            )

    def _runs(self) -> None:
        places = ["wait_add"] * 6 + ["wait_join"] * 5 + ["wait_claim"] * 4 + ["wait_redeem"] * 3
        ends = [("completed", "goal")] * 3 + [("completed", "not_joined"), ("exited", "lost"), ("holdout", None)]
        for number, member in enumerate(self.members):
            if number < len(places):
                self._run(number, member, node=places[number])
            else:
                status, outcome = ends[number - len(places)]
                self._run(number, member, node=None, status=status, outcome=outcome)
        stages = (("scanned", 24, 0), ("added", 17, 2), ("joined", 11, 0), ("coupon", 6, 0), ("redeemed", 3, 0))
        for store in self.stores:
            for name, times, entered_here in stages:
                self._figures(store, "stage", name, times // 2 + (store == "E01"), entered_here)
            for name in ("goal", "not_joined", "lost"):
                self._figures(store, "outcome", name, 2, 0)
            self._figures(store, "holdout", "entered", 8, 0)
            self._figures(store, "holdout", "goal", 1, 0)
            self._figures(store, "refused", "paused", 2, 0)

    def _figures(self, store: str, kind: str, name: str, times: int, entered_here: int) -> None:
        self.session.add(
            FunnelSum(
                journey="hook-coupon",
                version=2,
                day=self.now.date(),
                store_id=self.stores[store],
                channel_id=self.channels[f"{store}-pos"],
                associate_id=self.associates[store],
                kind=kind,
                name=name,
                times=times,
                entered_here=entered_here,
                histogram={"45": times} if kind == "stage" else {},
                **dict.fromkeys(COLUMNS, times if kind == "stage" else 0),
            )
        )

    def _run(
        self, number: int, member: int, *, node: str | None, status: str = "waiting", outcome: str | None = None
    ) -> None:
        entered = self.now - timedelta(hours=30 - number)
        stuck = number == STUCK
        store = ("E01", "E02")[number % 2]
        deadline = self.now + timedelta(days=3, hours=number) if node else None
        run = Run(
            journey="hook-coupon",
            version=2,
            bundle_hash="b" * 64,
            member_id=member,
            n=1,
            workflow_id=f"journey/hook-coupon/{member}/1",
            entry_seq=number + 1,
            store_id=self.stores[store],
            associate_id=self.associates[store],
            channel_id=self.channels[f"{store}-pos"],
            status="stuck" if stuck else status,
            node=node,
            node_entered_at=entered + timedelta(minutes=3),
            deadline=deadline,
            state=_state(number, member, entered, node, deadline),
            outcome=outcome,
            entered_at=entered,
            now=entered,
            turn=2,
            wake_at=self.now + timedelta(hours=1) if node else None,
            ended_at=None if node or status == "holdout" else self.now - timedelta(minutes=number),
            stuck_reason="failed" if stuck else None,
        )
        found = self._add(run)
        self.runs.setdefault("stuck" if stuck else outcome or node or status, found)
        self.session.add(RunStage(run_id=found, stage="scanned", at=entered, entered_here=True))
        self.session.add(Turn(run_id=found, n=1, at=entered, answer={}, log=_log(entered, node, outcome)))


def _state(number: int, member: int, entered: datetime, node: str | None, deadline: datetime | None) -> dict[str, Any]:
    entry = EventIn(number + 1, "contact.scanned", entered, entered)
    state = State(
        RunRef(str(number), "hook-coupon", 2, str(member)),
        entry,
        entered,
        entered,
        entered,
        phase="stuck" if number == STUCK else "waiting" if node else "ended",
        node=node,
        vars={"added": {"welcome_code": "c1"}},
        deadline=deadline,
        resting_since=entered if node else None,
    )
    return dict(state.to_json())


def _log(entered: datetime, node: str | None, outcome: str | None) -> list[dict[str, Any]]:
    def line(minutes: float, kind: str, node: str | None, port: str | None = None, **detail: Any) -> dict[str, Any]:
        at = (entered + timedelta(minutes=minutes)).isoformat()
        return {"at": at, "kind": kind, "node": node, "port": port, "detail": detail}

    lines = [
        line(0, "entered", "how"),
        line(0, "left", "how", "else"),
        line(0, "entered", "wait_add"),
        line(2, "event", "wait_add", "added", type="contact.added", seq=2),
        line(2, "entered", "welcome"),
        line(2.1, "effect", "welcome", "done", activity="wecom.send_welcome"),
        line(2.1, "entered", "wait_join"),
    ]
    if outcome:
        lines.append(line(30, "ended", None, None, outcome=outcome, status="completed"))
    return lines


def _bundle() -> dict[str, Any]:
    """What the versions and the runs of the journey name, with the activity types that ship."""
    fields, events = base_fields(), event_fields()
    plan = compile_plan(JOURNEY, catalogue_of(load_activities()), fields, events)
    content: dict[str, Any] = bundle_of(JOURNEY, plan, fields, events)
    return content
