"""A span for every request, named by its route. What OpenTelemetry's instrumentation adds about persons is not sent on
(`workflows.service.span_export`)."""

from fastapi import FastAPI

UNTRACED = "^[a-z]+://[^/]+/(livez|readyz|metrics|static.*)$"


def trace_requests(app: FastAPI) -> None:
    """Have the application's requests traced; the trace of a caller that sends `traceparent` goes on in ours."""
    # Loads OpenTelemetry's SDK: only for those who want traces.
    from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor  # noqa: PLC0415

    FastAPIInstrumentor.instrument_app(app, excluded_urls=UNTRACED, exclude_spans=["receive", "send"])
