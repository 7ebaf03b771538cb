"""`POST /events` from outside: what is taken, what is refused, and how the answer says so."""

from __future__ import annotations

import json
from typing import Any

from httpx import AsyncClient

from tests.ui.api.conftest import ClientFor

ONE = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
NOW = "2026-01-07T10:00:00+08:00"


def cloud_event(**changes: Any) -> dict[str, Any]:
    whole = {
        "specversion": "1.0",
        "id": "e1",
        "source": "till/7",
        "type": "store.visited",
        "subject": "member:1001",
        "time": NOW,
        "data": {},
        **changes,
    }
    return {name: value for name, value in whole.items() if value is not ...}


async def post(api: AsyncClient, body: Any, media_type: str = ONE, **headers: str) -> Any:
    content = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=True).encode()
    return await api.post("/api/v1/events", content=content, headers={"Content-Type": media_type, **headers})


async def test_one_event_is_accepted_and_again_is_a_duplicate(api: AsyncClient) -> None:
    first, again = await post(api, cloud_event()), await post(api, cloud_event())
    assert (first.status_code, first.json()) == (202, {"accepted": 1, "duplicates": 0, "rejected": []})
    assert (again.status_code, again.json()) == (202, {"accepted": 0, "duplicates": 1, "rejected": []})


async def test_binary_mode_carries_the_attributes_in_headers(api: AsyncClient) -> None:
    headers = {f"ce-{name}": value for name, value in cloud_event(data=...).items()}
    answer = await post(api, {"link": "x"}, "application/json", **headers)
    assert (answer.status_code, answer.json()["accepted"]) == (202, 1)


async def test_a_bad_event_does_not_stop_the_others_of_its_batch(api: AsyncClient) -> None:
    batch = [
        cloud_event(id="a"),
        cloud_event(id="b", time=...),
        "no event",
        cloud_event(id="c", data={"n": float("nan")}),
        cloud_event(id="a"),
        cloud_event(id="d"),
    ]
    answer = await post(api, batch, BATCH)
    assert answer.status_code == 202
    body = answer.json()
    assert (body["accepted"], body["duplicates"]) == (2, 1)
    assert [(one["index"], one["pointer"]) for one in body["rejected"]] == [(1, "/time"), (2, ""), (3, "/data/n")]
    assert all(one["message"] for one in body["rejected"])


PAID = {"order_no": "1", "amount": 1}
BAD: list[tuple[str, dict[str, Any], str]] = [
    ("no time", {"time": ...}, "/time"),
    ("a time without a zone", {"time": "2026-01-07T10:00:00"}, "/time"),
    ("a day", {"time": "2026-01-07"}, "/time"),
    ("no instant", {"time": "2026-02-30T10:00:00Z"}, "/time"),
    ("a number as time", {"time": 5}, "/time"),
    ("six minutes ahead", {"time": "2026-01-07T10:06:00+08:00"}, "/time"),
    ("401 days back", {"time": "2024-12-01T10:00:00+08:00"}, "/time"),
    ("beyond the calendar", {"time": "0001-01-01T00:00:00+08:00"}, "/time"),
    ("another version", {"specversion": "0.3"}, "/specversion"),
    ("no version", {"specversion": ...}, "/specversion"),
    ("no id", {"id": ...}, "/id"),
    ("an empty id", {"id": ""}, "/id"),
    ("a number as id", {"id": 5}, "/id"),
    ("a long id", {"id": "x" * 257}, "/id"),
    ("no source", {"source": ...}, "/source"),
    ("our own source", {"source": "waystation:coupons"}, "/source"),
    ("no type", {"type": ...}, "/type"),
    ("an unknown type", {"type": "contact.vanished"}, "/type"),
    ("an internal type", {"type": "run.requested", "data": {"journey": "x"}}, "/type"),
    ("an odd custom type", {"type": "custom.Ä"}, "/type"),
    ("a bare custom", {"type": "custom."}, "/type"),
    ("a subject without kind", {"subject": "1001"}, "/subject"),
    ("a subject of an unknown kind", {"subject": "person:1001"}, "/subject"),
    ("a visitor of ours", {"subject": "visitor:abc"}, "/subject"),
    ("an empty subject", {"subject": "member:"}, "/subject"),
    ("a phone in words", {"subject": "phone:secret"}, "/subject"),
    ("a subject that is no text", {"subject": 1001}, "/subject"),
    ("data that is no object", {"data": [1]}, "/data"),
    ("data as text", {"data": "{}"}, "/data"),
    ("data in base64", {"data_base64": "e30="}, "/data_base64"),
    ("data of another type", {"datacontenttype": "text/xml"}, "/datacontenttype"),
    ("an attribute in capitals", {"Data": {}}, ""),
    ("an extension that is an object", {"trace": {}}, "/trace"),
    ("NUL", {"data": {"a": "x\u0000"}}, "/data/a"),
    ("a control character", {"data": {"a": {"b/c": ["\u001b[31m"]}}}, "/data/a/b~1c/0"),
    ("a control character in a key", {"data": {"a\u0007": 1}}, "/data"),
    ("half of a surrogate pair", {"data": {"a": "\ud800"}}, "/data/a"),
    ("half of a surrogate pair in the id", {"id": "\udc00"}, "/id"),
    ("NaN", {"data": {"a": float("nan")}}, "/data/a"),
    ("infinity", {"data": {"a": float("-inf")}}, "/data/a"),
    ("an integer that doubles cannot hold", {"data": {"a": 2**53 + 1}}, "/data/a"),
    ("an amount with cents", {"type": "order.paid", "data": {"order_no": "1", "amount": 9.9}}, "/data/amount"),
    ("an amount as text", {"type": "order.paid", "data": {"order_no": "1", "amount": "990"}}, "/data/amount"),
    ("an amount that is true", {"type": "order.paid", "data": {"order_no": "1", "amount": True}}, "/data/amount"),
    ("a line that is no object", {"type": "order.paid", "data": {**PAID, "lines": [1]}}, "/data/lines/0"),
    ("a line without amount", {"type": "order.paid", "data": {**PAID, "lines": [{"sku": "s", "qty": 1}]}},
     "/data/lines/0/amount"),
    ("an add without associate", {"type": "contact.added"}, "/data/associate"),
    ("half in words", {"type": "contact.added", "data": {"associate": "a", "half": "yes"}}, "/data/half"),
    ("lost by nobody known", {"type": "contact.lost", "data": {"associate": "a", "by": "fate"}}, "/data/by"),
    ("a join without chat", {"type": "group.joined"}, "/data/chat"),
    ("identities that are no list", {"data": {"identities": "unionid:u"}}, "/data/identities"),
    ("an identity without kind", {"data": {"identities": ["unionid:u", "u2"]}}, "/data/identities/1"),
]  # fmt: skip


async def test_a_bad_event_alone_is_refused_with_the_place_and_the_remedy(api: AsyncClient) -> None:
    for name, changes, pointer in BAD:
        answer = await post(api, cloud_event(**changes))
        assert (name, answer.status_code, answer.headers["content-type"]) == (name, 422, "application/problem+json")
        errors = answer.json()["errors"]
        assert pointer in [one["pointer"] for one in errors], name
        assert all(one["message"] for one in errors), name
    assert (await post(api, cloud_event())).json()["accepted"] == 1


BODIES: list[tuple[str, bytes, str, int]] = [
    ("no JSON", b"{", ONE, 422),
    ("nothing", b"", ONE, 422),
    ("no UTF-8", b'{"id": "\xff"}', ONE, 422),
    ("too deep", b"[" * 100_000, ONE, 422),
    ("a list as one event", b"[]", ONE, 422),
    ("an object as a batch", b"{}", BATCH, 422),
    ("1001 events", json.dumps([cloud_event()] * 1001).encode(), BATCH, 422),
    ("plain JSON", json.dumps(cloud_event()).encode(), "application/json", 415),
    ("text", json.dumps(cloud_event()).encode(), "text/plain", 415),
    ("another charset", json.dumps(cloud_event()).encode(), f"{ONE}; charset=gbk", 415),
    ("over 256 kB", json.dumps(cloud_event(data={"a": "x" * 262144})).encode(), ONE, 413),
    ("over 4 MiB", b'{"a": "' + b"x" * (4 * 1024 * 1024) + b'"}', ONE, 413),
    ("a key twice", b'{"id": "1", "id": "2"}', ONE, 422),
]


async def test_a_bad_body_is_refused(api: AsyncClient) -> None:
    for name, body, media_type, status in BODIES:
        answer = await post(api, body, media_type)
        assert (name, answer.status_code) == (name, status)
        assert answer.headers["content-type"] == "application/problem+json", name


async def test_an_oversize_event_in_a_batch_is_an_item_that_is_rejected(api: AsyncClient) -> None:
    answer = await post(api, [cloud_event(id="a", data={"a": "x" * 262144}), cloud_event(id="b")], BATCH)
    assert answer.status_code == 202
    assert answer.json()["accepted"] == 1
    assert answer.json()["rejected"][0]["index"] == 0


async def test_an_empty_batch_changes_nothing(api: AsyncClient) -> None:
    assert (await post(api, [], BATCH)).json() == {"accepted": 0, "duplicates": 0, "rejected": []}


async def test_without_a_key_or_its_scope_nothing_is_taken(client_for: ClientFor) -> None:
    api = client_for("members")
    assert (await post(api, cloud_event())).status_code == 403
    assert (await post(api, cloud_event(), Authorization="Bearer nonsense")).status_code == 401
