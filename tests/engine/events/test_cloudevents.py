"""Reading CloudEvents: what the SDK writes, we read; what we find, the SDK finds too."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from cloudevents.core.bindings.http import HTTPMessage, to_binary, to_structured
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from hypothesis import given
from hypothesis import strategies as st

from engine.events.cloudevents import Refused, read_event, read_request
from engine.events.content import mistakes
from engine.events.incoming import IncomingEvent

NOW = datetime(2026, 1, 7, 2, tzinfo=UTC)
TEXT = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), min_size=1, max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
DECLARED = {"identities", "channel", "store", "associate"}
EVENTS = st.builds(
    lambda name, source, subject, seconds, data: (
        {
            "id": name,
            "source": source,
            "type": "custom.step",
            "specversion": "1.0",
            "subject": f"member:{subject.strip() or 'x'}",
            "time": NOW - timedelta(seconds=seconds),
        },
        data,
    ),
    TEXT,
    st.from_regex(r"[a-z][a-z/]{0,10}", fullmatch=True),
    TEXT,
    st.integers(0, 399 * 86400),
    st.dictionaries(TEXT.filter(lambda key: key not in DECLARED), JSON, max_size=4),
)  # fmt: skip


def incoming(message: HTTPMessage) -> IncomingEvent:
    headers = {name.lower(): value for name, value in message.headers.items()}
    body = message.body if isinstance(message.body, bytes) else message.body.encode()
    [item] = read_request(headers["content-type"], headers, body, now=NOW).items
    assert isinstance(item, IncomingEvent), item
    return item


@given(EVENTS)
def test_what_the_sdk_writes_in_either_mode_is_read_alike(made: tuple[dict[str, Any], dict[str, Any]]) -> None:
    attributes, data = made
    event = CloudEvent({**attributes, "datacontenttype": "application/json"}, data)
    structured, binary = incoming(to_structured(event, JSONFormat())), incoming(to_binary(event, JSONFormat()))
    assert structured == binary
    assert structured == IncomingEvent(
        attributes["source"], attributes["id"], "custom.step", attributes["subject"], attributes["time"], data
    )


@given(st.recursive(JSON | st.floats() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_reading_never_raises_whatever_it_is_given(item: Any) -> None:
    assert isinstance(read_event(item, now=NOW), Refused)
    list(mistakes(item))


def test_limits_of_time_are_inclusive() -> None:
    def read(at: datetime) -> object:
        return read_event(
            {"specversion": "1.0", "id": "1", "source": "s", "type": "custom.x", "time": at.isoformat()}, now=NOW
        )

    for moment in (NOW + timedelta(minutes=5), NOW - timedelta(days=400), NOW):
        assert isinstance(read(moment), IncomingEvent)
    for moment in (NOW + timedelta(minutes=5, seconds=1), NOW - timedelta(days=400, seconds=1)):
        assert isinstance(read(moment), Refused)
