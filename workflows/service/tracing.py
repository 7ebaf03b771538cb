"""Traces by OpenTelemetry, set up by its own `OTEL_*` environment, and only where that names where to send them."""

from __future__ import annotations

from collections.abc import Mapping

from opentelemetry import trace

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


def is_wanted(environment: Mapping[str, str]) -> bool:
    """Whether the environment asks for traces."""
    disabled = environment.get("OTEL_SDK_DISABLED", "").lower() == "true"
    none = environment.get("OTEL_TRACES_EXPORTER", "otlp") == "none"
    return not disabled and not none and any(environment.get(name) for name in ENDPOINTS)


def start(role: str, environment: Mapping[str, str]) -> bool:
    """Send this process's spans where the environment says; False, at no cost, where it says nothing.

    The service is called `waystation-<role>` unless OTEL_SERVICE_NAME says otherwise.
    """
    if not is_wanted(environment):
        return False
    from workflows.service.span_export import provider  # noqa: PLC0415 - the SDK is loaded only where it is used

    trace.set_tracer_provider(provider(environment.get("OTEL_SERVICE_NAME") or f"waystation-{role}"))
    return True
