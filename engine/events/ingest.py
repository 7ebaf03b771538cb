"""Accepts events: one transaction takes a batch from the door into the log, the ledgers and the queue.

    not seen before -> places -> members found or made, locked by id -> merges -> ledgers -> log, keys, queue

A place in the log is drawn under the member's lock, so that order in a member's log is order of acceptance. Statements
are set-based: their number does not grow with the batch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from engine.coupons.ledger import COUPON_TYPES, holders
from engine.database import direct
from engine.database.bulk import insert_rows, table_of
from engine.database.connection import Scope
from engine.events import dedupe, ledgers, queue
from engine.events.entry import Entry
from engine.events.heard import ALWAYS
from engine.events.incoming import IncomingEvent, IngestResult, Rejection
from engine.events.models import Event
from engine.events.personal import PHONE_KEYS, hide_phone, take_out
from engine.events.types import BULK, event_type
from engine.fields.counting import count
from engine.fields.sources import Source, source_from
from engine.members import disputes
from engine.members.handles import VISITOR, Handle, HandleError, parse_handle
from engine.members.identities import Naming, Resolved, resolve
from engine.members.personal import personal_attributes
from engine.organisation.references import places
from engine.secrets.keyring import KeyRing
from engine.telemetry.traces import current_trace
from rules.types import Json

_EVENTS = table_of(Event)


def ingest(
    session: Session, events: Sequence[IncomingEvent], *, now: datetime, keys: KeyRing, stores: Scope = "*"
) -> IngestResult:
    """Accepts those of `events` that are new. The transaction must see all stores.

    `stores` bounds what the sender may tell: an event of another store is rejected. Raises ContendedError when another
    transaction accepts the same at the same time: run it by `engine.database.retrying.run`.
    """
    batch = _Batch(session, keys, now)
    batch.admit(events, stores)
    if batch.entries:
        batch.name_members()
        batch.draw_places_in_the_log()
        ledgers.apply(session, batch.entries, batch.resolved, keys=keys, now=now)
        batch.count()
        batch.append()
    return batch.result(len(events))


class _Batch:
    """One call of `ingest`."""

    def __init__(self, session: Session, keys: KeyRing, now: datetime) -> None:
        self.session, self.keys, self.now, self.trace = session, keys, now, current_trace()
        self.entries: list[Entry] = []
        self.rejected: list[Rejection] = []
        self.seqs: dict[int, int | None] = {}
        self.duplicates = 0
        self.resolved = Resolved(members=[])
        self.sources: dict[int, Source] = {}

    def admit(self, events: Sequence[IncomingEvent], stores: Scope) -> None:
        """Leaves out duplicates and what the sender may not tell."""
        fresh = self._fresh(events)
        found = places(self.session, [_naming_places(event) for _, event, _ in fresh])
        personal_names = personal_attributes(self.session) if fresh else frozenset()
        for (index, event, digest), place in zip(fresh, found, strict=True):
            if stores != "*" and place.store_id not in stores:
                self.rejected.append(Rejection(index, "/data/store", _OUT_OF_SCOPE))
                continue
            data, personal = take_out(event.data, self.keys, personal_names)
            subject = None if event.subject is None else hide_phone(event.subject, self.keys)
            self.entries.append(Entry(index, event, digest, event.type, data, place, subject, personal))

    def _fresh(self, events: Sequence[IncomingEvent]) -> list[tuple[int, IncomingEvent, bytes]]:
        digests = [dedupe.digest(self.keys, event.source, event.id) for event in events]
        known = dedupe.seen(self.session, digests)
        fresh, taken = [], set(known)
        for index, (event, digest) in enumerate(zip(events, digests, strict=True)):
            if digest in taken:
                self.duplicates += 1
                self.seqs[index] = known.get(digest)
            else:
                taken.add(digest)
                fresh.append((index, event, digest))
        return fresh

    def name_members(self) -> None:
        """Finds, makes, locks and joins the members that the events name."""
        namings = [naming(entry.event) for entry in self.entries]
        codes = {
            index: code
            for index, (entry, each) in enumerate(zip(self.entries, namings, strict=True))
            if not each.handles and each.member_id is None and (code := coupon_code(entry))
        }
        for index, holder in self._holders(codes).items():
            namings[index] = Naming((), holder)
        self.resolved = resolve(self.session, self.keys, namings, now=self.now)
        for entry, member in zip(self.entries, self.resolved.members, strict=True):
            entry.member_id = member

    def _holders(self, codes: Mapping[int, str]) -> dict[int, int]:
        """Whose coupon it is: a till that reads a code need not know the customer."""
        known = holders(self.session, codes.values())
        return {index: known[code] for index, code in codes.items() if code in known}

    def draw_places_in_the_log(self) -> None:
        """Numbers in order of acceptance; the members' locks are held."""
        types = list({entry.type for entry in self.entries})
        counting = [*types, *CONTACTS] if not CONTACTS.isdisjoint(types) else types
        given = {"n": len(self.entries), "types": types, "counting": counting}
        drawn, heard, sources, specs = direct.rows(self.session, _DRAW, given)[0]
        self.sources = {number: source_from(spec) for number, spec in zip(sources, specs, strict=True)}
        for entry, seq in zip(self.entries, sorted(drawn), strict=True):
            entry.seq, entry.heard = seq, entry.type in heard or entry.type in ALWAYS
            self.seqs[entry.index] = seq

    def count(self) -> None:
        """Keeps what derived attributes are made of. Sources were read under the members' locks: none comes between."""
        if self.sources:
            count(self.session, self.sources, self.entries)

    def append(self) -> None:
        """Writes the log, the keys, the disputes and the queue."""
        dedupe.claim(self.session, {entry.digest: entry.seq for entry in self.entries}, now=self.now)
        insert_rows(self.session, _EVENTS, [self._row(entry) for entry in self.entries])
        raised = [(dispute, self.entries[dispute.index].seq) for dispute in self.resolved.disputes]
        disputes.record(self.session, raised, now=self.now)
        waiting: dict[int, int] = {}
        for entry in self.entries:
            if is_routed(entry):
                member, priority = entry.member_id or 0, priority_of(entry)
                waiting[member] = min(priority, waiting.get(member, priority))
        queue.enqueue(self.session, waiting, now=self.now)

    def _row(self, entry: Entry) -> dict[str, object]:
        return {
            "seq": entry.seq,
            "source": entry.event.source,
            "event_id": entry.event.id,
            "type": entry.type,
            "member_id": entry.member_id,
            "subject": entry.subject,
            "time": entry.time,
            "accepted_at": self.now,
            "channel_id": entry.channel_id,
            "store_id": entry.store_id,
            "associate_id": entry.associate_id,
            "data": entry.data,
            "personal_enc": self.keys.seal_json(entry.personal) if entry.personal else None,
            "priority": priority_of(entry),
            "routed_at": None if is_routed(entry) else self.now,
            "trace": self.trace,
        }

    def result(self, count: int) -> IngestResult:
        """What became of the batch."""
        seqs = [self.seqs.get(index) for index in range(count)]
        merged = len(self.resolved.merges)
        return IngestResult(len(self.entries), self.duplicates, tuple(self.rejected), seqs, merged)


def coupon_code(entry: Entry) -> str | None:
    """The code that a coupon's event names."""
    return entry.text("code") if entry.type in COUPON_TYPES else None


def naming(event: IncomingEvent) -> Naming:
    """Who an event names: its subject first, then `data.identities`, then the phone number of a member's own event."""
    given: list[str] = [event.subject] if event.subject else []
    identities = event.data.get("identities")
    if isinstance(identities, list):
        given += [item for item in identities if isinstance(item, str)]
    if event.type in _TELLS_PHONE:
        given += [f"phone:{event.data[key]}" for key in sorted(PHONE_KEYS & event.data.keys())]
    handles = dict.fromkeys(handle for text in given for handle in _handles(text))
    return Naming(tuple(handles), event.member_id)


def _naming_places(event: IncomingEvent) -> Mapping[str, Json]:
    """The data, with the store or associate that the subject names where the data names none."""
    kind, _, value = (event.subject or "").partition(":")
    return {kind: value, **event.data} if kind in {"store", "associate"} else event.data


def _handles(given: str) -> list[Handle]:
    try:
        return [parse_handle(given, visitors=True)]
    except HandleError:
        return []


def priority_of(entry: Entry) -> int:
    """How urgently an event is routed, by its type; what a sync found lies in the past."""
    known = event_type(entry.type)
    return BULK if known is None or entry.data.get("found") is True else known.priority


def is_routed(entry: Entry) -> bool:
    """Whether the event goes on to journeys: one names it, it says whose it is, and a page's visitor is nobody yet."""
    return entry.heard and entry.member_id is not None and not (entry.event.subject or "").startswith(f"{VISITOR}:")


CONTACTS = frozenset({"contact.added", "contact.confirmed"})
"""Types of which one may prove to be the other."""
_TELLS_PHONE = frozenset({"member.registered", "member.updated"})
_OUT_OF_SCOPE = "This key may only tell of its own stores: name one of them in data.store."
# Beside the numbers, which of the types journeys name and derived attributes are made of: two statements less.
_DRAW = """
SELECT ARRAY(SELECT nextval('events_seq_seq') FROM generate_series(1, %(n)s)),
    ARRAY(SELECT type FROM heard_types WHERE type = ANY(%(types)s)),
    ARRAY(SELECT id FROM field_sources WHERE retired_at IS NULL AND event_type = ANY(%(counting)s) ORDER BY id),
    ARRAY(SELECT spec FROM field_sources WHERE retired_at IS NULL AND event_type = ANY(%(counting)s) ORDER BY id)"""
