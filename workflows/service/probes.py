"""Ways to see whether a child is ready. Each takes well under a second and never raises."""

import http.client
import subprocess
from collections.abc import Callable
from pathlib import Path

from workflows.service.ports import LOOPBACK

TIMEOUT = 0.5


def answers_http(port: int, path: str) -> Callable[[], bool]:
    """Ready when a GET on the loopback interface is answered with 200."""

    def probe() -> bool:
        connection = http.client.HTTPConnection(LOOPBACK, port, timeout=TIMEOUT)
        try:
            connection.request("GET", path)
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    return probe


def accepts_sessions(pg_isready: Path, port: int) -> Callable[[], bool]:
    """Ready when PostgreSQL lets sessions in, which it does not while it recovers."""
    command = (pg_isready, "--quiet", "--host", LOOPBACK, "--port", str(port), "--timeout", "1")

    def probe() -> bool:
        return subprocess.run(command, check=False, stdin=subprocess.DEVNULL, capture_output=True).returncode == 0

    return probe
