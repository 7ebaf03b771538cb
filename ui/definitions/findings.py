"""What checks and tests say of a draft, kept for a moment: the parts of an editor's page all ask for the same."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from threading import Lock
from typing import TYPE_CHECKING

from engine.definitions import checks
from engine.definitions.accepted import Checked, with_acceptances
from engine.definitions.context import context_of
from engine.definitions.errors import NotPublishableError
from engine.definitions.live import live_revision
from engine.definitions.mends import mends
from engine.definitions.source import read_source
from engine.kept import Kept
from ui.definitions.checking import things
from ui.definitions.finding_words import Spoken

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from engine.definitions.kinds import Kind
    from engine.journeys.context import CheckContext
    from engine.journeys.findings import Finding
    from rules.documents.commands import Mend
    from rules.documents.report import Report
    from rules.types import Json
    from ui.dependencies import Dependencies

_FRESH = 30
"""Seconds after which what is found is found anew: a batch or channel that was missing may be there by then."""


class _Once:
    """The findings of one text, and their mends when somebody wants to see them; made by whoever asks first.

    `raw` are the findings as the checks tell them, `findings` the same in the words of the pages.
    """

    def __init__(self) -> None:
        self.lock = Lock()
        self.raw: list[Finding] | None = None
        self.findings: list[Finding] = []
        self.mends: list[Sequence[Mend]] | None = None
        self.report: Report | None = None
        self.has_run = False

    def check(self, kind: Kind, key: str, spoken: Spoken) -> None:
        """Find what there is to find."""
        self.raw = checks.find(kind, key, spoken.document, spoken.context)
        self.findings = [spoken.finding(each) for each in self.raw]

    def mend(self, kind: Kind, key: str, spoken: Spoken) -> None:
        """Find the ways to do away with it."""
        raw = self.raw or []
        ways = mends(kind, key, spoken.document, raw, spoken.context)
        self.mends = [[spoken.mend(found, each) for each in some] for found, some in zip(raw, ways, strict=True)]


class Findings:
    """Findings by the content of the draft and the revision of the live set; may be used by several threads."""

    def __init__(self, most: int = 200) -> None:
        self._kept: Kept[_Once] = Kept(most)

    def of(self, deps: Dependencies, kind: Kind, key: str, text: str) -> list[Finding]:
        """All findings, with who accepted them."""
        return [found for found, _ in self._looked(deps, kind, key, text, with_mends=False)]

    def with_mends(self, deps: Dependencies, kind: Kind, key: str, text: str) -> list[tuple[Finding, Sequence[Mend]]]:
        """The same, each with the ways to do away with it."""
        return self._looked(deps, kind, key, text, with_mends=True)

    def report(self, deps: Dependencies, kind: Kind, key: str, text: str) -> Report | None:
        """What came of the embedded tests; None where errors do not let them run."""
        once = self._once(deps, kind, key, text)
        with once.lock:
            if not once.has_run:
                with deps.database.begin() as session:
                    once.report = _played(kind, key, read_source(text).document, _context(deps, session))
                once.has_run = True
            return once.report

    def _looked(
        self, deps: Dependencies, kind: Kind, key: str, text: str, *, with_mends: bool
    ) -> list[tuple[Finding, Sequence[Mend]]]:
        document = read_source(text).document
        once = self._once(deps, kind, key, text)
        with once.lock:
            if once.raw is None or (with_mends and once.mends is None):
                self._make(deps, once, kind, key, document, with_mends=with_mends)
        with deps.database.begin() as session:
            found = with_acceptances(session, Checked(kind, key, document, once.findings))
        return list(zip(found, once.mends or [()] * len(found), strict=True))

    def _once(self, deps: Dependencies, kind: Kind, key: str, text: str) -> _Once:
        """What is kept of a text. Whoever waits for its lock holds no connection meanwhile."""
        with deps.database.begin() as session:
            mark = _mark(deps, session, kind, key, text)
        return self._kept.get(mark, _Once)

    def _make(
        self, deps: Dependencies, once: _Once, kind: Kind, key: str, document: dict[str, Json], *, with_mends: bool
    ) -> None:
        with deps.database.begin() as session:
            spoken = _spoken(deps, session, document)
            if once.raw is None:
                once.check(kind, key, spoken)
            if with_mends and once.mends is None:
                once.mend(kind, key, spoken)


def _spoken(deps: Dependencies, session: Session, document: dict[str, Json]) -> Spoken:
    return Spoken(document, _context(deps, session), things(session))


def _context(deps: Dependencies, session: Session) -> CheckContext:
    return context_of(session, deps.catalogue, now=deps.clock.now(), proofs=deps.proofs)


def _played(kind: Kind, key: str, document: dict[str, Json], context: CheckContext) -> Report | None:
    try:
        return checks.run(kind, key, document, context)
    except NotPublishableError:
        return None


def _mark(deps: Dependencies, session: Session, kind: Kind, key: str, text: str) -> str:
    digest = hashlib.sha256(text.encode()).hexdigest()
    moment = int(deps.clock.now().timestamp()) // _FRESH
    return f"{kind}/{key}/{digest}/{live_revision(session)}/{moment}"
