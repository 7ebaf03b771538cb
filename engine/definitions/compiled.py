"""What is compiled from bundles, by their hash. A bundle never changes, so each is compiled once per process."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Any, Generic, TypeVar

from sqlalchemy.orm import Session

from engine.definitions.versions import bundle

Made = TypeVar("Made")


class Compiled(Generic[Made]):
    """What one process has compiled; may be used by several threads. What was not asked for the longest goes first."""

    def __init__(self, compiler: Callable[[dict[str, Any]], Made], most: int) -> None:
        self._compiler = compiler
        self._most = most
        self._made: OrderedDict[str, Made] = OrderedDict()
        self._lock = Lock()

    def get(self, session: Session, bundle_hash: str) -> Made:
        """What the bundle is compiled to. Raises UnknownDefinitionError, and what the compiler raises."""
        with self._lock:
            if (made := self._made.get(bundle_hash)) is not None:
                self._made.move_to_end(bundle_hash)
                return made
        made = self._compiler(bundle(session, bundle_hash))
        with self._lock:
            self._made[bundle_hash] = made
            if len(self._made) > self._most:
                self._made.popitem(last=False)
        return made
