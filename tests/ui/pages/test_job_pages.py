"""The pages of jobs: what they say, to whom, and what operators do there."""

from __future__ import annotations

import re

import httpx
import pytest

from engine.access.roles import Place
from engine.access.store import add_user
from engine.clock import FixedClock
from engine.database.connection import Database
from engine.jobs import store
from engine.jobs.bulk import Bulk, create_bulk
from engine.jobs.pages import Finding, Page
from engine.runs.listing import RunFilter
from tests.ui.pages.test_pages import text_of
from tests.ui.sample import PASSWORD, Sample
from tests.ui.visitor import Visitor


@pytest.fixture
def job(database: Database, clock: FixedClock, chain: Sample) -> int:
    """A job that has done a page, in which one run could not be ended."""
    with database.begin() as session:
        asked = Bulk("exit", RunFilter(journey="hook-coupon"))
        job = create_bulk(session, asked, by="user:admin", now=clock.now(), stores="*")
        store.begin(session, job.id, now=clock.now())
        missed = Finding("7", {"zh": "已经结束", "en": "It has ended"})
        store.advance(session, job, Page(2, {"after": 7}, [missed], total=10), now=clock.now())
        return job.id


def test_a_job_shows_its_progress_and_what_could_not_be_done(admin: Visitor, job: int) -> None:
    for path in (f"/jobs/{job}", f"/jobs/{job}/progress"):
        english = text_of(admin.get(f"{path}?lang=en"))
        assert "2 of 10" in english
        assert "It has ended" in english
        assert "已经结束" in text_of(admin.get(f"{path}?lang=zh"))
    assert "2 of 10" in text_of(admin.get("/jobs?lang=en"))


def test_while_a_job_runs_its_page_asks_for_its_progress(admin: Visitor, job: int) -> None:
    polls = f'hx-get="/jobs/{job}/progress"'
    assert polls in admin.get(f"/jobs/{job}").text
    assert admin.post(f"/jobs/{job}/stop").headers["location"] == f"/jobs/{job}"
    assert polls not in admin.get(f"/jobs/{job}").text


def test_an_operator_stops_a_job_and_lets_it_go_on(admin: Visitor, job: int, database: Database) -> None:
    states = []
    for act in ("stop", "continue"):
        assert admin.post(f"/jobs/{job}/{act}").status_code == 303
        with database.begin() as session:
            states.append(store.find(session, job).state)
    assert states == ["stopped", "waiting"]
    assert admin.post(f"/jobs/{job}/continue").status_code == 409


def test_without_jobs_the_page_says_what_to_do_next(admin: Visitor, chain: Sample) -> None:
    page = admin.get("/jobs?lang=en")
    assert "No jobs yet" in text_of(page)
    assert 'href="/import"' in page.text


def test_people_of_a_store_see_no_job_of_the_chain_and_steer_none(
    client: Visitor, job: int, database: Database, clock: FixedClock, chain: Sample
) -> None:
    with database.begin() as session:
        place = Place(None, next(iter(chain.stores.values())))
        add_user(session, "keeper", PASSWORD, role="store", title="Keeper", now=clock.now(), place=place)
    client.post("/sign-in", data={"username": "keeper", "password": PASSWORD})
    assert "No jobs yet" in text_of(client.get("/jobs?lang=en"))
    assert 'href="/import"' not in client.get("/jobs").text
    assert client.get(f"/jobs/{job}").status_code == 404
    assert client.post(f"/jobs/{job}/stop").status_code == 403


def test_an_unknown_job_is_not_found(admin: Visitor) -> None:
    assert admin.get("/jobs/999").status_code == 404


FILE = "kind,key,title,region\nregion,north,北,\nstore,N1,新店,{region}\n"


def send(admin: Visitor, region: str, **fields: str) -> httpx.Response:
    file = ("chain.csv", FILE.format(region=region).encode(), "text/csv")
    return admin.post("/import?lang=en", files={"file": file}, data=fields)


def test_a_file_is_checked_and_then_imported(admin: Visitor, chain: Sample, database: Database) -> None:
    assert "Check only" in text_of(admin.get("/import?lang=en"))
    wrong = send(admin, "south")
    assert wrong.status_code == 422
    page = re.sub(r"<[^>]+>", " ", wrong.text)
    assert "There is no region" in page
    assert re.search(r"3\s+region", page)
    assert "lines that can be imported: 2" in text_of(send(admin, "north", only_check="true"))
    with database.begin() as session:
        assert store.list_jobs(session) == []
    done = send(admin, "north")
    with database.begin() as session:
        [job] = store.list_jobs(session)
    assert (done.status_code, done.headers["location"]) == (303, f"/jobs/{job.id}")
    assert (job.total, job.created_by) == (2, "user:admin")


def test_the_page_marks_what_a_line_must_give_and_says_what_a_title_needs(admin: Visitor, chain: Sample) -> None:
    page = admin.get("/import?lang=en").text
    assert "<strong>region*</strong>, <strong>title*</strong>, address" in page
    assert "<strong>channel_kind*</strong>" in page
    assert "of the two columns title.zh and title.en, both must be filled" in page


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (FILE.format(region="south"), "Mistakes found: 1. Nothing was written. Lines without a mistake: 1."),
        (
            "kind,key,title.zh,title.en,region\nstore,N1,新店,,south\n",
            "Mistakes found: 2. Nothing was written. No line",
        ),
    ],
)
def test_what_is_wrong_is_counted_and_what_can_be_done_is_said(
    admin: Visitor, chain: Sample, content: str, told: str
) -> None:
    answer = admin.post("/import?lang=en", files={"file": ("chain.csv", content.encode(), "text/csv")})
    assert answer.status_code == 422
    assert told in re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", answer.text))


def test_the_lines_that_are_right_are_imported_when_that_is_asked_for(
    admin: Visitor, chain: Sample, database: Database
) -> None:
    assert send(admin, "south", partial="true").status_code == 303
    with database.begin() as session:
        [job] = store.list_jobs(session)
        assert [error.subject for error in store.errors_of(session, job.id)] == ["line 3"]


def test_a_file_in_another_encoding_is_refused_in_words(admin: Visitor, chain: Sample) -> None:
    file = ("chain.csv", FILE.format(region="north").encode("gb18030"), "text/csv")
    answer = admin.post("/import?lang=zh", files={"file": file})
    assert answer.status_code == 422
    assert "GB18030" in answer.text


def test_people_of_a_store_neither_import_nor_sync(
    client: Visitor, database: Database, clock: FixedClock, chain: Sample
) -> None:
    with database.begin() as session:
        place = Place(store_id=next(iter(chain.stores.values())))
        add_user(session, "keeper", PASSWORD, "store", now=clock.now(), place=place)
    client.post("/sign-in", data={"username": "keeper", "password": PASSWORD})
    assert client.get("/import").status_code == 403
    assert send(client, "north").status_code == 403
    assert client.post("/sync").status_code == 403


def test_a_sync_needs_an_app(admin: Visitor, chain: Sample) -> None:
    answer = admin.post("/sync")
    assert answer.status_code == 422
    assert "没有配置企业微信应用" in answer.text
    assert "WAYSTATION_WECOM_APPS" in answer.text
    admin.get("/?lang=en")
    assert "describe one in WAYSTATION_WECOM_APPS" in admin.post("/sync").text
