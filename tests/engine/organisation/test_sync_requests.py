"""Asking for a sync: of an app one waits, and the product does not ask again and again by itself."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import Session

from engine.jobs import store
from engine.jobs.models import Job
from engine.jobs.pages import Page
from engine.organisation.sync.requests import SELDOM, ask, want
from engine.wecom.intake import Intake
from engine.wecom.xml import Fields
from tests.engine.chain import NOW, Chain


def asked(session: Session) -> list[tuple[str, list[str], str]]:
    """The jobs: state, parts, by whom."""
    return [(job.state, job.args["parts"], job.created_by) for job in reversed(store.list_jobs(session))]


def run(session: Session, job: Job | None) -> None:
    assert job is not None
    store.begin(session, job.id, now=NOW)


def test_who_asks_while_one_waits_is_served_by_that_one(chain: Chain) -> None:
    with chain.database.begin() as session:
        first = ask(session, "main", ["groups"], by="user:op", now=NOW)
        assert ask(session, "main", ["directory"], by="key:hr", now=NOW).id == first.id
        ask(session, "other", ["contacts"], by="user:op", now=NOW)
        assert asked(session) == [
            ("waiting", ["directory", "groups"], "user:op"),
            ("waiting", ["contacts"], "user:op"),
        ]


def test_a_change_behind_one_that_runs_waits_for_the_next(chain: Chain) -> None:
    with chain.database.begin() as session:
        run(session, ask(session, "main", by="user:op", now=NOW))
        ask(session, "main", ["contacts"], by="user:op", now=NOW)
        assert [state for state, *_ in asked(session)] == ["running", "waiting"]


def test_one_that_goes_on_from_where_it_stopped_begins_anew_for_who_asks_meanwhile(chain: Chain) -> None:
    with chain.database.begin() as session:
        first = ask(session, "main", ["contacts", "groups"], by="user:op", now=NOW)
        run(session, first)
        store.advance(session, first, Page(7, {"part": "groups"}), now=NOW)
        store.stop(session, first.id, by="user:op", now=NOW)
        store.go_on(session, first.id, by="user:op", now=NOW)
        assert ask(session, "main", ["directory"], by="key:hr", now=NOW).id == first.id
        assert (first.cursor, first.done, first.total) == ({}, 0, None)


def test_the_product_asks_by_itself_once_in_a_while(chain: Chain) -> None:
    with chain.database.begin() as session:
        first = want(session, "main", ["directory"], now=NOW)
        run(session, first)
        assert want(session, "main", ["directory"], now=NOW + SELDOM * 2) is None, "one runs"
        assert first is not None
        store.stop(session, first.id, by="user:op", now=NOW)
        assert want(session, "main", ["directory"], now=NOW + SELDOM - timedelta(seconds=1)) is None
        assert want(session, "main", ["groups"], now=NOW) is not None
        assert want(session, "main", ["directory"], now=NOW + SELDOM + timedelta(seconds=1)) is not None


CALLBACK: Fields = {"ToUserName": "ww1", "CreateTime": "1767751200", "Event": "change_contact"}


def receive(chain: Chain, **fields: str) -> None:
    with chain.database.begin() as session:
        Intake(session, chain.keys, NOW).receive("main", "ww1", {**CALLBACK, **fields})


def test_a_callback_that_only_the_directory_explains_asks_for_it(chain: Chain) -> None:
    for party in ("7", "8"):
        receive(chain, ChangeType="update_party", Id=party)
    with chain.database.begin() as session:
        assert asked(session) == [("waiting", ["directory"], "system")]


def test_an_employee_with_a_new_userid_stays_the_same_associate(chain: Chain) -> None:
    receive(chain, ChangeType="update_user", UserID="wecom-lin", NewUserID="wecom-lin2")
    receive(chain, ChangeType="update_user", UserID="wecom-su", NewUserID="wecom-mo")
    assert chain.rows("SELECT key, wecom_userid FROM associates WHERE key IN ('lin', 'su', 'mo') ORDER BY key") == [
        ("lin", "wecom-lin2"),
        ("mo", "wecom-mo"),
        ("su", "wecom-su"),
    ]
    with chain.database.begin() as session:
        assert len(asked(session)) == 1
