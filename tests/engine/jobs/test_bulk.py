"""One action on many runs: which are meant, each of them once, and what stands against the others."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from engine.clock import FixedClock
from engine.database.connection import Database, Scope
from engine.jobs import bulk, store
from engine.jobs.bulk import Bulk, BulkError, create_bulk, preview
from engine.jobs.errors import JobUnknownError
from engine.jobs.kinds import BULK
from engine.jobs.models import Job
from engine.jobs.pages import Work, within
from engine.organisation.models import Region, Store
from engine.runs.listing import RunFilter
from engine.secrets.keyring import KeyRing
from tests.workflows.world import Stage, World, failure, only
from workflows.job_pages import JobPages


@pytest.fixture
def world(database: Database, clock: FixedClock, keys: KeyRing) -> World:
    return World(database, clock, keys, Stage(give=[failure(final=True) for _ in range(100)]))


def enter(world: World, *people: int, by: str = "contact.scanned") -> None:
    """A run for each of these people, as far as its first turn."""
    for one in people:
        world.tell(by, {"channel": "c"}, who=f"member:{one}")
    world.route()
    for run in world.runs():
        if run.turn == 0:
            world.take(run)


def a_mixture(world: World) -> tuple[list[int], list[int], list[int]]:
    """Two runs that are stuck, two that wait, one that has ended."""
    waits = world.document
    world.publish({**only("test.give", {"what": "x"}), "entry": [{"on": "store.visited"}]})
    enter(world, 1, 2, by="store.visited")
    world.publish(waits)
    enter(world, 3, 4, 5)
    ids = [run.id for run in world.runs()]
    with world.database.begin() as session:
        session.connection().execute(
            text("UPDATE runs SET ended_at = now(), status = 'completed' WHERE id = :id"), {"id": ids[4]}
        )
    return ids[:2], ids[2:4], ids[4:]


def ask(world: World, asked: Bulk, stores: Scope = "*", by: str = "user:op") -> int:
    with world.database.begin(stores) as session:
        return create_bulk(session, asked, by=by, now=world.clock.now(), stores=stores).id


def pages(world: World, work: Work | None = None) -> JobPages:
    return JobPages(world.database, world.clock, {BULK: within(work or bulk.page(world.clock))})


def do(world: World, job_id: int) -> Job:
    """Do all pages of a job."""
    while not asyncio.run(pages(world).turn(job_id)):
        pass
    return look(world, job_id)


def look(world: World, job_id: int) -> Job:
    with world.database.begin() as session:
        return store.find(session, job_id)


def errors(world: World, job_id: int, language: str = "en") -> dict[str, str]:
    with world.database.begin() as session:
        return {error.subject: error.message[language] for error in store.errors_of(session, job_id)}


def orders(world: World) -> list[tuple[int, str, dict[str, Any], str]]:
    with world.database.begin() as session:
        wanted = text("SELECT run_id, kind, args, by FROM run_commands ORDER BY run_id, id")
        return [tuple(row) for row in session.connection().execute(wanted)]


def test_a_mixture_is_gone_through_and_what_stands_against_it_told_run_by_run(world: World) -> None:
    stuck, waiting, ended = a_mixture(world)
    named = [*stuck, *waiting, *ended, 9_999]
    job = do(world, ask(world, Bulk("retry", ids=named)))
    assert (job.state, job.done, job.total, job.failed) == ("done", 6, 6, 4)
    assert [(run, kind, by) for run, kind, _, by in orders(world)] == [(run, "retry", "user:op") for run in stuck]
    told = errors(world, job.id)
    assert told.keys() == {str(run) for run in (*waiting, *ended, 9_999)}
    assert "Only a run that is stuck" in told[str(waiting[0])]
    assert "completed" in told[str(ended[0])]
    assert "no run 9999 in sight" in told["9999"]


def test_the_reason_and_the_remedy_are_told_in_chinese_too(world: World) -> None:
    stuck, waiting, ended = a_mixture(world)
    skipped = errors(world, do(world, ask(world, Bulk("skip", ids=[*stuck, 9_999], port="nowhere"))).id, "zh")
    assert "没有出口 nowhere；请改选它有的出口：" in skipped[str(stuck[0])]
    assert "done" in skipped[str(stuck[0])]
    assert "请核对编号" in skipped["9999"]
    resumed = errors(world, do(world, ask(world, Bulk("resume", ids=[*waiting, *ended]))).id, "zh")
    assert resumed == {
        str(waiting[0]): "实例没有被单独暂停，它现在是等待中；若是随旅程暂停，请恢复整个旅程",
        str(waiting[1]): "实例没有被单独暂停，它现在是等待中；若是随旅程暂停，请恢复整个旅程",
        str(ended[0]): "实例已完成，不能再操作；无需处理",
    }


CASES = [
    (Bulk("exit", ids=[1], outcome="cancelled"), ("exit", {"outcome": "cancelled"})),
    (Bulk("skip", ids=[1], port="done"), ("skip", {"port": "done"})),
    (Bulk("retry", ids=[1]), ("retry", {})),
]


@pytest.mark.parametrize(("asked", "expected"), CASES, ids=lambda case: getattr(case, "action", ""))
def test_each_action_gives_its_order(world: World, asked: Bulk, expected: tuple[str, dict[str, str]]) -> None:
    stuck, _, _ = a_mixture(world)
    do(world, ask(world, replace(asked, ids=stuck)))
    assert [(kind, args) for _, kind, args, _ in orders(world)] == [expected, expected]


def test_runs_are_paused_and_resumed_with_their_deadlines(world: World) -> None:
    _, waiting, _ = a_mixture(world)
    do(world, ask(world, Bulk("pause", ids=waiting)))
    do(world, ask(world, Bulk("resume", ids=waiting, deadlines="extend")))
    with world.database.begin() as session:
        rows = session.connection().execute(text("SELECT run_id, mode, to_at IS NULL FROM pauses ORDER BY run_id"))
        assert [tuple(row) for row in rows] == [(run, "extend", False) for run in waiting]


def test_a_filter_walks_in_pages_over_the_runs_of_the_moment(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "PER_PAGE", 2)
    world.publish()
    enter(world, 1, 2, 3, 4, 5)
    job = ask(world, Bulk("exit", RunFilter(journey=world.document["key"])))
    enter(world, 6)
    done = do(world, job)
    assert (done.done, done.total, done.failed) == (5, 5, 0)
    assert [run for run, *_ in orders(world)] == [run.id for run in world.runs()][:5]


def test_a_page_that_is_asked_for_twice_gives_no_second_order(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "PER_PAGE", 2)
    world.publish()
    enter(world, 1, 2, 3, 4)
    job = ask(world, Bulk("exit", RunFilter(journey=world.document["key"])))
    doing = pages(world)
    begun = doing._begin(job)
    assert begun is not None
    work = bulk.page(world.clock)
    assert doing._do(begun, work) is not None
    assert doing._do(begun, work) is None
    assert (look(world, job).done, len(orders(world))) == (2, 2)


def test_a_crash_in_a_page_leaves_nothing_of_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "PER_PAGE", 2)
    world.publish()
    enter(world, 1, 2, 3)
    job = ask(world, Bulk("exit", RunFilter(journey=world.document["key"])))
    whole = bulk.page(world.clock)

    def dying(session: Any, row: Job) -> Any:
        whole(session, row)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(pages(world, dying).turn(job))
    assert (look(world, job).done, orders(world)) == (0, [])
    assert do(world, job).done == 3
    assert len(orders(world)) == 3


def test_whoever_asks_reaches_no_runs_of_other_stores(world: World) -> None:
    world.publish()
    enter(world, 1, 2)
    mine, other = (run.id for run in world.runs())
    with world.database.begin() as session:
        region = Region(key="r", title={})
        session.add(region)
        session.flush()
        stores = [Store(key=key, title={}, region_id=region.id) for key in ("a", "b")]
        session.add_all(stores)
        session.flush()
        own, foreign = (store.id for store in stores)
        for run, place in ((mine, own), (other, foreign)):
            given = {"run": run, "store": place}
            session.connection().execute(text("UPDATE runs SET store_id = :store WHERE id = :run"), given)
            session.connection().execute(
                text("UPDATE members SET store_id = :store WHERE id = (SELECT member_id FROM runs WHERE id = :run)"),
                given,
            )
    by_filter = do(world, ask(world, Bulk("exit", RunFilter(journey=world.document["key"])), stores=(own,)))
    assert (by_filter.total, by_filter.done) == (1, 1)
    by_name = do(world, ask(world, Bulk("pause", ids=[mine, other]), stores=(own,)))
    assert errors(world, by_name.id).keys() == {str(other)}
    assert [run for run, *_ in orders(world)] == [mine]
    with world.database.begin((foreign,)) as session, pytest.raises(JobUnknownError):
        store.find(session, by_name.id)
    with world.database.begin((foreign,)) as session:
        assert store.list_jobs(session) == []
        assert store.errors_of(session, by_name.id) == []
    with world.database.begin((own, foreign)) as session:
        assert len(store.list_jobs(session)) == 2


def test_a_preview_tells_how_many_and_changes_nothing(world: World) -> None:
    stuck, waiting, ended = a_mixture(world)
    with world.database.begin() as session:
        found = preview(session, Bulk("retry", ids=[*stuck, *waiting, *ended]), by="user:op", now=world.clock.now())
    assert found.total == 5
    assert {error.subject for error in found.errors} == {str(run) for run in (*waiting, *ended)}
    assert orders(world) == []
    with world.database.begin() as session:
        assert session.connection().execute(text("SELECT count(*) FROM audit")).scalar_one() == 0


def test_while_many_orders_wait_a_page_gives_none(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "CROWDED", 2)
    monkeypatch.setattr(bulk, "REST", 0.0)
    stuck, waiting, _ = a_mixture(world)
    do(world, ask(world, Bulk("retry", ids=stuck)))
    job = ask(world, Bulk("exit", ids=waiting))
    assert asyncio.run(pages(world).turn(job)) is False
    assert (look(world, job).done, len(orders(world))) == (0, 2)
    world.take(world.runs()[0])
    assert asyncio.run(pages(world).turn(job)) is False
    assert (look(world, job).done, len(orders(world))) == (1, 3)
    for run in world.runs()[1:3]:
        world.take(run)
    assert do(world, job).done == 2


def test_orders_that_no_turn_takes_do_not_stop_the_others_for_ever(
    world: World, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "CROWDED", 2)
    monkeypatch.setattr(bulk, "REST", 0.0)
    stuck, waiting, _ = a_mixture(world)
    do(world, ask(world, Bulk("retry", ids=stuck)))
    job = ask(world, Bulk("exit", ids=waiting))
    clock.advance(bulk.SILENT - timedelta(seconds=1))
    assert asyncio.run(pages(world).turn(job)) is False
    assert look(world, job).done == 0
    clock.advance(timedelta(seconds=1))
    assert asyncio.run(pages(world).turn(job)) is True
    assert look(world, job).done == 2


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"action": "retry"}, "/filter"),
    ({"action": "retry", "ids": [1], "filter": RunFilter(journey="a")}, "/filter"),
    ({"action": "retry", "filter": RunFilter()}, "/filter"),
    ({"action": "retry", "ids": []}, "/ids"),
    ({"action": "skip", "ids": [1]}, "/port"),
    ({"action": "exit", "ids": [1], "port": "done"}, "/port"),
    ({"action": "pause", "ids": [1], "outcome": "x"}, "/outcome"),
]


@pytest.mark.parametrize(("given", "pointer"), REFUSED)
def test_what_could_be_done_to_no_run_is_refused_by_place(given: dict[str, Any], pointer: str) -> None:
    with pytest.raises(BulkError) as caught:
        Bulk(**given)
    assert caught.value.pointer == pointer


def test_arguments_survive_the_database(clock: FixedClock) -> None:
    asked = Bulk("exit", RunFilter(journey="a", status="stuck", overdue_at=clock.now()), outcome="cancelled")
    assert Bulk.from_json({**asked.to_json(), "upto": 7}) == asked


def test_a_run_of_ones_store_is_reached_although_its_member_is_another_stores(world: World) -> None:
    """Who was here once and scanned a code elsewhere has a run there, where nothing else is seen of them."""
    world.publish()
    enter(world, 1)
    run = world.run().id
    with world.database.begin() as session:
        region = Region(key="r", title={})
        session.add(region)
        session.flush()
        home, here = (Store(key=key, title={}, region_id=region.id) for key in ("home", "here"))
        session.add_all((home, here))
        session.flush()
        session.connection().execute(text("UPDATE runs SET store_id = :store"), {"store": here.id})
        session.connection().execute(text("UPDATE members SET store_id = :store"), {"store": home.id})
    paused = do(world, ask(world, Bulk("pause", ids=[run]), stores=(here.id,)))
    assert (paused.state, paused.done, paused.failed) == ("done", 1, 0)
    ended = do(world, ask(world, Bulk("exit", ids=[run]), stores=(here.id,)))
    assert (ended.state, [order[:2] for order in orders(world)]) == ("done", [(run, "exit")])
    assert errors(world, do(world, ask(world, Bulk("exit", ids=[run]), stores=(home.id,))).id).keys() == {str(run)}
