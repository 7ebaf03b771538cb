"""Parked members: listed with why and what waits, let go, seen by their own stores only, in nobody else's way."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from engine.access import audit
from engine.alerts import store as alerts
from engine.alerts.fold import fold
from engine.definitions.errors import UnknownDefinitionError
from engine.events import parking, queue
from tests.engine.chain import NOW, Chain, event

LATER = NOW + timedelta(minutes=5)


def park(chain: Chain, subject: str, **data: str) -> int:
    """Tells two events of a member and lets their routing fail five times."""
    chain.tell(event("store.visited", subject=subject, **data), event("order.paid", subject=subject, order_no="1"))
    [(member,)] = chain.rows("SELECT member_id FROM events ORDER BY seq DESC LIMIT 1")
    for _ in range(5):
        with chain.database.begin() as session:
            session.connection().execute(
                text("UPDATE member_queue SET lease_by = 'r' WHERE member_id = :m"), {"m": member}
            )
            queue.failed(session, member, "r", "ValueError (engine.runs.start.start)", now=NOW)
    return int(member)


def listed(chain: Chain, stores: str = "*") -> list[int]:
    scope = "*" if stores == "*" else (chain.stores[stores],)
    with chain.database.begin(scope) as session:
        return [one.member_id for one in parking.list_parked(session)]


def release(chain: Chain, member: int, stores: str = "*") -> bool:
    scope = "*" if stores == "*" else (chain.stores[stores],)
    with chain.database.begin(scope) as session:
        return parking.release(session, member, by="user:admin", now=LATER)


def test_a_parked_member_is_listed_with_why_and_what_waits(chain: Chain) -> None:
    member = park(chain, "member:1")
    with chain.database.begin() as session:
        [found] = parking.list_parked(session)
        assert parking.parked_count(session) == 1
    assert (found.member_id, found.since, found.failures, found.waiting) == (member, NOW, 5, 2)
    assert (found.reason, found.oldest, found.next_type) == (
        "ValueError (engine.runs.start.start)",
        NOW,
        "store.visited",
    )


def test_parking_raises_an_alert_which_the_release_settles(chain: Chain) -> None:
    member = park(chain, "member:1")
    with chain.database.begin() as session:
        fold(session)
    assert release(chain, member)
    assert not release(chain, member)
    with chain.database.begin() as session:
        [alert] = alerts.list_alerts(session)
        actions = [line.action for line in audit.page(session, target=f"member/{member}")]
        leased = queue.lease(session, "r", now=LATER, until=LATER, limit=9)
    assert (alert.kind, alert.subject, alert.state) == ("member-parked", f"member/{member}", "acknowledged")
    assert actions == ["member.released"]
    assert leased == [member]
    assert listed(chain) == []


def test_who_is_not_parked_is_not_released(chain: Chain) -> None:
    chain.tell(event("store.visited", subject="member:1"))
    [(member,)] = chain.rows("SELECT member_id FROM member_queue")
    assert not release(chain, member)
    assert not release(chain, 4711)


def test_the_people_of_a_store_see_and_release_their_own(chain: Chain) -> None:
    chain.tell(event("member.registered", subject="member:1", store="S1"))
    theirs, ours = park(chain, "member:2"), park(chain, "member:1")
    assert sorted(listed(chain)) == sorted([theirs, ours])
    assert listed(chain, "S1") == [ours]
    assert not release(chain, theirs, "S1")
    assert release(chain, ours, "S1")
    assert listed(chain) == [theirs]


def test_pages_of_parked_members_go_on_by_id(chain: Chain) -> None:
    members = sorted(park(chain, f"member:{n}") for n in range(3))
    with chain.database.begin() as session:
        first = parking.list_parked(session, limit=2)
        rest = parking.list_parked(session, after=first[-1].member_id)
    assert [one.member_id for one in [*first, *rest]] == members


def test_events_that_wait_for_a_person_do_not_close_the_door(chain: Chain) -> None:
    park(chain, "member:1")
    chain.tell(event("store.visited", subject="member:2"))
    with chain.database.begin() as session:
        assert queue.backlog(session) == 1


def raised(error: Exception) -> str:
    try:
        raise error
    except type(error) as caught:
        return parking.reason_of(caught)


def test_a_reason_repeats_the_words_of_our_own_errors_alone() -> None:
    assert raised(KeyError("林小橙 13800000000")) == "KeyError"
    assert raised(UnknownDefinitionError("bundle of phone:13800000000")).startswith(
        "UnknownDefinitionError: bundle of phone:…"
    )


def test_a_reason_names_the_place_in_our_code() -> None:
    with pytest.raises(TypeError) as caught:
        queue.enqueue(None, 1, now=NOW)  # type: ignore[arg-type]  # what fails is the point
    assert parking.reason_of(caught.value) == "TypeError (engine.events.queue.enqueue)"
