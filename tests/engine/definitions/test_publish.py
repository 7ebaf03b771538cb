"""Publishing: refused with findings, or numbered, hashed and live in one transaction."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from engine.clock import FixedClock
from engine.coupons.models import CouponBatch
from engine.database.connection import Database
from engine.definitions.errors import NotPublishableError, UnknownDefinitionError, WrongStateError
from engine.definitions.kinds import Kind
from engine.definitions.life import pause, resume, retire
from engine.definitions.live import LiveJourney, live_journeys, live_revision
from engine.definitions.models import Bundle, Version
from engine.definitions.plans import Plans
from engine.definitions.publish import Choice, Published, publish
from engine.definitions.versions import list_versions, read_version
from engine.edits.store import put_draft
from engine.journeys.canonical import bundle_hash, content_hash
from engine.migrating.asked import InFlightError
from engine.runs.models import Pause
from rules.types import Json
from tests.engine.definitions.samples import CATALOGUE, journey, text_of


@pytest.fixture
def session(database: Database) -> Any:
    with database.begin() as session:
        yield session


def published(session: Session, clock: FixedClock, document: str | None = None, **choice: Any) -> Published:
    put_draft(session, "journey", "small", document or text_of(), by="user:a", now=clock.now())
    return publish(
        session, "journey", "small", catalogue=CATALOGUE, by="user:a", now=clock.now(), choice=Choice(**choice)
    )


def only(session: Session) -> LiveJourney:
    [found] = live_journeys(session).journeys
    return found


def test_a_published_draft_is_live_under_its_hashes(session: Session, clock: FixedClock) -> None:
    before = live_revision(session)
    done = published(session, clock, note="first")
    version = read_version(session, "journey", "small", 1)
    assert (done.version, done.hash) == (1, content_hash(journey()))
    assert (version.document, version.note, version.published_by) == (text_of(), "first", "user:a")
    content = session.get_one(Bundle, done.bundle_hash).content
    assert content["document"] == journey()
    assert bundle_hash(content) == done.bundle_hash
    live = only(session)
    assert (live.key, live.version, live.bundle_hash, live.state) == ("small", 1, done.bundle_hash, "live")
    assert live_revision(session) == before + 1


def test_what_a_published_journey_begins_with_or_takes_is_heard_for_good(session: Session, clock: FixedClock) -> None:
    published(session, clock)
    named = set(session.execute(text("SELECT type FROM heard_types")).scalars())
    plan = Plans(CATALOGUE).get(session, only(session).bundle_hash)
    assert named == plan.event_types | plan.entry_event_types != set()
    retire(session, "small", by="user:a", now=clock.now())
    assert set(session.execute(text("SELECT type FROM heard_types")).scalars()) == named


def test_versions_are_counted_and_the_first_publication_is_remembered(session: Session, clock: FixedClock) -> None:
    first = clock.now()
    published(session, clock)
    clock.advance(timedelta(hours=1))
    second = published(session, clock, text_of(title="Other"))
    assert (second.version, only(session).version, only(session).first_published_at) == (2, 2, first)
    assert [version.n for version in list_versions(session, "journey", "small", limit=10)] == [2, 1]
    assert read_version(session, "journey", "small", 1).document == text_of()


def test_equal_documents_share_their_bundle(session: Session, clock: FixedClock) -> None:
    one, two = published(session, clock), published(session, clock, str(text_of()).replace("\n", " "))
    assert (one.bundle_hash, one.hash) == (two.bundle_hash, two.hash)
    assert session.execute(select(func.count()).select_from(Bundle)).scalar_one() == 1


def test_findings_block_and_nothing_is_changed(database: Database, clock: FixedClock) -> None:
    broken = journey()
    broken["nodes"]["wait"]["ports"]["added"] = "nowhere"
    broken["tests"][0]["then"]["outcome"] = "other"
    with pytest.raises(NotPublishableError) as refused, database.begin() as session:
        published(session, clock, text_of(**broken))
    assert "unknown-node" in {finding.code for finding in refused.value.findings}
    with database.begin() as session:
        assert live_journeys(session).revision == 0
        assert session.execute(select(func.count()).select_from(Version)).scalar_one() == 0


@pytest.mark.parametrize(
    ("changes", "code", "pointer"),
    [
        ({"tests": [{**journey()["tests"][0], "then": {"outcome": "x"}}]}, "test-failed", "/tests/0"),
        ({"key": "other"}, "schema", "/key"),
        ({"surprise": 1}, "schema", "/surprise"),
    ],
)
def test_errors_are_named(
    session: Session, clock: FixedClock, changes: dict[str, Any], code: str, pointer: str
) -> None:
    with pytest.raises(NotPublishableError) as refused:
        published(session, clock, text_of(**changes))
    assert (code, pointer) in {(finding.code, finding.pointer) for finding in refused.value.findings}


def test_references_must_exist(session: Session, clock: FixedClock) -> None:
    nodes = journey()["nodes"]
    ports = {"done": "wait", "sold_out": "wait"}
    nodes["note"] = {"type": "activity", "activity": "coupon.issue", "params": {"batch": "HOOK"}, "ports": ports}
    with pytest.raises(NotPublishableError) as refused:
        published(session, clock, text_of(nodes=nodes))
    assert "unknown-reference" in {finding.code for finding in refused.value.findings}
    session.add(CouponBatch(key="HOOK", title={}, stock=1, value=1, created_at=clock.now()))
    session.flush()
    assert published(session, clock, text_of(nodes=nodes)).version == 1


@pytest.mark.parametrize(
    ("in_flight", "pointer"),
    [
        ("leave", "/in_flight"),
        ({"migrate": 1}, "/in_flight"),
        ({"migrate": {}, "share": 1}, "/in_flight"),
        ({"migrate": {"wait": 1}}, "/in_flight/migrate/wait"),
        ({"migrate": {"wait": "nowhere"}}, "/in_flight/migrate/wait"),
        ({"migrate": {}, "canary_bp": 0}, "/in_flight/canary_bp"),
        ({"migrate": {}, "canary_bp": True}, "/in_flight/canary_bp"),
    ],
)
def test_what_becomes_of_runs_in_flight_is_said_in_full(
    session: Session, clock: FixedClock, in_flight: Json, pointer: str
) -> None:
    with pytest.raises(InFlightError) as refused:
        published(session, clock, in_flight=in_flight)
    assert refused.value.faults[0].pointer == pointer


def test_there_must_be_a_draft(session: Session, clock: FixedClock) -> None:
    with pytest.raises(UnknownDefinitionError):
        publish(session, "journey", "small", catalogue=CATALOGUE, by="user:a", now=clock.now())


@pytest.mark.parametrize("kind", ["task", "price-list"])
def test_other_kinds_are_not_executed_yet(session: Session, clock: FixedClock, kind: Kind) -> None:
    put_draft(session, kind, "small", "{}", by="user:a", now=clock.now())
    with pytest.raises(NotPublishableError) as refused:
        publish(session, kind, "small", catalogue=CATALOGUE, by="user:a", now=clock.now())
    assert [finding.code for finding in refused.value.findings] == ["not-available"]


def test_a_plan_is_made_of_the_bundle_alone_and_once(session: Session, clock: FixedClock) -> None:
    done = published(session, clock)
    plans = Plans(CATALOGUE)
    plan = plans.get(session, done.bundle_hash)
    assert (plan.key, plan.stages, plan.event_types) == ("small", ("scanned",), {"contact.added"})
    assert plans.get(session, done.bundle_hash) is plan


def test_a_retired_journey_comes_back_by_publishing(session: Session, clock: FixedClock) -> None:
    published(session, clock)
    clock.advance(timedelta(hours=1))
    retire(session, "small", by="user:a", now=clock.now())
    assert (only(session).state, only(session).retired_at) == ("retired", clock.now())
    with pytest.raises(WrongStateError, match="retired already"):
        retire(session, "small", by="user:a", now=clock.now())
    clock.advance(timedelta(hours=1))
    published(session, clock)
    live = only(session)
    assert (live.state, live.retired_at, live.first_published_at) == ("live", None, clock.now())


def test_a_retired_journey_that_is_paused_stays_paused_when_it_comes_back(session: Session, clock: FixedClock) -> None:
    published(session, clock)
    pause(session, "small", by="user:a", now=clock.now())
    retire(session, "small", by="user:a", now=clock.now())
    assert only(session).state == "retired"
    published(session, clock)
    assert only(session).state == "paused"
    resume(session, "small", by="user:a", now=clock.now())
    assert only(session).state == "live"


def test_a_retired_journey_can_be_paused_and_stays_retired_when_it_is_resumed(
    session: Session, clock: FixedClock
) -> None:
    published(session, clock)
    retire(session, "small", by="user:a", now=clock.now())
    for change in (pause, resume):
        change(session, "small", by="user:a", now=clock.now())
        assert only(session).state == "retired"


def test_a_pause_is_an_interval(session: Session, clock: FixedClock) -> None:
    published(session, clock)
    begun = clock.now()
    pause(session, "small", by="user:a", now=begun)
    assert only(session).state == "paused"
    with pytest.raises(WrongStateError, match="paused already"):
        pause(session, "small", by="user:a", now=begun)
    published(session, clock)
    assert only(session).state == "paused"
    clock.advance(timedelta(hours=2))
    resume(session, "small", deadlines="extend", by="user:a", now=clock.now())
    assert only(session).state == "live"
    [interval] = session.execute(select(Pause)).scalars()
    assert (interval.from_at, interval.to_at, interval.mode) == (begun, clock.now(), "extend")
    with pytest.raises(WrongStateError, match="not paused"):
        resume(session, "small", by="user:a", now=clock.now())


@pytest.mark.parametrize("change", [pause, resume, retire])
def test_only_what_was_published_can_be_changed(session: Session, clock: FixedClock, change: Any) -> None:
    with pytest.raises(UnknownDefinitionError):
        change(session, "small", by="user:a", now=clock.now())


def test_two_who_publish_at_once_get_two_numbers(database: Database, clock: FixedClock) -> None:
    numbers: list[int] = []

    def work() -> None:
        with database.begin() as session:
            numbers.append(published(session, clock).version)

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(numbers) == [1, 2, 3, 4]
    with database.begin() as session:
        assert live_journeys(session).revision == 4


@pytest.mark.parametrize("statement", ["UPDATE versions SET note = 'x'", "DELETE FROM versions", "DELETE FROM bundles"])
def test_the_database_itself_keeps_versions_as_they_are(database: Database, clock: FixedClock, statement: str) -> None:
    with database.begin() as session:
        published(session, clock)
    with pytest.raises(ProgrammingError, match="permission denied"), database.begin() as session:
        session.execute(text(statement))
