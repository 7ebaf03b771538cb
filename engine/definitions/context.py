"""What a document is checked against: our fields and event types, and what the database holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache, lru_cache, partial

from sqlalchemy import Select, select
from sqlalchemy.orm import Session
from sqlmodel import col

from engine.coupons.models import CouponBatch
from engine.database import direct
from engine.definitions.models import Live, Version
from engine.definitions.source import read_source
from engine.events.types import EVENT_TYPES
from engine.fields.catalogue import own_fields, readers_of
from engine.journeys.catalogue import Catalogue, EventTypes
from engine.journeys.checks.between import begins
from engine.journeys.checks.world import audience_of
from engine.journeys.context import CheckContext, Door, LiveJourney, Proofs
from engine.journeys.document_entries import EventEntry
from engine.journeys.parse import parse
from engine.journeys.rulebook import CalledJourney
from engine.members.fields import base_fields
from engine.organisation.models import Associate, Channel, Chat, Store
from engine.rulesets.bundle import with_rulesets
from engine.rulesets.published import published_conditions, published_ruleset
from rules.types import Json


@cache
def event_fields() -> EventTypes:
    """The fields of every event type that the engine declares."""
    return {name: each.fields for name, each in EVENT_TYPES.items()}


def context_without_service(
    catalogue: Catalogue, proofs: Proofs | None = None, rulesets: Sequence[Mapping[str, Json]] = ()
) -> CheckContext:
    """What can be known without a database: references and overlaps are not judged. `rulesets` are documents that count
    as published.
    """
    context = CheckContext(catalogue=catalogue, fields=base_fields(), events=event_fields(), proofs=proofs)
    return with_rulesets(context, rulesets)


def context_of(session: Session, catalogue: Catalogue, *, now: datetime, proofs: Proofs | None = None) -> CheckContext:
    """All that exists around a document at this moment. The transaction must see all stores."""

    def exists(kind: str, key: str) -> bool:
        query = _QUERIES.get(kind)
        chosen = query(key) if query else _live_definition(kind, key)
        return session.execute(chosen).first() is not None

    def named(kind: str) -> Sequence[str]:
        chosen = _NAMES.get(kind, _live_keys(kind))
        return session.execute(chosen.limit(_MOST_NAMED)).scalars().all()

    own = own_fields(session)
    return CheckContext(
        catalogue,
        own.everything,
        event_fields(),
        declared=own.declared,
        derivations=own.derivations,
        readers=lambda path: readers_of(session, path),
        references=exists,
        named=named,
        live=_live(session),
        now=now,
        conditions=published_conditions(session),
        proofs=proofs,
        rulesets=cache(partial(published_ruleset, session)),
        journeys=cache(partial(published_journey, session)),
    )


def _live(session: Session) -> tuple[LiveJourney, ...]:
    """The journeys that are live. A document is fetched and read once for its hash, not whenever somebody checks."""
    found = direct.rows(session, _LIVE, {})
    known = {digest: journey for _, digest in found if (journey := _KNOWN.get(digest)) is not None}
    if lacking := [digest for _, digest in found if digest not in known]:
        fresh = {digest: _of_others(text) for digest, text in direct.rows(session, _DOCUMENTS, {"hashes": lacking})}
        known |= fresh
        for digest in list(_KNOWN)[: max(0, len(_KNOWN) + len(fresh) - _MOST_KNOWN)]:
            _KNOWN.pop(digest, None)
        _KNOWN.update(fresh)
    return tuple(replace(known[digest], key=key) for key, digest in found)


def _of_others(document: str) -> LiveJourney:
    return LiveJourney("", event_entries(document), audiences_of(document), begins_of(document))


def published_journey(session: Session, key: str) -> CalledJourney | None:
    """The live version of a journey, which a call is bound to; None where there is none."""
    row = session.execute(
        select(col(Version.n), col(Version.hash), col(Version.bundle_hash))
        .join(Live, (col(Live.kind) == col(Version.kind)) & (col(Live.key) == col(Version.key)))
        .where(col(Live.version) == col(Version.n), col(Live.kind) == "journey", col(Live.key) == key)
        .where(col(Live.state) != "retired")
    ).first()
    return None if row is None else CalledJourney(*row)


@lru_cache(maxsize=1_000)
def event_entries(document: str) -> tuple[tuple[str, Json], ...]:
    """The event entries of a published document, as (event type, condition or None)."""
    entries = read_source(document).document.get("entry")
    found = entries if isinstance(entries, list) else []
    return tuple((str(each["on"]), each.get("when")) for each in found if isinstance(each, dict) and "on" in each)


@lru_cache(maxsize=1_000)
def audiences_of(document: str) -> tuple[Json, ...]:
    """What the other entries of a published document choose by."""
    journey, _ = parse(read_source(document).document)
    entries = journey.entry if journey is not None else []
    chosen = [audience_of(entry) for entry in entries if not isinstance(entry, EventEntry)]
    return tuple(each for each in chosen if each is not None)


@lru_cache(maxsize=1_000)
def begins_of(document: str) -> tuple[Door, ...]:
    """The doors to journeys that whoever is in a published one goes through at once."""
    journey, _ = parse(read_source(document).document)
    return tuple(begins(journey)) if journey is not None else ()


def _batch(key: str) -> Select[int]:
    return select(col(CouponBatch.id)).where(col(CouponBatch.key) == key)


def _chat(key: str) -> Select[int]:
    return select(col(Chat.id)).where(col(Chat.chat_id) == key, col(Chat.dismissed_at).is_(None))


def _channel(key: str) -> Select[int]:
    return select(col(Channel.id)).where(col(Channel.key) == key)


def _store(key: str) -> Select[int]:
    return select(col(Store.id)).where(col(Store.key) == key)


def _associate(key: str) -> Select[int]:
    named = (col(Associate.key) == key) | (col(Associate.wecom_userid) == key)
    return select(col(Associate.id)).where(named, col(Associate.active))


def _live_definition(kind: str, key: str) -> Select[int]:
    return select(col(Live.version)).where(col(Live.kind) == kind, col(Live.key) == key, col(Live.state) != "retired")


def _live_keys(kind: str) -> Select[str]:
    return select(col(Live.key)).where(col(Live.kind) == kind, col(Live.state) != "retired").order_by(col(Live.key))


_KNOWN: dict[str, LiveJourney] = {}
"""What others must know of a published journey, by the hash of its document, whatever the database."""
_MOST_KNOWN = 5_000
_LIVE = """
    SELECT l.key, v.hash FROM live l JOIN versions v ON v.kind = l.kind AND v.key = l.key AND v.n = l.version
    WHERE l.kind = 'journey' AND l.state <> 'retired' ORDER BY l.key"""
_DOCUMENTS = "SELECT hash, document FROM versions WHERE kind = 'journey' AND hash = ANY(%(hashes)s)"
_MOST_NAMED = 2_000
_NAMES: Mapping[str, Select[str]] = {
    "coupon-batch": select(col(CouponBatch.key)).order_by(col(CouponBatch.id).desc()),
    "chat": select(col(Chat.chat_id)).where(col(Chat.dismissed_at).is_(None)).order_by(col(Chat.id)),
    "channel": select(col(Channel.key)).order_by(col(Channel.id)),
    "store": select(col(Store.key)).order_by(col(Store.id)),
    "associate": select(col(Associate.key)).where(col(Associate.active)).order_by(col(Associate.id)),
}
_QUERIES = {"coupon-batch": _batch, "chat": _chat, "channel": _channel, "store": _store, "associate": _associate}
