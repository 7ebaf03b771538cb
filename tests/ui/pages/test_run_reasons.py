"""A run's page: why it went its way, in words, without what is personal."""

from __future__ import annotations

import copy
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from engine.clock import FixedClock
from engine.database.connection import Database
from engine.definitions.context import context_of
from engine.definitions.models import Bundle
from engine.journeys.plan import bundle_of, compile_plan
from engine.runs.models import Run, Turn
from engine.runs.record import seal_reads
from engine.secrets.keyring import KeyRing
from tests.engine.fields.own import publish_fields
from tests.ui.pages.test_pages import text_of
from tests.ui.sample import JOURNEY, Sample
from tests.ui.visitor import Visitor
from ui.app import Dependencies
from workflows.activities.registry import catalogue_of, load_activities


@pytest.fixture
def deps(database: Database, keys: KeyRing, clock: FixedClock) -> Dependencies:
    return Dependencies(database, clock, keys, catalogue_of(load_activities()), demo=True)


@pytest.fixture
def run(database: Database, keys: KeyRing, clock: FixedClock, chain: Sample) -> int:
    """A run that came by a branch, an event, a time that passed, and its goal."""
    at = clock.now() - timedelta(hours=1)

    def line(kind: str, node: str | None, port: str | None = None, reads: Any = None, **detail: Any) -> dict[str, Any]:
        sealed = {"reads": seal_reads(reads, keys)} if reads else {}
        return {"at": at.isoformat(), "kind": kind, "node": node, "port": port, "detail": detail, **sealed}

    friend, batch = {"member.friend": False}, {"event.batch": "HOOK-2026"}
    log = [
        line("left", "how", "else", friend),
        line("event", "wait_add", type="contact.added", fate="wait", seq=7),
        line("left", "wait_add", "added"),
        line("timeout", "wait_join", "timeout"),
        line("timeout", "wait_redeem", "done"),
        line("event", "wait_redeem", type="coupon.redeemed", fate="goal", seq=8, reads=batch),
    ]
    found = chain.runs["wait_redeem"]
    with database.begin() as session:
        session.add(Turn(run_id=found, n=3, at=at, answer={}, log=log))
    return found


def test_each_exit_tells_why_it_was_taken(admin: Visitor, run: int) -> None:
    page = text_of(admin.get(f"/runs/{run}?lang=en"))
    assert "is a friend: not true" in page
    assert "because “Added as a friend” came" in page
    assert "waited 7 d, and “Joined a group” did not happen" in page
    assert "Waited" in page
    assert "the delay of 30 d is over" in page
    assert "coupon batch is HOOK-2026: true" in page


def test_the_event_is_told_that_let_the_member_in(admin: Visitor, run: int) -> None:
    assert re.search(
        r"Began with (Scanned|Added as a friend|Joined a group)", text_of(admin.get(f"/runs/{run}?lang=en"))
    )


def test_the_reasons_are_told_in_chinese_as_well_and_the_fragment_tells_them_too(admin: Visitor, run: int) -> None:
    page = text_of(admin.get(f"/runs/{run}/progress?lang=zh"))
    assert "因为收到「添加好友」" in page
    assert "等了 7 天，没有发生「入群」" in page
    assert "不成立" in page


def test_lines_from_before_a_migration_are_read_by_the_version_that_wrote_them(
    admin: Visitor, database: Database, clock: FixedClock, run: int
) -> None:
    def crossed(**detail: Any) -> None:
        line = {"at": clock.now().isoformat(), "kind": "migrated", "node": "wait_redeem", "port": None}
        with database.begin() as session:
            session.merge(Turn(run_id=run, n=4, at=clock.now(), answer={}, log=[{**line, "detail": detail}]))

    crossed(**{"from": 1, "to": 2, "rule": "same"})
    assert "is a friend: not true" in text_of(admin.get(f"/runs/{run}?lang=en"))
    crossed(**{"from": 77, "to": 2, "rule": "same"})
    page = text_of(admin.get(f"/runs/{run}?lang=en"))
    assert "not true" not in page, "of a version that is gone nobody can tell"
    assert "Joined a group" in page


def test_a_run_whose_version_cannot_be_compiled_here_is_shown_without_reasons(
    admin: Visitor, database: Database, run: int
) -> None:
    with database.begin() as session:
        session.get_one(Run, run).bundle_hash = "c" * 64
    page = admin.get(f"/runs/{run}?lang=en")
    assert page.status_code == 200
    assert "not true" not in text_of(page)


@pytest.mark.parametrize(("field", "read"), [("member_shade", "member.shade"), ("event_shade", "vars.added.shade")])
def test_a_field_that_was_made_personal_after_publishing_is_withheld_from_what_was_read_before(
    admin: Visitor, database: Database, keys: KeyRing, clock: FixedClock, chain: Sample, field: str, read: str
) -> None:
    run, at = chain.runs["wait_redeem"], clock.now()
    shade = {"type": "text", "title": {"zh": "色号", "en": "shade"}}
    branch = {"kind": "left", "node": "shaded", "port": "yes", "at": at.isoformat(), "detail": {}}
    with database.begin() as session:
        publish_fields(session, at, **{field: shade})
        session.add(Bundle(hash="d" * 64, content=_asking_for_the_shade(session, at, read)))
        kept = session.get_one(Run, run)
        kept.bundle_hash = "d" * 64
        kept.state = {**kept.state, "vars": {"added": {"shade": "plum-7"}, "chosen": "plum-7"}}
        log = [{**branch, "reads": seal_reads({read: "plum-7"}, keys)}]
        session.add(Turn(run_id=run, n=3, at=at, answer={}, log=log))
    page = f"/runs/{run}?lang=en"
    assert "shade is not “”: true Part by part shade plum-7" in text_of(admin.get(page))
    assert "chosen &#34;plum-7" in text_of(admin.get(page))
    with database.begin() as session:
        publish_fields(session, at, **{field: {**shade, "personal": True}})
    told = text_of(admin.get(page))
    assert "plum-7" not in told
    assert "shade is not “”: true Part by part shade hidden (personal)" in told
    with database.begin() as session:
        publish_fields(session, at, **{field: shade})
    assert "plum-7" not in text_of(admin.get(page)), "what was told meanwhile was told as personal"


def _asking_for_the_shade(session: Session, at: datetime, path: str) -> dict[str, Any]:
    """The bundle of the sample's journey with a branch on a field of headquarters', as it is declared now."""
    document: dict[str, Any] = copy.deepcopy(JOURNEY)
    document["nodes"]["wait_add"]["ports"]["added"] = "shaded"
    case = {"when": {"!=": [{"var": path}, ""]}, "port": "yes"}
    ports = {"yes": "welcome", "else": "welcome"}
    document["nodes"]["shaded"] = {"type": "choice", "cases": [case], "ports": ports}
    context = context_of(session, catalogue_of(load_activities()), now=at)
    plan = compile_plan(document, context.catalogue, context.fields, context.events)
    return bundle_of(document, plan, context.fields, context.events)
