"""The second person: a draft of some kinds is published only when somebody who has not edited it has read it.

An approval is bound to the content, by its hash, and to the draft's revision: it dies with the next change. Who edited
the draft since it was published last cannot approve it, so nobody publishes alone. The draft's row remembers them: it
is written under its lock, so no clock and no list of edits that is cut short lets anybody be forgotten.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session
from sqlmodel import col

from engine.access import audit
from engine.definitions.drafts import find_draft, locked_draft
from engine.definitions.errors import ApprovalError, UnknownDefinitionError
from engine.definitions.kinds import Kind
from engine.definitions.models import Approval, Draft
from engine.definitions.source import read_source
from engine.journeys.canonical import content_hash
from engine.kept import Kept, mark


@dataclass(frozen=True)
class Standing:
    """Where a draft stands: its hash, who has edited it since the live version, and who approved it as it is."""

    hash: str
    editors: frozenset[str]
    approval: Approval | None

    def may_approve(self, actor: str) -> bool:
        """Whether this person may be the second one."""
        return actor not in self.editors


def standing(session: Session, kind: Kind, key: str) -> Standing | None:
    """Where the draft stands, if there is one."""
    draft = find_draft(session, kind, key)
    return _standing(session, draft) if draft is not None else None


def approve(session: Session, kind: Kind, key: str, hashed: str, *, by: str, now: datetime) -> Approval:
    """Approve the draft as it stands, whose content has this hash. Raises UnknownDefinitionError, ApprovalError."""
    draft = locked_draft(session, kind, key)
    if draft is None:
        raise UnknownDefinitionError(f"There is no draft of {kind}/{key}.")
    stands = _standing(session, draft)
    if stands.hash != hashed:
        raise ApprovalError(f"The draft says something else now; its hash is {stands.hash}. Read it, then approve it.")
    if not stands.may_approve(by):
        raise ApprovalError(
            f"Whoever edited the draft since the live version cannot approve it: {_named(stands.editors)}. Ask "
            "somebody else of headquarters who may change definitions."
        )
    values = {"hash": hashed, "revision": draft.revision, "by": by, "at": now}
    statement = insert(Approval).values(kind=kind, key=key, **values)
    session.execute(statement.on_conflict_do_update(index_elements=["kind", "key"], set_=values))
    audit.record(session, by, "draft.approved", f"{kind}/{key}", now=now, after={"hash": hashed})
    return Approval(kind=kind, key=key, hash=hashed, revision=draft.revision, by=by, at=now)


def demand(session: Session, kind: Kind, key: str, needed: Collection[str], *, by: str) -> str | None:
    """Who approved the draft as it is; the approval is used up. Raises ApprovalError where one is needed and lacks."""
    draft = locked_draft(session, kind, key)
    if draft is None:
        return None
    stands = _standing(session, draft)
    approval = stands.approval
    if kind in needed and approval is None:
        raise ApprovalError(
            f"A second person must approve a {kind} before it is published. Anybody of headquarters who may change "
            f"definitions can, but not {_named(stands.editors | {by})}: POST …/draft/approve with hash {stands.hash}."
        )
    session.execute(delete(Approval).where(col(Approval.kind) == kind, col(Approval.key) == key))
    return approval.by if approval is not None else None


def _standing(session: Session, draft: Draft) -> Standing:
    editors = frozenset(draft.editors)
    hashed = _hash(draft.document)
    found = session.get(Approval, (draft.kind, draft.key), populate_existing=True)
    holds = found is not None and (found.hash, found.revision) == (hashed, draft.revision) and found.by not in editors
    return Standing(hashed, editors, found if holds else None)


_HASHES: Kept[str] = Kept(1_000)


def _hash(text: str) -> str:
    """The content hash of a draft's text: pages ask for it again and again, and a long table takes a while."""
    return _HASHES.get(mark(text), lambda: content_hash(read_source(text).document))


def _named(actors: Collection[str]) -> str:
    return ", ".join(sorted(actors))
