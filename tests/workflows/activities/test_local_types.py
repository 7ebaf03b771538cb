"""The built-in types that work on our own database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pydantic import ValidationError
from sqlalchemy import select, text
from sqlalchemy.orm import Session
from sqlmodel import col

from engine.clock import FixedClock
from engine.coupons.models import Coupon
from engine.database.connection import Database
from engine.events.heard import hear
from engine.events.models import Event
from engine.members.models import Member
from engine.secrets.keyring import KeyRing
from rules.types import Json
from tests.engine.fields.own import publish_fields
from tests.workflows.chain import BATCH, open_store
from workflows.activities.registry import ActivityFailure, Effect, LocalActivity, Result, load_activities

ACTIVITIES = load_activities()


@pytest.fixture
def session(database: Database, clock: FixedClock) -> Iterator[Session]:
    with database.begin() as session:
        open_store(session, stock=1, now=clock.now())
        session.add(Member(created_at=clock.now()))
        session.flush()
        yield session


@pytest.fixture
def effect(session: Session, clock: FixedClock, keys: KeyRing) -> Effect:
    member = session.execute(select(col(Member.id))).scalar_one()
    return Effect("7/node/1", 7, "hook", member, None, None, clock.now(), keys)


def perform(session: Session, name: str, params: dict[str, Json], effect: Effect) -> Result:
    activity = ACTIVITIES[name]
    assert isinstance(activity, LocalActivity)
    return activity.run(session, activity.type.params.model_validate(params), effect)


def test_a_coupon_is_issued_once_per_effect(session: Session, effect: Effect) -> None:
    first = perform(session, "coupon.issue", {"batch": BATCH}, effect)
    again = perform(session, "coupon.issue", {"batch": BATCH}, effect)
    assert first == again
    assert first.value["batch"] == BATCH
    assert session.execute(select(col(Coupon.member_id))).scalars().all() == [effect.member_id]


def test_a_batch_without_codes_is_sold_out(session: Session, effect: Effect) -> None:
    session.execute(text("UPDATE coupons SET status = 'issued'"))
    assert perform(session, "coupon.issue", {"batch": BATCH}, effect) == Result("sold_out")


def test_an_unknown_batch_fails_for_good(session: Session, effect: Effect) -> None:
    with pytest.raises(ActivityFailure) as raised:
        perform(session, "coupon.issue", {"batch": "nothing"}, effect)
    assert raised.value.final


def test_fields_are_set_and_taken_away_and_personal_ones_sealed(session: Session, effect: Effect) -> None:
    perform(session, "member.set", {"fields": {"tier": "gold", "tags": ["new"], "nickname": "小林"}}, effect)
    perform(session, "member.set", {"fields": {"tags": None}}, effect)
    member = session.get_one(Member, effect.member_id, populate_existing=True)
    assert member.attributes == {"tier": "gold"}
    assert effect.keys.open_json(member.personal_enc or b"") == {"nickname": "小林"}


@pytest.mark.parametrize("name", ["friend", "in_groups", "owner", "Tier", "a-b", ""])
def test_what_follows_from_events_cannot_be_set(session: Session, effect: Effect, name: str) -> None:
    with pytest.raises(ValidationError):
        perform(session, "member.set", {"fields": {name: "x"}}, effect)


def test_what_headquarters_derives_cannot_be_set(session: Session, effect: Effect) -> None:
    publish_fields(session, effect.now, member_orders={"type": "integer", "derive": {"count": "order.paid"}})
    with pytest.raises(ActivityFailure) as raised:
        perform(session, "member.set", {"fields": {"orders": 5}}, effect)
    assert (raised.value.code, raised.value.final) == ("derived", True)


def test_an_event_is_told_to_the_log_once_and_waits_for_those_who_hear_it(session: Session, effect: Effect) -> None:
    hear(session, ["custom.welcomed"])
    given: dict[str, Json] = {"type": "custom.welcomed", "data": {"how": "well"}}
    perform(session, "event.emit", given, effect)
    perform(session, "event.emit", given, effect)
    [event] = session.execute(select(Event)).scalars()
    assert (event.type, event.member_id, event.data, event.routed_at) == (
        "custom.welcomed", effect.member_id, {"how": "well"}, None,
    )  # fmt: skip


def test_an_event_that_no_journey_names_is_told_to_the_log_alone(session: Session, effect: Effect) -> None:
    perform(session, "event.emit", {"type": "custom.welcomed"}, effect)
    [event] = session.execute(select(Event)).scalars()
    assert (event.type, event.routed_at) == ("custom.welcomed", effect.now)
    assert session.execute(text("SELECT count(*) FROM member_queue")).scalar_one() == 0


def test_an_event_of_an_unknown_type_is_refused(session: Session, effect: Effect) -> None:
    with pytest.raises(ValidationError):
        perform(session, "event.emit", {"type": "welcomed"}, effect)
