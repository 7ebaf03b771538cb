"""What is made once per process and kept under its key: what was not asked for the longest goes first."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

Made = TypeVar("Made")


def mark(text: str) -> str:
    """A key for what is made of a text alone. The text itself, of up to 4 MiB, is not kept with it."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


class Kept(Generic[Made]):
    """At most `most` things by key; may be used by several threads. The key says all that a thing is made of."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._made: OrderedDict[str, Made] = OrderedDict()
        self._lock = Lock()

    def get(self, key: str, make: Callable[[], Made]) -> Made:
        """What is kept under the key, or is made now. Raises what making it raises; then nothing is kept."""
        with self._lock:
            if (made := self._made.get(key)) is not None:
                self._made.move_to_end(key)
                return made
        made = make()
        with self._lock:
            self._made[key] = made
            if len(self._made) > self.most:
                self._made.popitem(last=False)
        return made
