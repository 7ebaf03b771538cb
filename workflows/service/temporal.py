"""The embedded Temporal dev server with its file database."""

import os
from dataclasses import dataclass
from pathlib import Path

from workflows.service.child import Child
from workflows.service.logs import LogFile
from workflows.service.ports import LOOPBACK
from workflows.service.probes import answers_http

NAMESPACE = "default"
# In WAL mode NORMAL cannot corrupt the file. What a power cut may take from its end is started again by the sweeper.
PRAGMAS = ("journal_mode=WAL", "synchronous=NORMAL")
# Else it keeps each run that moved within the last hour in memory: 300 MB after 3,000 of them, no end before 128,000.
DYNAMIC = ("history.hostLevelCacheMaxSize=1000",)


@dataclass(frozen=True)
class TemporalPorts:
    """Where the dev server listens. `http` is Temporal's own HTTP API, by which we see that it is ready."""

    grpc: int
    ui: int
    http: int
    metrics: int

    @property
    def address(self) -> str:
        """The address for clients."""
        return f"{LOOPBACK}:{self.grpc}"

    @property
    def ui_url(self) -> str:
        """Temporal's own pages."""
        return f"http://{LOOPBACK}:{self.ui}"


def temporal_child(program: Path, folder: Path, ports: TemporalPorts, log: LogFile) -> Child:
    """Describe the child; its file lies in `folder`. It is told none of our settings, and reads none of the user's."""
    return Child(
        name="temporal",
        argv=(
            str(program),
            *("server", "start-dev", "--ip", LOOPBACK, "--log-level", "warn"),
            *("--db-filename", str(folder / "temporal.db")),
            *(word for pragma in PRAGMAS for word in ("--sqlite-pragma", pragma)),
            *(word for value in DYNAMIC for word in ("--dynamic-config-value", value)),
            *("--port", str(ports.grpc), "--ui-port", str(ports.ui)),
            *("--http-port", str(ports.http), "--metrics-port", str(ports.metrics)),
        ),
        environment={"PATH": os.defpath, "HOME": str(folder), "TEMPORAL_CONFIG_FILE": "/dev/null"},
        log=log,
        ready=answers_http(ports.http, f"/api/v1/namespaces/{NAMESPACE}"),
        folder=folder,
        patience=15.0,
    )
