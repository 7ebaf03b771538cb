"""The search for a member: by identity, by the number that pages show, and what it says when nobody is found."""

from __future__ import annotations

import re

import pytest

from engine.database.connection import Database
from engine.members.models import Identity
from engine.secrets.keyring import KeyRing
from tests.ui.pages.test_pages import text_of
from tests.ui.sample import Sample
from tests.ui.visitor import Visitor


@pytest.mark.parametrize(
    ("kind", "written"), [("member", "{}"), ("member", "#{}"), ("phone", "#{}"), ("unionid", " ＃{} ")]
)
def test_the_number_that_is_listed_finds_its_member(admin: Visitor, chain: Sample, kind: str, written: str) -> None:
    member = chain.members[5]
    answer = admin.get("/members", params={"kind": kind, "value": written.format(member)})
    assert (answer.status_code, answer.headers.get("location")) == (303, f"/members/{member}")


def test_a_members_own_number_goes_before_the_one_that_pages_show(
    admin: Visitor, chain: Sample, database: Database, keys: KeyRing
) -> None:
    shown, owner = chain.members[5], chain.members[7]
    with database.begin() as session:
        lookup = keys.lookup("member", str(shown))
        session.add(Identity(kind="member", lookup=lookup, value_enc=b"", member_id=owner))
    found = admin.get("/members", params={"kind": "member", "value": str(shown)})
    assert found.headers["location"] == f"/members/{owner}"
    found = admin.get("/members", params={"kind": "member", "value": f"#{shown}"})
    assert found.headers["location"] == f"/members/{shown}"


@pytest.mark.parametrize(
    ("kind", "value"), [("member", "999999"), ("phone", "#999999"), ("phone", "#x"), ("phone", "#"), ("unionid", "x")]
)
def test_where_nobody_is_found_nobody_is_listed_and_a_next_step_is_told(
    admin: Visitor, chain: Sample, kind: str, value: str
) -> None:
    page = admin.get("/members", params={"kind": kind, "value": value, "lang": "en"})
    assert "No member has this identity or number" in text_of(page)
    assert "such as #2560" in text_of(page)
    assert [member for member in chain.members if f'href="/members/{member}"' in page.text] == []
    assert "All members" in text_of(page)


@pytest.mark.parametrize("written", ["{}", "#{}", "＃{}"])
def test_runs_are_found_by_the_number_of_their_member_as_it_is_shown(
    admin: Visitor, chain: Sample, written: str
) -> None:
    found = admin.get("/journeys/hook-coupon/runs", params={"member": written.format(chain.members[5])}).text
    assert re.findall(r'href="/runs/(\d+)"', found) == [str(chain.runs["stuck"])]
