"""Alerts: signals add up, an acknowledgement ends them, what happens again opens anew; stores see their own."""

from __future__ import annotations

from datetime import datetime, timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import text

from engine.access import audit
from engine.alerts import store
from engine.alerts.fold import fold
from engine.alerts.models import Alert, Kind
from engine.database.connection import Database, Scope
from tests.engine.chain import NOW

PARKED: Kind = "member-parked"


def tell(
    database: Database, *subjects: str, kind: Kind = PARKED, now: datetime = NOW, store_id: int | None = None
) -> None:
    with database.begin() as session:
        for subject in subjects:
            store.signal(session, kind, subject, now=now, detail={"told": subject}, store_id=store_id)


def folded(database: Database) -> int:
    with database.begin() as session:
        return fold(session)


def shown(database: Database, stores: Scope = "*") -> list[tuple[str, str, int]]:
    with database.begin(stores) as session:
        return [(alert.subject, alert.state, alert.count) for alert in store.list_alerts(session)]


def latest(database: Database) -> Alert:
    with database.begin() as session:
        return store.list_alerts(session)[0]


def acknowledge(database: Database, now: datetime = NOW) -> None:
    with database.begin() as session:
        found = store.list_alerts(session, state="open")[0]
        store.acknowledge(session, found.id, by="user:admin", now=now)


def test_signals_of_one_kind_and_subject_add_up_to_one_alert(database: Database) -> None:
    tell(database, "member/1", "member/2", "member/1")
    tell(database, "member/1", kind="condition-error")
    assert folded(database) == 4
    tell(database, "member/1", now=NOW + timedelta(minutes=5))
    assert folded(database) == 1
    assert sorted(shown(database)) == [("member/1", "open", 1), ("member/1", "open", 3), ("member/2", "open", 1)]
    with database.begin() as session:
        [both] = [one for one in store.list_alerts(session, kind=PARKED) if one.subject == "member/1"]
    assert (both.first_at, both.last_at) == (NOW, NOW + timedelta(minutes=5))
    assert both.detail == {"told": "member/1"}


def test_what_was_folded_is_not_folded_again(database: Database) -> None:
    tell(database, "member/1")
    assert (folded(database), folded(database)) == (1, 0)
    assert shown(database) == [("member/1", "open", 1)]


def test_what_happens_again_after_the_acknowledgement_opens_anew(database: Database) -> None:
    tell(database, "member/1", "member/1")
    folded(database)
    acknowledge(database)
    assert shown(database) == [("member/1", "acknowledged", 2)]
    tell(database, "member/1", now=NOW + timedelta(seconds=1))
    folded(database)
    assert shown(database) == [("member/1", "open", 1), ("member/1", "acknowledged", 2)]


def test_a_signal_from_before_the_acknowledgement_opens_nothing(database: Database) -> None:
    tell(database, "member/1")
    folded(database)
    tell(database, "member/1", now=NOW + timedelta(seconds=1))
    acknowledge(database, now=NOW + timedelta(seconds=2))
    folded(database)
    assert shown(database) == [("member/1", "acknowledged", 2)]


def test_an_acknowledgement_is_audited_once(database: Database) -> None:
    tell(database, "run/7", kind="run-stuck")
    folded(database)
    acknowledge(database)
    with database.begin() as session:
        [found] = store.list_alerts(session)
        again = store.acknowledge(session, found.id, by="user:other", now=NOW + timedelta(days=1))
        assert again is not None
        assert (again.acknowledged_by, again.acknowledged_at) == ("user:admin", NOW)
        assert store.acknowledge(session, found.id + 1, by="user:admin", now=NOW) is None
        lines = [(line.actor, line.action, line.after) for line in audit.page(session)]
    assert lines == [("user:admin", "alert.acknowledged", {"kind": "run-stuck", "subject": "run/7", "count": 1})]


def test_a_cause_that_was_taken_away_settles_its_alert_alone(database: Database) -> None:
    tell(database, "member/1", "member/2")
    folded(database)
    with database.begin() as session:
        store.settle(session, PARKED, "member/1", by="user:admin", now=NOW)
        store.settle(session, PARKED, "member/3", by="user:admin", now=NOW)
    assert sorted(shown(database)) == [("member/1", "acknowledged", 1), ("member/2", "open", 1)]


def test_a_cause_that_was_taken_away_before_it_was_folded_opens_nothing(database: Database) -> None:
    tell(database, "member/1", "member/2")
    with database.begin() as session:
        store.settle(session, PARKED, "member/1", by="user:admin", now=NOW)
    folded(database)
    assert shown(database) == [("member/2", "open", 1)]


def test_the_people_of_a_store_see_what_was_told_of_it(database: Database) -> None:
    tell(database, "run/1", store_id=5)
    tell(database, "run/2", store_id=6)
    tell(database, "wecom/staff")
    tell(database, "journey/a", store_id=5)
    tell(database, "journey/a", store_id=6)
    tell(database, "journey/b", store_id=5)
    folded(database)
    tell(database, "journey/b")
    folded(database)
    assert [subject for subject, _, _ in shown(database, (5,))] == ["run/1"]
    assert len(shown(database)) == 5
    with database.begin((5,)) as session:
        assert store.open_count(session) == 1
        assert store.acknowledge(session, latest(database).id, by="user:store", now=NOW) is None


def test_any_transaction_may_signal_whatever_it_may_see(database: Database) -> None:
    with database.begin((5,)) as session:
        store.signal(session, "job-failed", "job/1", now=NOW)
        store.signal(session, "job-failed", "job/2", now=NOW, store_id=6)
    folded(database)
    assert len(shown(database)) == 2
    assert shown(database, (5,)) == []


def test_alerts_come_in_pages_that_nothing_new_disturbs(database: Database) -> None:
    tell(database, *(f"member/{n}" for n in range(5)))
    folded(database)
    with database.begin() as session:
        first = store.list_alerts(session, limit=2)
    tell(database, "member/new", "member/0")
    folded(database)
    with database.begin() as session:
        rest = store.list_alerts(session, before=first[-1].id)
    assert sorted(one.subject for one in [*first, *rest]) == [f"member/{n}" for n in range(5)]


def test_two_folds_at_once_count_everything_once(database: Database) -> None:
    tell(database, *(["member/1"] * 300))
    barrier = Barrier(2)

    def work() -> None:
        barrier.wait()
        for _ in range(5):
            folded(database)

    threads = [Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert shown(database) == [("member/1", "open", 300)]


@pytest.mark.parametrize(
    ("acknowledged", "days", "kept"), [(True, 91, 0), (True, 89, 1), (False, 91, 1), (False, 401, 0)]
)
def test_alerts_are_forgotten_in_time(database: Database, acknowledged: bool, days: int, kept: int) -> None:
    tell(database, "member/1")
    folded(database)
    if acknowledged:
        acknowledge(database)
    with database.begin() as session:
        assert store.trim(session, now=NOW + timedelta(days=days), limit=10) == 1 - kept
    assert len(shown(database)) == kept


def test_a_signal_is_taken_back_with_its_transaction(database: Database) -> None:
    def stumble() -> None:
        with database.begin() as session:
            store.signal(session, PARKED, "member/1", now=NOW)
            session.connection().execute(text("SELECT 1 / 0"))

    with pytest.raises(Exception, match="division by zero"):
        stumble()
    assert folded(database) == 0
