"""What a merge means for runs: numbers anew, doubles end, what was kept is handed over."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from engine.definitions.models import Bundle
from engine.journeys.state import EventIn, RunRef, State
from engine.members.merge import merge
from engine.runs.models import Delivery, Run
from tests.engine.chain import NOW, Chain, at, event


def people(chain: Chain) -> tuple[int, int]:
    chain.tell(event("custom.in", subject="card:1"), event("custom.in", subject="card:2"))
    (first,), (second,) = chain.rows("SELECT id FROM members ORDER BY id")
    return first, second


def make_run(session: Session, member: int, n: int, entered: float, **more: object) -> Run:
    entry = EventIn(1000 * member + n, "custom.in", at(entered), at(entered))
    reference = RunRef(str(entry.seq), "hook", 1, str(member))
    state = State(reference, entry, at(entered), at(entered), at(entered), considered=entry.seq)
    run = Run(
        journey="hook", version=1, bundle_hash="b", member_id=member, n=n, workflow_id=f"journey/hook/{member}/{n}",
        entry_seq=1000 * member + n, entered_at=at(entered), now=at(entered), wake_at=at(entered), status="waiting",
        state=state.to_json(), **more,
    )  # fmt: skip
    session.add(run)
    session.flush()
    return run


def bundle(session: Session, mode: str) -> None:
    session.add(Bundle(hash="b", content={"document": {"policies": {"reentry": {"mode": mode}}}}))
    session.flush()


def runs(chain: Chain) -> list[tuple[object, ...]]:
    return chain.rows("SELECT member_id, n, workflow_id, status, outcome, wake_at FROM runs ORDER BY n")


def test_the_run_with_the_earlier_entry_goes_on_and_takes_over_what_was_kept(chain: Chain) -> None:
    first, second = people(chain)
    with chain.database.begin() as session:
        bundle(session, "after_exit")
        later, earlier = make_run(session, first, 1, 20), make_run(session, second, 1, 10)
        session.add(Delivery(run_id=later.id, seq=1, state="kept", at=NOW))
        session.flush()
        merge(session, first, second, keys=chain.keys, now=NOW)
    assert runs(chain) == [
        (first, 1, f"journey/hook/{first}/1", "exited", "merged", NOW),
        (first, 2, f"journey/hook/{second}/1", "waiting", None, NOW),
    ]
    assert chain.rows("SELECT run_id, seq, state FROM deliveries ORDER BY run_id, seq") == [
        (later.id, 1, "dropped"),
        (earlier.id, 1, "new"),
        (earlier.id, later.entry_seq, "new"),
    ]
    assert chain.rows("SELECT kind, name, times FROM funnel_deltas") == [("outcome", "merged", 1)]


@pytest.mark.parametrize(("mode", "ended"), [("always", 0), ("once", 1)])
def test_reentry_always_lets_both_go_on(chain: Chain, mode: str, ended: int) -> None:
    first, second = people(chain)
    with chain.database.begin() as session:
        bundle(session, mode)
        make_run(session, first, 1, 10)
        make_run(session, second, 1, 20)
        merge(session, first, second, keys=chain.keys, now=NOW)
    assert [row[4] for row in runs(chain)].count("merged") == ended


def test_runs_that_ended_and_holdouts_stay_as_they_were(chain: Chain) -> None:
    first, second = people(chain)
    with chain.database.begin() as session:
        bundle(session, "once")
        make_run(session, first, 1, 10)
        make_run(session, second, 1, 5, ended_at=at(6), outcome="goal")
        held = make_run(session, second, 2, 7)
        held.status = "holdout"
        session.flush()
        merge(session, first, second, keys=chain.keys, now=NOW)
    assert [(row[1], row[3], row[4]) for row in runs(chain)] == [
        (1, "waiting", None),
        (2, "waiting", "goal"),
        (3, "holdout", None),
    ]
