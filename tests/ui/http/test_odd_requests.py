"""Odd addresses and forms: refused or found empty, never a failure of ours."""

from __future__ import annotations

import pytest

from tests.ui.sample import Sample
from tests.ui.visitor import Visitor

ODD = ["%00", "%0A", "%ED%A0%80", "%FF", "%27%22%3B--", "..%2F..", "%F0%9F%98%80", "9" * 40, "-1", "1e9", "x" * 3000]
ADDRESSES = [
    "/journeys/{}",
    "/journeys/hook-coupon?version={}",
    "/journeys/hook-coupon/funnel?by={}",
    "/journeys/hook-coupon/funnel?from={}",
    "/journeys/hook-coupon/runs?status={}",
    "/journeys/hook-coupon/runs?node={}",
    "/journeys/hook-coupon/runs?stage={}",
    "/journeys/hook-coupon/runs?store={}",
    "/journeys/hook-coupon/runs?version={}",
    "/journeys/hook-coupon/runs?member={}",
    "/journeys/hook-coupon/runs?member=phone:{}",
    "/journeys/hook-coupon/runs?before={}",
    "/runs/{}",
    "/members?kind={}&value=1",
    "/members?value={}",
    "/members?before={}",
    "/members/{}",
    "/members/1?before={}",
    "/q/{}",
    "/sign-in?next={}",
    "/?lang={}&theme={}",
    "/static/{}",
    "/{}",
]


@pytest.mark.parametrize("signed_in", [True, False])
def test_odd_addresses_never_fail(client: Visitor, chain: Sample, signed_in: bool) -> None:
    if signed_in:
        client.post("/sign-in", data={"username": "admin", "password": "correct horse battery"})
    failed = []
    for address in ADDRESSES:
        for odd in ODD:
            answer = client.get(address.replace("{}", odd))
            if answer.status_code >= 500:
                failed.append((address, odd, answer.status_code))
    assert failed == []


def test_odd_forms_never_fail(admin: Visitor, chain: Sample) -> None:
    failed = []
    for odd in ("\0", "\ud800", "\xff", "x" * 5000, "-1"):
        content = odd.encode("utf-8", "surrogatepass")
        for path, field in (
            ("/sign-in", b"username"),
            ("/sign-in", b"password"),
            (f"/runs/{chain.runs['stuck']}/skip", b"port"),
            (f"/runs/{chain.runs['wait_join']}/resume", b"deadlines"),
        ):
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            body = b"username=a&password=b&" + field + b"=" + b"".join(b"%%%02X" % byte for byte in content)
            answer = admin.post(path, content=body, headers=headers)
            if answer.status_code >= 500:
                failed.append((path, field, odd[:10], answer.status_code))
    assert failed == []


@pytest.mark.parametrize(
    "header", ["Cookie", "Authorization", "If-Match", "Content-Type", "Content-Length", "Host", "Accept-Encoding"]
)
def test_odd_headers_never_fail(client: Visitor, header: str) -> None:
    for value in (b"\xff\xfe", b"waystation_session=\xff", b"Bearer \x80", b"0x10", b'"'):
        assert client.get("/sign-in", headers={header: value}).status_code < 500
        assert client.get("/journeys", headers={header: value}).status_code < 500
        assert client.get("/api/v1/runs", headers={header: value}).status_code < 500
