"""Signing in and out, as a browser does it."""

from __future__ import annotations

import pytest

from engine.access import sign_in
from tests.ui.sample import PASSWORD, Sample
from tests.ui.visitor import Visitor, visiting
from ui.app import Dependencies, create_app
from ui.http.auth import COOKIE


def enter(client: Visitor, password: str = PASSWORD, **more: str) -> int:
    answer = client.post("/sign-in", data={"username": "admin", "password": password, **more})
    return answer.status_code


def test_without_a_session_every_page_leads_to_sign_in_and_back(client: Visitor) -> None:
    assert client.get("/").headers["location"] == "/sign-in"
    assert client.get("/journeys?lang=en").headers["location"] == "/sign-in?next=%2Fjourneys%3Flang%3Den"
    fragment = client.get("/overview/live", headers={"HX-Request": "true"})
    assert (fragment.status_code, fragment.headers["hx-redirect"]) == (204, "/sign-in")


def test_signing_in_sets_a_cookie_that_scripts_cannot_read(client: Visitor, chain: Sample) -> None:
    answer = client.post("/sign-in", data={"username": "admin", "password": PASSWORD, "next": "/members"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/members")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"{COOKIE}=")
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Secure" not in cookie
    assert client.get("/sign-in").headers["location"] == "/"


def test_behind_https_the_cookie_is_secure(deps: Dependencies, chain: Sample) -> None:
    secure = Dependencies(deps.database, deps.clock, deps.keys, public_url="https://waystation.example.com")
    with visiting(create_app(secure)) as client:
        answer = client.post("/sign-in", data={"username": "admin", "password": PASSWORD})
    assert "Secure" in answer.headers["set-cookie"]
    assert answer.headers["strict-transport-security"].startswith("max-age=")


def test_signing_out_ends_the_session_in_the_table_too(admin: Visitor) -> None:
    token = admin.cookies[COOKIE]
    assert admin.get("/").status_code == 200
    assert admin.post("/sign-out").status_code == 303
    admin.cookies.set(COOKIE, token)
    assert admin.get("/").status_code == 303


def test_a_wrong_password_is_told_and_the_name_is_kept(client: Visitor, chain: Sample) -> None:
    answer = client.post("/sign-in", data={"username": "admin", "password": "wrong"})
    assert answer.status_code == 401
    assert "用户名或密码不对" in answer.text
    assert 'value="admin"' in answer.text
    assert COOKIE not in answer.cookies


def test_too_many_failures_lock_the_door_even_for_the_right_password(client: Visitor, chain: Sample) -> None:
    for _ in range(sign_in.PER_NAME_AND_ADDRESS):
        assert enter(client, "wrong") == 401
    assert enter(client) == 429
    refused = client.post("/sign-in", data={"username": "admin", "password": PASSWORD})
    assert 0 < int(refused.headers["retry-after"]) <= sign_in.WINDOW.total_seconds()


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/\nx", "//["]
)
def test_a_link_cannot_lead_elsewhere_after_signing_in(client: Visitor, chain: Sample, elsewhere: str) -> None:
    answer = client.post("/sign-in", data={"username": "admin", "password": PASSWORD, "next": elsewhere})
    assert answer.headers["location"] == "/"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 303),
        ({"Origin": "http://testserver"}, 303),
    ],
)
def test_forms_of_other_sites_are_refused(client: Visitor, chain: Sample, headers: dict[str, str], status: int) -> None:
    answer = client.post("/sign-in", data={"username": "admin", "password": PASSWORD}, headers=headers)
    assert answer.status_code == status


def test_a_form_with_absurd_fields_is_refused(client: Visitor, chain: Sample) -> None:
    assert client.post("/sign-in", data={"username": "x" * 300, "password": "y"}).status_code == 422
    assert client.post("/sign-in", data={"username": "a\0b", "password": "y"}).status_code == 422
    assert client.post("/sign-in", data={}).status_code == 401
