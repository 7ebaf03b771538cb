"""Applications for tests, whose routes are built once: that takes longer than most tests."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import FastAPI

from ui.app import Dependencies, assemble, equip

_spare: defaultdict[bool, list[FastAPI]] = defaultdict(list)
"""Applications that nobody uses just now, for https and for http."""


@contextmanager
def lent_app(deps: Dependencies) -> Iterator[FastAPI]:
    """An application as `create_app` makes it; one that changes its routes belongs to `create_app`.

    Two at a time are two; whatever a test left undone is not lent again.
    """
    spare = _spare[deps.secure]
    app = spare.pop() if spare else assemble(secure=deps.secure)
    equip(app, deps)
    yield app
    spare.append(app)
