"""Traces: off unless asked for, from the request to WeCom, and without anything personal."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, Sampler, SamplingResult
from temporalio.testing import ActivityEnvironment

from engine.access.store import add_key
from engine.clock import FixedClock
from engine.database.connection import Database
from engine.secrets.keyring import KeyRing
from engine.telemetry.traces import current_trace, span
from engine.wecom.observed import observed as observed_call
from rules.types import Json
from tests.ui.visitor import Visitor, visiting
from tests.workflows.fakes import FakeWeCom
from tests.workflows.world import World, only
from ui.app import Dependencies, create_app
from workflows import observed
from workflows.activities.outside import Outside
from workflows.remote import RemoteExecutor
from workflows.service.span_export import CleanExporter
from workflows.service.tracing import is_wanted, service_name

ROOT = Path(__file__).parents[3]
ENDPOINT = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}
PHONE, UNIONID, NAME = "12012345678", "o-unionid-of-lin", "林小橙"


@dataclass
class Switch(Sampler):
    """Samples while it is on: OpenTelemetry's provider can be set once per process, and other tests share it."""

    on: bool = False

    def should_sample(self, *given: object, **named: object) -> SamplingResult:
        return (ALWAYS_ON if self.on else ALWAYS_OFF).should_sample(*given, **named)  # type: ignore[arg-type]

    def get_description(self) -> str:
        return "switch"


SWITCH, KEPT = Switch(), InMemorySpanExporter()


@pytest.fixture(scope="session")
def provider() -> TracerProvider:
    made = TracerProvider(sampler=SWITCH)
    made.add_span_processor(SimpleSpanProcessor(CleanExporter(KEPT)))
    trace.set_tracer_provider(made)
    return made


@pytest.fixture
def traced(provider: TracerProvider) -> Iterator[InMemorySpanExporter]:
    """Spans are made, and kept here."""
    KEPT.clear()
    SWITCH.on = True
    yield KEPT
    SWITCH.on = False


@pytest.fixture
def world(database: Database, clock: FixedClock, keys: KeyRing) -> World:
    return World(database, clock, keys)


@pytest.fixture
def till(world: World, traced: InMemorySpanExporter) -> Iterator[Visitor]:
    """A program that sends events to a service with traces."""
    with world.database.begin() as session:
        add_key(session, "till", "k", {"events", "members"}, now=world.clock.now())
    with visiting(create_app(Dependencies(world.database, world.clock, world.keys))) as browser:
        yield browser


def named(traced: InMemorySpanExporter, name: str) -> ReadableSpan:
    [found] = [one for one in traced.get_finished_spans() if one.name == name]
    return found


def scan(till: Visitor, **headers: str) -> httpx.Response:
    event: dict[str, Json] = {
        "specversion": "1.0",
        "id": "scan-1",
        "source": "test",
        "type": "contact.scanned",
        "subject": f"unionid:{UNIONID}",
        "time": "2026-01-07T02:00:00Z",
        "data": {"channel": "c", "phone": PHONE, "name": NAME},
    }
    given = {"Authorization": "Bearer k", "Content-Type": "application/cloudevents+json", **headers}
    return till.post("/api/v1/events", json=event, headers=given)


async def test_a_trace_goes_from_the_request_over_routing_and_turn_to_the_outside(
    world: World, till: Visitor, traced: InMemorySpanExporter
) -> None:
    world.publish(only("test.call", {"say": "hello"}))
    assert scan(till).status_code == 202
    with observed.routing(1) as seen:
        [routed] = world.route()
        seen.routed(routed)
    key = world.take().effect
    assert key is not None
    async with httpx.AsyncClient() as http:
        outside = Outside(wecom=FakeWeCom(), http=http)
        executor = RemoteExecutor(world.database, world.clock, world.keys, world.activities, outside, world.plans)
        await ActivityEnvironment().run(executor.execute, key)
    request = named(traced, "POST /api/v1/events")
    accepted = request.context.trace_id
    for later in ("route", "turn"):
        assert [link.context.trace_id for link in named(traced, later).links] == [accepted]
    [run] = world.runs()
    told = dict(named(traced, "turn").attributes or {})
    assert told["waystation.run"] == run.id
    assert (told["waystation.journey"], told["waystation.node"], told["waystation.events"]) == (run.journey, "act", 0)
    remote = dict(named(traced, "remote test.call").attributes or {})
    assert (remote["waystation.run"], remote["waystation.node"]) == (run.id, "act")


def test_a_caller_s_own_trace_goes_on_in_ours(till: Visitor, traced: InMemorySpanExporter) -> None:
    theirs = "4bf92f3577b34da6a3ce929d0e0e4736"
    scan(till, traceparent=f"00-{theirs}-00f067aa0ba902b7-01")
    assert f"{named(traced, 'POST /api/v1/events').context.trace_id:032x}" == theirs


def test_a_local_effect_stands_inside_its_turn(world: World, traced: InMemorySpanExporter) -> None:
    world.publish(only("test.give", {"what": "coupon"}))
    world.tell("contact.scanned", {"channel": "c"})
    world.route()
    world.take()
    effect, turn = named(traced, "local test.give"), named(traced, "turn")
    assert effect.parent is not None
    assert effect.parent.span_id == turn.context.span_id


async def test_a_call_of_wecom_tells_its_api_and_errcode(traced: InMemorySpanExporter) -> None:
    async def answer() -> dict[str, Json]:
        return {"errcode": 45009, "errmsg": NAME}

    await observed_call("externalcontact/get", answer())
    told = named(traced, "wecom externalcontact/get")
    assert dict(told.attributes or {}) == {"error.type": "errcode 45009"}
    assert not told.status.is_ok


def test_nothing_personal_leaves_with_a_span(till: Visitor, traced: InMemorySpanExporter) -> None:
    scan(till)
    till.get(f"/api/v1/members/phone:{PHONE}?name={NAME}", headers={"Authorization": "Bearer k", "User-Agent": UNIONID})
    till.get(f"/of/{UNIONID}?phone={PHONE}")
    with pytest.raises(ValueError, match=NAME), span("of our own"):
        raise ValueError(NAME)
    with pytest.raises(ValueError, match=NAME), trace.get_tracer("theirs").start_as_current_span("of a library"):
        raise ValueError(NAME)
    left = "".join(one.to_json() for one in traced.get_finished_spans())
    assert "/api/v1/members/{member}" in left
    assert "ValueError" in left
    for secret in (PHONE, UNIONID, NAME, NAME.encode("unicode_escape").decode(), "127.0.0.1"):
        assert secret not in left


def test_probes_and_files_leave_no_span(till: Visitor, traced: InMemorySpanExporter) -> None:
    for path in ("/livez", "/readyz", "/metrics", "/static/css/parts.css"):
        till.get(path)
    assert [one.name for one in traced.get_finished_spans()] == []


def test_without_a_recorded_span_an_event_keeps_no_trace(world: World, provider: TracerProvider) -> None:
    assert current_trace() is None
    world.publish()
    world.tell("contact.scanned", {"channel": "c"})
    assert [routed.traces for routed in world.route()] == [()]


@pytest.mark.parametrize(
    ("environment", "wanted"),
    [
        ({}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": ""}, False),
        (ENDPOINT, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:4318/v1/traces"}, True),
        (ENDPOINT | {"OTEL_SDK_DISABLED": "true"}, False),
        (ENDPOINT | {"OTEL_TRACES_EXPORTER": "none"}, False),
    ],
)
def test_traces_are_made_where_the_environment_says_where_to_send_them(
    environment: dict[str, str], wanted: bool
) -> None:
    assert is_wanted(environment) is wanted


def test_who_wants_no_traces_loads_no_sdk() -> None:
    program = (
        "import sys, server, ui.app, workflows.worker, workflows.router; print('opentelemetry.sdk' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize(("environment", "name"), [({}, "waystation-web"), ({"OTEL_SERVICE_NAME": "ours"}, "ours")])
def test_a_role_has_a_name_of_its_own(environment: dict[str, str], name: str) -> None:
    assert service_name("web", environment) == name
