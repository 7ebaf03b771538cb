"""Spans, and how a trace crosses from an event to what follows from it.

Only the interface of OpenTelemetry is used here: unless `workflows.service.span_export` has set a provider, a span is
none and costs next to nothing. Spans hold internal ids, keys and types; never what an event or an answer says.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext

from opentelemetry import trace
from opentelemetry.trace import Link, Span, SpanContext, SpanKind, Status, StatusCode, TraceFlags

SCOPE = "waystation"

_TRACER = trace.get_tracer(SCOPE)
_NO_SPAN = nullcontext(trace.INVALID_SPAN)
_MOST_LINKS = 20
_VERSION = "00"


def span(
    name: str, *, kind: SpanKind = SpanKind.INTERNAL, links: Iterable[str] = (), **attributes: str | int
) -> AbstractContextManager[Span]:
    """A span around the block. `attributes` are named without their prefix: `run=7` is `waystation.run`.

    An exception marks the span with its type alone: what it says may be personal.
    """
    if isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider):
        return _NO_SPAN
    return _span(name, kind, links, attributes)


@contextmanager
def _span(name: str, kind: SpanKind, links: Iterable[str], attributes: Mapping[str, str | int]) -> Iterator[Span]:
    with _TRACER.start_as_current_span(
        name,
        kind=kind,
        attributes=_named(attributes),
        links=_links(links),
        record_exception=False,
        set_status_on_exception=False,
    ) as current:
        try:
            yield current
        except BaseException as error:
            mark(current, type(error).__name__)
            raise


def describe(current: Span, **attributes: str | int) -> None:
    """Add attributes to a span, named as for `span`."""
    current.set_attributes(_named(attributes))


def mark(current: Span, reason: str) -> None:
    """Say that what the span stands for went wrong; `reason` is a word."""
    current.set_attribute("error.type", reason)
    current.set_status(Status(StatusCode.ERROR))


def add_links(current: Span, traces: Iterable[str | None]) -> None:
    """Link a span with the traces of what it has found to work on."""
    if current.is_recording():
        for link in _links(one for one in traces if one):
            current.add_link(link.context)


def current_trace() -> str | None:
    """The trace that this code runs in, as the header `traceparent` writes it; None unless it is recorded."""
    here = trace.get_current_span().get_span_context()
    if not here.is_valid or not here.trace_flags.sampled:
        return None
    return f"{_VERSION}-{here.trace_id:032x}-{here.span_id:016x}-{here.trace_flags:02x}"


def current_ids() -> dict[str, str]:
    """The ids of this code's trace and span for a log line; empty outside of any."""
    here = trace.get_current_span().get_span_context()
    return {"trace_id": f"{here.trace_id:032x}", "span_id": f"{here.span_id:016x}"} if here.is_valid else {}


def _named(attributes: Mapping[str, str | int]) -> dict[str, str | int]:
    return {f"{SCOPE}.{key}": value for key, value in attributes.items()}


def _links(traces: Iterable[str]) -> list[Link]:
    found = dict.fromkeys(traces)
    return [Link(_context(one)) for one in list(found)[:_MOST_LINKS]]


def _context(written: str) -> SpanContext:
    _, trace_id, span_id, flags = written.split("-")
    return SpanContext(int(trace_id, 16), int(span_id, 16), is_remote=True, trace_flags=TraceFlags(int(flags, 16)))
