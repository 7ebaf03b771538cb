"""`/metrics`: who may read it, what it shows, and that docs/metrics.md lists all of it and nothing else."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.parser import text_string_to_metric_families

import engine.wecom.observed  # noqa: F401 - registers what is counted of WeCom
import workflows.measures  # noqa: F401 - registers what worker and router count
from engine.access.store import add_key
from engine.clock import FixedClock
from engine.database.connection import Database
from engine.telemetry.measures import REGISTRY
from engine.telemetry.standing import Standing
from tests.ui.sample import Sample
from tests.ui.visitor import Visitor, visiting
from ui.app import Dependencies, create_app

DOCUMENT = Path(__file__).parents[3] / "docs" / "metrics.md"
HERE = {"Host": "127.0.0.1:8400"}


class Measure(NamedTuple):
    name: str
    kind: str
    labels: tuple[str, ...]


@pytest.fixture
def prometheus(database: Database, clock: FixedClock) -> dict[str, str]:
    """The headers of a program whose key may read the measures."""
    with database.begin() as session:
        add_key(session, "prometheus", "k-metrics", {"metrics"}, now=clock.now())
        add_key(session, "till", "k-till", {"events"}, now=clock.now())
    return {"Authorization": "Bearer k-metrics"}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Host": "localhost"}, 200),
        ({"Host": "[::1]:8400"}, 200),
        ({"Host": "waystation.example.com"}, 401),
        ({"Host": "127.0.0.1.example.com"}, 401),
        ({"Host": "[broken"}, 401),
        ({"X-Forwarded-For": "10.0.0.9"}, 401),
        ({"X-Forwarded-For": "127.0.0.1"}, 401),
        ({"Forwarded": "for=127.0.0.1"}, 401),
        ({"X-Real-IP": "127.0.0.1"}, 401),
        ({"Via": "1.1 proxy"}, 401),
        ({"X-Forwarded-Server": "proxy"}, 401),
        ({"X-Original-Forwarded-For": "10.0.0.9"}, 401),
        ({"X-Cluster-Client-IP": "10.0.0.9"}, 401),
        ({"True-Client-IP": "10.0.0.9"}, 401),
        ({"CF-Connecting-IP": "10.0.0.9"}, 401),
        ({"X-Forwarded-For": "10.0.0.9", "Authorization": "Bearer k-metrics"}, 200),
        ({"Authorization": "Bearer k-till"}, 403),
        ({"Authorization": "Bearer wrong"}, 401),
    ],
)
def test_the_measures_are_for_a_key_of_their_scope_or_this_machine(
    client: Visitor, prometheus: dict[str, str], headers: dict[str, str], status: int
) -> None:
    answer = client.get("/metrics", headers={**HERE, **headers})
    assert answer.status_code == status
    if status != 200:
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(("url", "status"), [("https://w.example.com", 401), ("http://127.0.0.1:8400", 200)])
def test_behind_a_proxy_that_hides_who_asks_everybody_needs_a_key(
    deps: Dependencies, prometheus: dict[str, str], url: str, status: int
) -> None:
    """As nginx asks by default: from the loopback interface, by our own name, with no header that tells of it."""
    with visiting(create_app(replace(deps, public_url=url))) as proxy:
        assert proxy.get("/metrics", headers=HERE).status_code == status
        assert proxy.get("/metrics", headers={**HERE, **prometheus}).status_code == 200


def test_what_lives_and_waits_is_shown(admin: Visitor, chain: Sample) -> None:
    shown = admin.get("/metrics", headers=HERE).text
    assert 'waystation_runs{journey="hook-coupon",status="waiting"} 17.0' in shown
    assert 'waystation_events_unrouted{class="interactive"} 72.0' in shown
    assert "process_resident_memory_bytes" in shown


def test_requests_are_counted_by_route_and_never_by_address(client: Visitor, prometheus: dict[str, str]) -> None:
    def counted(method: str, route: str, status: int) -> float:
        labels = {"method": method, "route": route, "status": str(status)}
        return REGISTRY.get_sample_value("waystation_http_requests_total", labels) or 0.0

    asked = [("GET", "/api/v1/members/{member}", 401), ("GET", "none", 404), ("other", "/livez", 405)]
    before = [counted(*one) for one in asked]
    client.get("/api/v1/members/phone:12000000001")
    client.get("/of/phone:12000000001?unionid=o-secret")
    client.request("BREW", "/livez")
    after = [counted(*one) for one in asked]
    assert [late - early for early, late in zip(before, after, strict=True)] == [1, 1, 1]
    shown = client.get("/metrics", headers=HERE).text
    assert "12000000001" not in shown
    assert "o-secret" not in shown
    assert "BREW" not in shown


def test_every_measure_is_documented_with_its_kind_and_labels_and_nothing_else(
    database: Database, clock: FixedClock
) -> None:
    figures = {Measure(one.name, "gauge", one.labels) for one in Standing(database, clock).figures()}
    counted = {
        Measure(one._name + ("_total" if one._type == "counter" else ""), one._type, one._labelnames)
        for one in REGISTRY._collector_to_names
        if isinstance(one, MetricWrapperBase)
    }
    assert len(counted) > 10
    assert documented() == figures | counted


def documented() -> set[Measure]:
    """The rows of the document's tables."""
    rows = re.findall(r"^\| `(waystation_[^`]+)` \| (\w+) \|([^|]*)\|", DOCUMENT.read_text(), re.MULTILINE)
    return {Measure(name, kind, tuple(re.findall(r"`(\w+)`", labels))) for name, kind, labels in rows}


def test_the_measures_are_written_as_prometheus_reads_them(client: Visitor, chain: Sample) -> None:
    answer = client.get("/metrics", headers=HERE)
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    families = [family.name for family in text_string_to_metric_families(answer.text)]
    assert len(families) == len(set(families))
