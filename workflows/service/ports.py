"""Free ports on the loopback interface."""

import errno
import random
import socket

from workflows.service.errors import PortTakenError

LOOPBACK = "127.0.0.1"
# Below the range from which systems take the ports of outgoing connections, else one of these could take a child's
# port while the child is being restarted.
FIRST, LAST = 15_000, 31_999
ATTEMPTS = 200


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Say whether a server could listen on this port now. Raises PortTakenError where it never could."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            raise PortTakenError(f"this user cannot listen on port {port} of {host}: {error.strerror}") from error
        return True


class Ports:
    """Hands out ports by name: the one of the last start where it is free, else a random free one."""

    def __init__(self, last: dict[str, int]) -> None:
        self._last = last
        self.given: dict[str, int] = {}

    def take(self, name: str) -> int:
        """Return a free port that this object has not given to another name."""
        if name not in self.given:
            self.given[name] = self._choose(self._last.get(name))
        return self.given[name]

    def _choose(self, last: int | None) -> int:
        for _ in range(ATTEMPTS):
            port = last or random.randint(FIRST, LAST)  # noqa: S311 - no secret depends on it
            if port not in self.given.values() and is_free(port):
                return port
            last = None
        raise PortTakenError(f"no free port found between {FIRST} and {LAST}")
