"""A span for every request, by FastAPI's own telemetry, where the process makes traces at all.

What it notes of addresses and clients is not sent on (`workflows.service.span_export`).
"""

from collections.abc import MutableMapping
from typing import Any

from fastapi.telemetry import TelemetryConfig

UNTRACED = ("/livez", "/readyz", "/metrics", "/static")


def _is_untraced(scope: MutableMapping[str, Any]) -> bool:
    return bool(scope["type"] != "http" or scope["path"].startswith(UNTRACED))


REQUEST_SPANS = TelemetryConfig(
    metrics=False,  # ours are Prometheus'
    logs=False,  # they would tell what exceptions say
    operation_spans=False,
    auto_configure=False,
    exclude=_is_untraced,
)
