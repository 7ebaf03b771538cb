"""What operators do on the pages beside single runs: start by hand, stop a journey, act on many runs at once."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from engine.access.roles import Place, Role
from engine.access.store import add_user
from engine.clock import FixedClock
from engine.database.connection import Database
from engine.definitions import life
from engine.definitions.models import Live
from engine.events.models import Event
from engine.jobs.models import Job
from engine.runs.models import Pause, Run, RunCommand
from tests.ui.pages.test_pages import text_of
from tests.ui.sample import PASSWORD, Sample
from tests.ui.visitor import Visitor
from ui.messages import LANGUAGES, text
from ui.pages import start

JOURNEY = "/journeys/hook-coupon"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody routes in these tests: there is nothing to wait for."""
    monkeypatch.setattr(start, "PATIENCE", 0.0)


def sign_in(visitor: Visitor, database: Database, clock: FixedClock, role: Role, place: Place) -> None:
    with database.begin() as session:
        add_user(session, "mei", PASSWORD, role, now=clock.now(), place=place)
    assert visitor.post("/sign-in", data={"username": "mei", "password": PASSWORD}).status_code == 303


def requests(database: Database) -> list[Event]:
    with database.begin() as session:
        return list(session.execute(select(Event).where(col(Event.type) == "run.requested")).scalars())


def test_a_start_by_hand_is_an_event_and_says_that_it_waits(admin: Visitor, chain: Sample, database: Database) -> None:
    page = admin.get(f"{JOURNEY}/start").text
    [name] = re.findall(r'name="name" value="(\w+)"', page)
    given = {"member": str(chain.members[3]), "name": name, "sure": "true"}
    first, again = [admin.post(f"{JOURNEY}/start", data=given) for _ in range(2)]
    [event] = requests(database)
    assert first.headers["location"] == again.headers["location"] == f"{JOURNEY}/start?event={event.seq}"
    assert (event.member_id, event.data["journey"]) == (chain.members[3], "hook-coupon")
    assert "正在排队" in text_of(admin.get(first.headers["location"]))


def test_a_start_leads_to_its_run_or_says_that_none_began(
    admin: Visitor, chain: Sample, database: Database, clock: FixedClock
) -> None:
    where = admin.post(f"{JOURNEY}/start", data={"member": f"unionid:o6_{3:06d}", "sure": "true"}).headers["location"]
    [event] = requests(database)
    with database.begin() as session:
        session.execute(update(Event).where(col(Event.seq) == event.seq).values(routed_at=clock.now()))
    assert "没有开始新实例" in text_of(admin.get(where))
    with database.begin() as session:
        session.execute(update(Run).where(col(Run.id) == chain.runs["wait_add"]).values(entry_seq=event.seq))
    assert admin.get(where).headers["location"] == f"/runs/{chain.runs['wait_add']}"
    assert admin.get(f"{JOURNEY}/start?event=987654").status_code == 200


@pytest.mark.parametrize(
    ("member", "status", "words"),
    [
        ("4711", 404, "没有会员有这个编号"),
        ("nonsense", 422, "无法识别"),
        ("phone:secret", 422, "无法识别"),
        ("", 422, "无法识别"),
    ],
)
def test_a_start_that_cannot_be_is_told_beside_the_form(
    admin: Visitor, chain: Sample, database: Database, member: str, status: int, words: str
) -> None:
    answer = admin.post(f"{JOURNEY}/start", data={"member": member})
    assert (answer.status_code, words in answer.text) == (status, True)
    assert requests(database) == []


def test_nobody_is_started_in_a_journey_that_is_paused_or_a_draft(admin: Visitor, chain: Sample) -> None:
    assert admin.post("/journeys/win-back/start", data={"member": "1"}).status_code == 404
    assert admin.post("/journeys/none/start", data={"member": "1"}).status_code == 404
    admin.post(f"{JOURNEY}/pause")
    answer = admin.post(f"{JOURNEY}/start", data={"member": "1"})
    assert (answer.status_code, "旅程已暂停或已下线" in answer.text) == (409, True)
    assert 'name="member"' not in admin.get(f"{JOURNEY}/start").text


def test_stopping_a_journey_says_what_it_will_meet(admin: Visitor, chain: Sample, database: Database) -> None:
    text = text_of(admin.get(f"{JOURNEY}?lang=en"))
    assert "18 runs in flight stand still" in text
    assert "runs entered in the last 24 hours" in text
    assert "18 runs in flight finish on their version" in text
    assert admin.post(f"{JOURNEY}/retire").headers["location"] == JOURNEY
    assert admin.post(f"{JOURNEY}/retire").status_code == 409
    with database.begin() as session:
        assert session.get_one(Live, ("journey", "hook-coupon")).state == "retired"
    assert f'action="{JOURNEY}/retire"' not in admin.get(JOURNEY).text


def test_a_journey_that_was_retired_while_paused_can_be_resumed(
    admin: Visitor, chain: Sample, database: Database
) -> None:
    admin.post(f"{JOURNEY}/pause")
    admin.post(f"{JOURNEY}/retire")
    page = admin.get(JOURNEY)
    assert f'action="{JOURNEY}/resume"' in page.text
    assert "18 个实例原地停住" in text_of(page), "as was said before, the stuck one too"
    assert admin.post(f"{JOURNEY}/resume", data={"deadlines": "extend"}).status_code == 303
    with database.begin() as session:
        assert session.execute(select(col(Pause.mode))).scalar_one() == "extend"


def test_an_operator_of_one_store_stops_no_journey(
    client: Visitor, chain: Sample, database: Database, clock: FixedClock
) -> None:
    sign_in(client, database, clock, "operator", Place(store_id=chain.stores["E01"]))
    assert f'action="{JOURNEY}/pause"' not in client.get(JOURNEY).text
    for what in ("pause", "resume", "retire"):
        assert client.post(f"{JOURNEY}/{what}").status_code == 403


# ------------------------------------------------------------ many runs at once


def jobs(database: Database) -> list[Job]:
    with database.begin() as session:
        return list(session.execute(select(Job)).scalars())


def test_ticked_runs_are_tried_and_then_done_as_a_job(admin: Visitor, chain: Sample, database: Database) -> None:
    named = {"action": "retry", "run": [chain.runs["stuck"], chain.runs["wait_join"]]}
    tried = admin.post(f"{JOURNEY}/runs/bulk", data=named)
    assert "将处理 2 个实例" in text_of(tried)
    assert f'href="/runs/{chain.runs["wait_join"]}"' in tried.text
    assert "前 2 个中有 1 个不能执行" in text_of(tried)
    assert jobs(database) == []
    done = admin.post(f"{JOURNEY}/runs/bulk", data={**named, "sure": "true"})
    [job] = jobs(database)
    assert done.headers["location"] == f"/jobs/{job.id}"
    assert (job.created_by, job.args["action"], job.args["ids"]) == ("user:admin", "retry", named["run"])


def test_a_whole_filter_is_meant_and_not_only_the_page(admin: Visitor, chain: Sample, database: Database) -> None:
    page = admin.get(f"{JOURNEY}/runs?node=wait_add&store=E01").text
    [query] = re.findall(r'name="query" value="([^"]*)"', page)
    asked = {"action": "pause", "whom": "filter", "query": query.replace("&amp;", "&")}
    assert "将处理 3 个实例" in text_of(admin.post(f"{JOURNEY}/runs/bulk", data=asked))
    admin.post(f"{JOURNEY}/runs/bulk", data={**asked, "sure": "true"})
    [job] = jobs(database)
    assert (job.total, job.args["filter"]["journey"], job.args["filter"]["node"]) == (3, "hook-coupon", "wait_add")


@pytest.mark.parametrize(("named", "disabled"), [(["wait_join"], True), (["wait_join", "stuck"], False)])
def test_what_cannot_be_done_to_any_run_cannot_be_confirmed(
    admin: Visitor, chain: Sample, named: list[str], disabled: bool
) -> None:
    form = {"action": "retry", "run": [chain.runs[name] for name in named]}
    tried = admin.post(f"{JOURNEY}/runs/bulk?lang=en", data=form)
    [confirm] = re.findall(r"<button ([^>]*)>Do it", tried.text)
    assert ("disabled" in confirm, "nothing to confirm" in tried.text) == (disabled, disabled)
    assert f"{len(named)} run{'s are' if named[1:] else ' is'} meant" in text_of(tried)


def test_the_list_of_runs_counts_ticks_and_offers_to_tick_all(admin: Visitor, chain: Sample) -> None:
    page = admin.get(f"{JOURNEY}/runs?lang=en").text
    assert ("data-tick-all" in page, page.count("data-ticked"), "js/ticks.js" in page) == (True, 2, True)
    assert "left alone, to compare" in page


def test_one_action_has_one_name_for_a_run_and_for_many(admin: Visitor, chain: Sample) -> None:
    for language in LANGUAGES:
        for action in ("retry", "skip", "exit"):
            assert text(language, f"bulk.{action}") == text(language, f"operator.{action}")


def test_a_port_counts_for_skip_alone_and_deadlines_for_resume_alone(
    admin: Visitor, chain: Sample, database: Database
) -> None:
    form = {"run": [chain.runs["stuck"]], "port": "timeout", "deadlines": "extend", "sure": "true"}
    for action in ("skip", "resume", "pause"):
        admin.post(f"{JOURNEY}/runs/bulk", data={**form, "action": action})
    asked = {job.args["action"]: (job.args["port"], job.args["deadlines"]) for job in jobs(database)}
    assert asked == {"skip": ("timeout", "hold"), "resume": (None, "extend"), "pause": (None, "hold")}


@pytest.mark.parametrize(
    "form",
    [
        {"action": "pause"},
        {"action": "pause", "sure": "true"},
        {"action": "pause", "whom": "filter", "query": "store=nowhere", "sure": "true"},
        {"action": "pause", "whom": "filter", "query": "member=unionid:nobody", "sure": "true"},
    ],
)
def test_where_nobody_is_chosen_nothing_is_done(
    admin: Visitor, chain: Sample, database: Database, form: dict[str, str]
) -> None:
    assert "没有选中任何实例" in text_of(admin.post(f"{JOURNEY}/runs/bulk", data=form))
    assert jobs(database) == []


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"action": "delete", "run": "1"},
        {"action": "pause", "run": "x"},
        {"action": "pause", "run": "0"},
        {"action": "pause", "run": "9" * 30},
        {"action": "pause", "whom": "everybody"},
        {"action": "pause", "whom": "filter", "query": "version=one"},
        {"action": "resume", "run": "1", "deadlines": "whenever"},
    ],
)
def test_a_form_that_cannot_be_read_is_told(admin: Visitor, chain: Sample, form: dict[str, str]) -> None:
    assert admin.post(f"{JOURNEY}/runs/bulk", data=form).status_code == 422


def test_a_bulk_action_stays_within_the_stores_of_whoever_asks(
    client: Visitor, chain: Sample, database: Database, clock: FixedClock
) -> None:
    sign_in(client, database, clock, "operator", Place(store_id=chain.stores["E02"]))
    tried = client.post(f"{JOURNEY}/runs/bulk", data={"action": "pause", "whom": "filter", "sure": "true"})
    assert tried.status_code == 303
    [job] = jobs(database)
    assert (job.total, job.stores) == (12, [chain.stores["E02"]])


def test_who_may_only_look_is_offered_no_action(
    client: Visitor, chain: Sample, database: Database, clock: FixedClock
) -> None:
    sign_in(client, database, clock, "auditor", Place())
    assert "/runs/bulk" not in client.get(f"{JOURNEY}/runs").text
    assert client.post(f"{JOURNEY}/runs/bulk", data={"action": "pause", "run": "1"}).status_code == 403
    assert client.post(f"{JOURNEY}/start", data={"member": "1"}).status_code == 403
    assert 'name="member"' not in client.get(f"{JOURNEY}/start").text


def test_runs_past_their_deadline_are_found(
    admin: Visitor, chain: Sample, database: Database, clock: FixedClock
) -> None:
    assert 'href="/runs/' not in admin.get(f"{JOURNEY}/runs?overdue=true").text
    with database.begin() as session:
        past = update(Run).where(col(Run.node) == "wait_redeem")
        session.execute(past.values(deadline=clock.now() - timedelta(seconds=1)))
    assert len(re.findall(r'href="/runs/\d+">#', admin.get(f"{JOURNEY}/runs?overdue=true").text)) == 3


# ------------------------------------------------------------ one run


def test_a_run_shows_its_effects_with_what_failed(admin: Visitor, chain: Sample) -> None:
    text = text_of(admin.get(f"/runs/{chain.runs['stuck']}?lang=en"))
    assert "failed 5 times" in text
    assert "The till does not answer." in text
    assert "Done" in text


def test_a_run_says_who_paused_it_and_what_becomes_of_its_deadline(admin: Visitor, chain: Sample) -> None:
    run = f"/runs/{chain.runs['wait_join']}?lang=en"
    admin.post(f"/runs/{chain.runs['wait_join']}/pause")
    text = text_of(admin.get(run))
    assert "This run itself was paused" in text
    assert "Paused with its journey" not in text
    assert "On resuming it stays, and acts at once if it has passed" in text
    admin.post(f"{JOURNEY}/pause")
    assert "Paused with its journey" in text_of(admin.get(run))
    admin.post(f"/runs/{chain.runs['wait_join']}/resume")
    text = text_of(admin.get(run))
    assert "This run itself was paused" not in text
    assert "Paused with its journey" in text


def test_pauses_of_a_run_and_its_journey_stand_in_its_timeline(
    admin: Visitor, chain: Sample, clock: FixedClock
) -> None:
    run, ended = chain.runs["wait_join"], chain.runs["goal"]
    for path, form in (
        (f"/runs/{run}/pause", {}),
        (f"/runs/{run}/resume", {"deadlines": "extend"}),
        (f"{JOURNEY}/pause", {}),
        (f"{JOURNEY}/resume", {"deadlines": "hold"}),
    ):
        clock.advance(timedelta(minutes=1))
        assert admin.post(path, data=form).status_code == 303
    lines = admin.get(f"/runs/{run}?lang=en").text.split("</li>")
    told = [
        word
        for line in lines
        for word in ("Run paused", "Run resumed", "Journey paused", "Journey resumed")
        if word in line and "admin" in line
    ]
    assert told == ["Run paused", "Run resumed", "Journey paused", "Journey resumed"]
    assert "move by the pause" in text_of(admin.get(f"/runs/{run}?lang=en")).partition("Run resumed")[2]
    assert "Journey paused" not in text_of(admin.get(f"/runs/{ended}?lang=en"))
    assert "Journey paused" not in text_of(admin.get(f"/runs/{chain.runs['holdout']}?lang=en"))


def test_the_people_of_a_store_see_who_paused_the_journey_of_their_run(
    client: Visitor, chain: Sample, database: Database, clock: FixedClock
) -> None:
    with database.begin() as session:
        life.pause(session, "hook-coupon", by="user:chief", now=clock.now())
    sign_in(client, database, clock, "store", Place(store_id=chain.stores["E02"]))
    told = text_of(client.get(f"/runs/{chain.runs['stuck']}?lang=en"))
    assert "chief" in told.partition("Journey paused")[2]


@pytest.mark.parametrize(
    ("order", "form", "word"),
    [("retry", {}, "Retry"), ("skip", {"port": "timeout"}, "Skip"), ("exit", {}, "End")],
)
def test_an_order_is_told_at_once_and_no_other_can_be_given_until_it_is_taken(
    admin: Visitor, chain: Sample, database: Database, order: str, form: dict[str, str], word: str
) -> None:
    run = f"/runs/{chain.runs['stuck']}"
    assert "waits for the run's turn" not in text_of(admin.get(f"{run}?lang=en"))
    assert admin.post(f"{run}/{order}", data=form).status_code == 303
    for path in (run, f"{run}/progress"):
        page = admin.get(f"{path}?lang=en")
        assert f"{word} was asked by admin and waits for the run&#39;s turn" in page.text
        assert f'action="{run}' not in page.text
        assert len(re.findall(r"<button[^>]*disabled", page.text)) == 4
    with database.begin() as session:
        session.execute(update(RunCommand).values(taken_turn=3))
    page = admin.get(f"{run}/progress").text
    assert (f'action="{run}/retry"' in page, "disabled" in page) == (True, False)


def test_a_push_that_waits_for_the_morning_says_until_when(admin: Visitor, chain: Sample) -> None:
    text = text_of(admin.get(f"/runs/{chain.runs['wait_claim']}?lang=en"))
    assert "Quiet hours: the message leaves at" in text
    assert "Quiet hours" not in text_of(admin.get(f"/runs/{chain.runs['wait_join']}?lang=en"))


def test_merged_runs_lead_to_each_other(admin: Visitor, chain: Sample) -> None:
    kept, ended = chain.runs["wait_claim"], chain.runs["lost"]
    assert f'href="/runs/{ended}"' in admin.get(f"/runs/{kept}").text
    assert f'href="/runs/{kept}"' in admin.get(f"/runs/{ended}").text
    assert f'href="/runs/{ended}"' not in admin.get(f"/runs/{chain.runs['wait_join']}").text
