"""Where a role without pages is watched: `/metrics`, `/livez` and `/readyz` on a port of its own, without a key."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from engine.telemetry.measures import REGISTRY
from workflows.service.errors import PortTakenError

PLAIN = "text/plain; charset=utf-8"


@dataclass(frozen=True)
class Watched:
    """The port; None serves nothing. `can_work` is asked by `/readyz`, beside whether the role is ready.

    `patience`: so many seconds a connection may say nothing, or take no answer, before it is closed.
    """

    host: str
    port: int | None
    can_work: Callable[[], bool]
    patience: float = 10.0

    @contextmanager
    def serving(self, is_ready: Callable[[], bool]) -> Iterator[int | None]:
        """Serve during the block; gives the port, which the system chooses for 0. Raises PortTakenError."""
        if self.port is None:
            yield None
            return
        server = self._listen(lambda: is_ready() and self.can_work())
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, name="watched", daemon=True)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    def _listen(self, is_ready: Callable[[], bool]) -> ThreadingHTTPServer:
        class Handler(BaseHTTPRequestHandler):
            timeout = self.patience

            def send_response(self, code: int, message: str | None = None) -> None:
                """As the library does, without the header that tells the versions of it and of Python."""
                self.send_response_only(code, message)
                self.send_header("Date", self.date_time_string())

            def do_GET(self) -> None:
                status, kind, body = answer(self.path.partition("?")[0], is_ready)
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
                """Scrapes are not logged."""

        try:
            return ThreadingHTTPServer((self.host, self.port or 0), Handler)
        except OSError as error:
            why = f"port {self.port} of {self.host} cannot be listened on: {error.strerror}"
            raise PortTakenError(f"{why}; WAYSTATION_METRICS_PORT names another") from error


def answer(path: str, is_ready: Callable[[], bool]) -> tuple[HTTPStatus, str, bytes]:
    """What is answered at a path: status, media type and body."""
    match path:
        case "/metrics":
            return HTTPStatus.OK, CONTENT_TYPE_PLAIN_0_0_4, generate_latest(REGISTRY)
        case "/livez":
            return HTTPStatus.OK, PLAIN, b"ok\n"
        case "/readyz":
            ready = is_ready()
            return (HTTPStatus.OK, PLAIN, b"ok\n") if ready else (HTTPStatus.SERVICE_UNAVAILABLE, PLAIN, b"not ready\n")
        case _:
            return HTTPStatus.NOT_FOUND, PLAIN, b"/metrics, /livez, /readyz\n"
