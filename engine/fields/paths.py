"""Which paths headquarters may declare: attributes of members and stores, and what events carry."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from engine.events.personal import PHONE_KEYS
from engine.events.types import EVENT_TYPES
from engine.fields import words
from engine.members.fields import NO_ATTRIBUTES, base_fields
from rules.documents.words import Words

_PATH = re.compile(r"(member|store|event)\.([A-Za-z][A-Za-z0-9_-]{0,62})", re.ASCII)


def misplaced(path: str) -> Iterator[Words]:
    """Why nobody would ever find a value at this path."""
    found = _PATH.fullmatch(path)
    if found is None:
        yield words.BAD_PATH
    elif found[1] == "member" and found[2] in NO_ATTRIBUTES:
        yield words.no_attribute(found[2])


@cache
def is_built_in(path: str) -> bool:
    """Whether the path is declared by us, and so by nobody else."""
    return path in base_fields() or path in _EVENT or path.partition(".")[2] in _RECORDS.get(path.partition(".")[0], ())


def is_phone(path: str) -> bool:
    """Whether what stands there is always taken for a phone number, and sealed."""
    owner, _, name = path.partition(".")
    return owner in {"member", "event"} and name in PHONE_KEYS


_EVENT = frozenset(path for kind in EVENT_TYPES.values() for path in kind.fields)
_RECORDS = {"event": frozenset({"channel", "store", "associate", "identities", "type", "time", "member"})}
