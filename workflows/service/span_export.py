"""Sends spans by OTLP, without anything that may be personal.

What leaves the process is filtered here once, for every instrumentation: attributes by a list of names, exceptions by
their type. URLs, queries, clients' addresses and the messages of exceptions never leave.

Loads OpenTelemetry's SDK, which takes a third of a second: imported by `server.py` where traces are wanted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import Status
from opentelemetry.util.types import Attributes, AttributeValue

ALLOWED = frozenset(
    {
        "error.type",
        "exception.type",
        "http.method",
        "http.request.method",
        "http.response.status_code",
        "http.route",
        "http.status_code",
    }
)
OURS = "waystation."
"""Attributes of our own spans; they hold internal ids, keys and types."""


class CleanExporter(SpanExporter):
    """Hands spans on to `inner` with what is allowed of them."""

    def __init__(self, inner: SpanExporter) -> None:
        self._inner = inner

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send the spans, cleaned."""
        return self._inner.export([_cleaned(span) for span in spans])

    def shutdown(self) -> None:
        """Close the exporter within."""
        self._inner.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Have the exporter within send what it holds."""
        return self._inner.force_flush(timeout_millis)


def start(service: str) -> None:
    """Make spans and send them in batches, as `OTEL_*` says; what waits is sent when the process ends."""
    provider = TracerProvider(resource=Resource.create({"service.name": service}))
    provider.add_span_processor(BatchSpanProcessor(CleanExporter(OTLPSpanExporter())))
    trace.set_tracer_provider(provider)


def _cleaned(span: ReadableSpan) -> ReadableSpan:
    return ReadableSpan(
        name=span.name,
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes=_allowed(span.attributes),
        events=[Event(event.name, _allowed(event.attributes), event.timestamp) for event in span.events],
        links=span.links,
        kind=span.kind,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _allowed(attributes: Attributes) -> Mapping[str, AttributeValue]:
    given = attributes or {}
    return {name: value for name, value in given.items() if name in ALLOWED or name.startswith(OURS)}
