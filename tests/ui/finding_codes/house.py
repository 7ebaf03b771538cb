"""The pages as somebody sees them who begins a definition, looks at what is found, and follows where it leads."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from engine.definitions.publish import publish
from engine.edits.store import put_draft
from tests.ui.dom import Element, parsed
from tests.ui.finding_codes.requests import Author
from tests.ui.visitor import Visitor
from ui.dependencies import Dependencies

FOLLOWED = re.compile(r"/(panel\?|condition\?|condition/reach\?|edit/(findings|settings|tests)$)")
"""Parts of pages that may say something of a finding, but for the list of problems, which was looked at already."""


@dataclass
class House:
    """Two applications on one database: with a prover, and without."""

    deps: Dependencies
    proving: Visitor
    believing: Visitor
    numbers: count[int] = field(default_factory=count)

    def begin(self, kind: Any, document: dict[str, Any], *, unproved: bool, live: bool) -> Author:
        """A draft; the same is live where that is wanted."""
        now, text = self.deps.clock.now(), json.dumps(document, ensure_ascii=False)
        with self.deps.database.begin() as session:
            put_draft(session, kind, document["key"], text, by="user:admin", now=now)
            if live:
                publish(session, kind, document["key"], catalogue=self.deps.catalogue, by="user:admin", now=now)
        return Author(self.believing if unproved else self.proving, kind, document["key"])


def opened(visitor: Visitor, address: str, language: str) -> Element:
    """A page with all that it asks for by itself."""
    path = address.partition("#")[0]
    answer = visitor.get(f"{path}{'&' if '?' in path else '?'}lang={language}")
    assert answer.status_code == 200, f"{address}: {answer.status_code}"
    page = parsed(answer.text)
    _load(visitor, page)
    return page


def _load(visitor: Visitor, page: Element) -> None:
    """Let each part of a page that comes by itself hold what it asks for, and what that asks for in turn."""
    for each in [*page]:
        asked, trigger = each.get("hx-get"), each.get("hx-trigger").replace(",", " ").split()
        if "load" not in trigger or not FOLLOWED.search(asked):
            continue
        each.attributes.pop("hx-get")
        answer = visitor.get(asked, headers={"HX-Request": "true"})
        if answer.status_code == 200:
            each.put(answer.text)
            _load(visitor, each)
