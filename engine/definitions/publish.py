"""Publish a draft: checked, numbered, hashed and live in one transaction, or refused with its findings."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from engine.access import audit
from engine.alerts.store import settle
from engine.definitions import checks
from engine.definitions.approvals import demand
from engine.definitions.context import context_of
from engine.definitions.drafts import Revisions, demand_revision, locked_draft, read_draft
from engine.definitions.errors import NotPublishableError, OvertakenError
from engine.definitions.kinds import Kind
from engine.definitions.life import is_paused
from engine.definitions.live import change_live
from engine.definitions.models import Bundle, Live, Version
from engine.definitions.plans import Plans
from engine.definitions.source import Source, read_source
from engine.definitions.versions import last_number
from engine.events.heard import hear
from engine.fields import store as fields
from engine.fields.catalogue import own_fields
from engine.journeys.canonical import bundle_hash, content_hash
from engine.journeys.catalogue import Catalogue
from engine.journeys.context import Proofs
from engine.journeys.plan import compile_bundle, named_event_types
from engine.migrating import words
from engine.migrating.asked import STAY, Fault, InFlightError, read_in_flight
from engine.migrating.starting import begin
from engine.occurrences import clocks
from rules.types import Json


@dataclass(frozen=True)
class Choice:
    """What an author says when publishing: a note, and what becomes of the runs in flight.

    `read` is the hash of the content that they have read, `if_match` the revisions that it may have: a draft that says
    something else by now is not published.
    """

    note: str | None = None
    in_flight: Json = STAY
    read: str | None = None
    if_match: Revisions = None


@dataclass(frozen=True)
class Published:
    """A new version and the hashes of its document and of all that it resolves to.

    `job` is the number of the job that takes runs over, or that looks at the past, where fields are derived from it or
    became personal.
    """

    version: int
    hash: str
    bundle_hash: str
    job: int | None = None


def publish(  # noqa: PLR0913  named at each call
    session: Session,
    kind: Kind,
    key: str,
    *,
    catalogue: Catalogue,
    by: str,
    now: datetime,
    choice: Choice = Choice(),
    proofs: Proofs | None = None,
    approvals: Collection[str] = (),
) -> Published:
    """Make the draft the live version. It takes events as soon as the caller's transaction is committed.

    `approvals` are the kinds that need a second person. Raises UnknownDefinitionError, NotPublishableError with all
    findings, InFlightError, ApprovalError, StaleRevisionError, OvertakenError.
    """
    in_flight = read_in_flight(choice.in_flight)
    if in_flight is not None and kind != "journey":
        raise InFlightError([Fault("/in_flight", words.only_journeys())])
    change_live(session)
    before = own_fields(session)
    document = _read(session, kind, key, choice)
    context = context_of(session, catalogue, now=now, proofs=proofs)
    findings = checks.find(kind, key, document.document, context)
    if any(finding.severity == "error" for finding in findings):
        raise NotPublishableError(findings)
    approved_by = demand(session, kind, key, approvals, by=by)
    resolved = checks.bundle(kind, document.document, context)
    version = Version(
        kind=kind, key=key, n=last_number(session, kind, key) + 1,
        hash=content_hash(document.document), bundle_hash=bundle_hash(resolved), document=document.text,
        note=choice.note, published_at=now, published_by=by, approved_by=approved_by,
    )  # fmt: skip
    _store(session, version, resolved, now)
    read_draft(session, kind, key).editors = []
    if kind == "journey":
        clocks.follow(session, compile_bundle(resolved, catalogue), now=now)
    settle(session, "journey-broken", f"{kind}/{key}", by=by, now=now)
    job = fields.follow(session, before, by=by, now=now) if kind == "fields" else None
    if in_flight is not None:
        job = begin(session, version, in_flight, Plans(catalogue), by=by, now=now)
    return Published(version.n, version.hash, version.bundle_hash, job.id if job else None)


def _read(session: Session, kind: Kind, key: str, choice: Choice) -> Source:
    """The draft, locked, if it is the one that the author has read."""
    demand_revision(locked_draft(session, kind, key), choice.if_match)
    document = read_source(read_draft(session, kind, key).document)
    if choice.read is not None and choice.read != (stands := content_hash(document.document)):
        raise OvertakenError(f"The draft says something else than you read; its hash is {stands} now. Read it again.")
    return document


def _store(session: Session, version: Version, content: Json, now: datetime) -> None:
    stored = insert(Bundle).values(hash=version.bundle_hash, content=content).on_conflict_do_nothing()
    session.execute(stored)
    hear(session, named_event_types(content))
    session.add(version)
    live = session.get(Live, (version.kind, version.key))
    if live is None:
        session.add(Live(kind=version.kind, key=version.key, version=version.n, first_published_at=now))
    elif live.state == "retired":
        state = "paused" if is_paused(session, version.key) else "live"
        live.version, live.state, live.retired_at, live.first_published_at = version.n, state, None, now
    else:
        live.version = version.n
    session.flush()
    audit.record(
        session,
        version.published_by,
        "definition.published",
        f"{version.kind}/{version.key}/{version.n}",
        now=now,
        after={"hash": version.hash, "bundle_hash": version.bundle_hash, "note": version.note}
        | ({"approved_by": version.approved_by} if version.approved_by else {}),
    )
