"""Takes callbacks in: each is put down once, and what needs no call has its effect in the same transaction.

    open_callback -> receive -> mapping.read -> ingest, at once            contacts, staff, most leavings of groups
                                             -> waits for the router       joinings, other changes of groups, transfers

What waits is settled by the router role with WeCom's answer (`settle_chat`, `settle_transfer`), of one chat in the
order in which it came. Every listed joining or leaving becomes an event, whether or not WeCom answers in the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy.orm import Session

from engine.events.incoming import IncomingEvent
from engine.events.ingest import ingest
from engine.organisation.newcomers import meet_associates, rename
from engine.organisation.sync.requests import want
from engine.secrets.keyring import KeyRing
from engine.wecom import chats, groups, inbox, mapping, reports
from engine.wecom.answers import Customer, GroupChat
from engine.wecom.chats import Look
from engine.wecom.inbox import Arrived, Waiting
from engine.wecom.meanings import (
    ChatChanged,
    ChatDismissed,
    ChatUpdate,
    Happened,
    Ignored,
    Meaning,
    NeedsChat,
    NeedsSync,
    NoLook,
    StillBehind,
    TransferredAway,
    WeComEvent,
)
from engine.wecom.xml import Fields

DELAYS = tuple(timedelta(seconds=one) for one in (0.5, 1, 2, 4))
"""How long a callback rests after the first, second, … look that did not explain it."""
LAG = timedelta(seconds=7)
"""How long after a callback a look may not show it yet; a later one that does not never will."""
OUTAGE = timedelta(minutes=1)
"""How long a callback waits for a WeCom that does not answer."""
LONGEST_ID = 256
_IDS = ("UserID", "ExternalUserID", "ChatId")


@dataclass(frozen=True)
class Receipt:
    """What became of a callback. `reason` says why a mapped one has no effect, or that the directory should be read."""

    outcome: Literal["repeated", "mapped", "waiting"]
    kind: str
    reason: str | None = None


@dataclass
class Settled:
    """What became of waiting callbacks: how many were mapped, and those of which something is to be told."""

    mapped: int = 0
    reasons: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Intake:
    """One transaction in which callbacks are taken in or settled. It must see all stores."""

    session: Session
    keys: KeyRing
    now: datetime

    def receive(self, app: str, corp_id: str, event: Fields) -> Receipt:
        """Takes in one event that an app received. Raises ContendedError: run it by `engine.database.retrying.run`."""
        arrived = Arrived(app, corp_id, event, _kind(event))
        meaning = _meaning(event, corp_id)
        match meaning:
            case ChatChanged() | ChatDismissed():
                return self._receive_of_chat(arrived, meaning.chat_id)
            case _:
                return self._receive(arrived, meaning)

    def settle_chat(self, chat_id: str, look: Look | None = None, *, upto: int | None = None) -> Settled:
        """Maps the waiting callbacks of a chat, up to one of them, until one must wait for a (better) look."""
        inbox.lock_chat(self.session, chat_id)
        if isinstance(look, GroupChat):
            groups.note(self.session, look)
        return self._settle(inbox.waiting(self.session, self.keys, chat_id), look, upto)

    def transferred(self, callback: int) -> str | None:
        """Whose transfer a callback waits for, as an external userid; None if it waits no more."""
        row = inbox.take(self.session, self.keys, callback)
        meaning = _meaning(row.event, row.corp_id) if row else None
        return meaning.external_userid if isinstance(meaning, TransferredAway) else None

    def settle_transfer(self, callback: int, found: Customer | NoLook) -> Settled:
        """Completes a transfer by what WeCom tells of the customer; without an answer, in the end, as far as known."""
        settled = Settled()
        row = inbox.take(self.session, self.keys, callback)
        meaning = _meaning(row.event, row.corp_id) if row else None
        if row is None or not isinstance(meaning, TransferredAway):
            return settled
        if found is NoLook.UNANSWERED and self._is_patient(row, found):
            self._put_off(row.id, row.failures)
            return settled
        customer = found if isinstance(found, Customer) else None
        self._accept([mapping.transferred(meaning, customer)])
        reason = None if customer else "nobody is known to have taken the customer over"
        self._mapped(settled, row, reason)
        return settled

    def fail(self, callback: int, reason: str) -> None:
        """A callback met an error of ours: it rests; in the end it is dropped and told, and its chat goes on."""
        failures = inbox.failures_of(self.session, callback)
        if failures is not None and failures < len(DELAYS):
            self._put_off(callback, failures)
        elif failures is not None:
            app = inbox.mapped(self.session, callback, now=self.now, reason=f"dropped: {reason}")
            reports.unreadable(self.session, app, reason, now=self.now)

    def _receive(self, arrived: Arrived, meaning: Meaning) -> Receipt:
        callback = inbox.put(self.session, arrived, keys=self.keys, now=self.now)
        if callback is None:
            return Receipt("repeated", arrived.kind)
        if isinstance(meaning, TransferredAway):
            return Receipt("waiting", arrived.kind)
        if isinstance(meaning, Happened):
            self._accept([meaning.event])
        if isinstance(meaning, NeedsSync):
            self._ask_for_sync(arrived.app, meaning)
        reason = meaning.reason if isinstance(meaning, NeedsSync | Ignored) else None
        inbox.mapped(self.session, callback, now=self.now, reason=reason)
        return Receipt("mapped", arrived.kind, reason)

    def _ask_for_sync(self, app: str, meaning: NeedsSync) -> None:
        """Have the directory read; an employee's new userid is known from the callback alone."""
        if meaning.renamed is not None:
            rename(self.session, *meaning.renamed)
        want(self.session, app, ["directory"], now=self.now)

    def _receive_of_chat(self, arrived: Arrived, chat_id: str) -> Receipt:
        inbox.lock_chat(self.session, chat_id)
        if inbox.put(self.session, arrived, keys=self.keys, now=self.now, chat_id=chat_id) is None:
            return Receipt("repeated", arrived.kind)
        rows = inbox.waiting(self.session, self.keys, chat_id)
        settled = self._settle(rows, None) if len(rows) == 1 else Settled()
        return Receipt("mapped" if settled.mapped else "waiting", arrived.kind)

    def _settle(self, rows: Sequence[Waiting], look: Look | None, upto: int | None = None) -> Settled:
        settled = Settled()
        for place, row in enumerate(rows):
            if upto is not None and row.id > upto:
                break
            meaning = _meaning(row.event, row.corp_id)
            if isinstance(meaning, ChatChanged | ChatDismissed):
                leaving = _leaving(rows[place + 1 :], meaning.at)
                update = self._update(meaning, look, leaving, patient=self._is_patient(row, look))
            else:
                update = ChatUpdate("", reason="it is no change of a chat")
            if not isinstance(update, ChatUpdate):
                if isinstance(update, StillBehind):
                    self._put_off(row.id, row.failures)
                break
            self._carry_out(update, meaning)
            self._mapped(settled, row, update.reason)
        return settled

    def _update(
        self, change: ChatChanged | ChatDismissed, look: Look | None, leaving: set[str], *, patient: bool
    ) -> ChatUpdate | NeedsChat | StillBehind:
        asked = set(change.members) if isinstance(change, ChatChanged) else set()
        if isinstance(look, GroupChat):
            asked |= {one.userid for one in look.member_list}
        known = groups.read(self.session, self.keys, change.chat_id, asked, leaving=leaving)
        if isinstance(change, ChatDismissed):
            return chats.dismiss(change, known)
        return chats.settle(change, known, look, patient=patient)

    def _carry_out(self, update: ChatUpdate, meaning: Meaning) -> None:
        self._accept(update.events)
        if isinstance(meaning, ChatChanged | ChatDismissed):
            renamed = isinstance(meaning, ChatChanged) and meaning.detail == "change_name"
            groups.write(self.session, update, at=meaning.at, renamed=renamed)

    def _accept(self, events: Sequence[WeComEvent]) -> None:
        """Ingests events; whoever stands in them as an employee exists, whether or not HQ has told us of them."""
        named = (one.data.get(key) for one in events if one.type in _NAMES_STAFF for key in ("associate", "from", "to"))
        meet_associates(self.session, [one for one in named if isinstance(one, str) and one])
        taken = [IncomingEvent(one.source, one.id, one.type, one.subject, one.time, one.data) for one in events]
        if taken:
            ingest(self.session, taken, now=self.now, keys=self.keys)

    def _is_patient(self, row: Waiting, look: Look | Customer | None) -> bool:
        """Whether a later look may explain what this one does not. What waited behind others has waited as well."""
        if isinstance(look, NoLook):
            return look is NoLook.UNANSWERED and self.now < row.received_at + OUTAGE
        return self.now < row.received_at + LAG

    def _put_off(self, callback: int, failures: int) -> None:
        rest = DELAYS[min(failures, len(DELAYS) - 1)]
        inbox.put_off(self.session, callback, until=self.now + rest)

    def _mapped(self, settled: Settled, row: Waiting, reason: str | None) -> None:
        inbox.mapped(self.session, row.id, now=self.now, reason=reason)
        settled.mapped += 1
        if reason:
            settled.reasons[row.id] = reason


def _meaning(event: Fields, corp_id: str) -> Meaning:
    if any(len(event.get(name, "")) > LONGEST_ID for name in _IDS):
        return Ignored("an id in it is longer than WeCom's ids are")
    return mapping.read(event, corp_id)


def _leaving(later: Sequence[Waiting], since: datetime) -> set[str]:
    """Of whom callbacks that come behind tell that they left since."""
    meanings = [_meaning(one.event, one.corp_id) for one in later]
    removed = [one for one in meanings if isinstance(one, ChatChanged) and one.detail == chats.REMOVED]
    return {member for one in removed if one.at >= since for member in one.members}


def _kind(event: Fields) -> str:
    """What a callback is about, for the log: never who."""
    parts = (event.get("Event"), event.get("ChangeType"), event.get("UpdateDetail"))
    return "/".join(one for one in parts if isinstance(one, str) and one)[:100]


_NAMES_STAFF = frozenset({"contact.added", "contact.lost", "contact.transferred"})
