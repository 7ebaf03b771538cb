"""Events whose type no journey names wake nobody: they are in the log and the ledgers, and count as routed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from engine.events.heard import ALWAYS, hear
from tests.engine.chain import NOW, Chain, event


@pytest.fixture
def quiet(chain: Chain) -> Chain:
    """A chain whose journeys name visits alone."""
    with chain.database.begin() as session:
        session.execute(text("DELETE FROM heard_types"))
        hear(session, ["store.visited"])
    return chain


def waiting(chain: Chain) -> list[str]:
    return [kind for (kind,) in chain.rows("SELECT type FROM events WHERE routed_at IS NULL ORDER BY seq")]


def queued(chain: Chain) -> int:
    return len(chain.rows("SELECT 1 FROM member_queue"))


def test_what_nobody_hears_is_accepted_and_wakes_nobody(quiet: Chain) -> None:
    result = quiet.tell(event("order.paid", subject="member:1", order_no="1"))
    assert (result.accepted, waiting(quiet), queued(quiet)) == (1, [], 0)
    assert quiet.rows("SELECT type, routed_at FROM events") == [("order.paid", NOW)]


def test_what_a_journey_names_waits_for_routing(quiet: Chain) -> None:
    quiet.tell(event("order.paid", subject="member:1", order_no="1"), event("store.visited", subject="member:1"))
    assert (waiting(quiet), queued(quiet)) == (["store.visited"], 1)


def test_from_the_publication_on_a_type_is_heard(quiet: Chain) -> None:
    quiet.tell(event("order.paid", subject="member:1", order_no="1"))
    with quiet.database.begin() as session:
        hear(session, ["order.paid", "store.visited"])
    quiet.tell(event("order.paid", subject="member:1", order_no="2"), now=NOW + timedelta(minutes=1))
    assert waiting(quiet) == ["order.paid"]


def test_friends_are_routed_whoever_listens_since_wecom_is_asked_who_they_are(quiet: Chain) -> None:
    quiet.tell(event("contact.added", associate="li"), event("contact.lost", associate="li"))
    assert waiting(quiet) == ["contact.added"]
    assert {"contact.added", "contact.confirmed", "run.requested"} == ALWAYS
