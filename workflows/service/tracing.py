"""Whether traces are made: OpenTelemetry's own `OTEL_*` environment says so by naming where to send them."""

from __future__ import annotations

from collections.abc import Mapping

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


def is_wanted(environment: Mapping[str, str]) -> bool:
    """Whether the environment asks for traces. If not, nobody should load `workflows.service.span_export`."""
    disabled = environment.get("OTEL_SDK_DISABLED", "").lower() == "true"
    none = environment.get("OTEL_TRACES_EXPORTER", "otlp") == "none"
    return not disabled and not none and any(environment.get(name) for name in ENDPOINTS)


def service_name(role: str, environment: Mapping[str, str]) -> str:
    """Under which name a role's spans are found: `waystation-<role>` unless OTEL_SERVICE_NAME says otherwise."""
    return environment.get("OTEL_SERVICE_NAME") or f"waystation-{role}"
