"""A customer group, as WeCom shows it, against the ledger of seats (METRICS.md, M7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from engine.events.incoming import IncomingEvent
from engine.events.ingest import ingest
from engine.secrets.keyring import KeyRing
from engine.wecom import chats, groups, inbox
from engine.wecom.answers import GroupChat
from engine.wecom.mapping import digest
from engine.wecom.meanings import ChatChanged, ChatDismissed, ChatUpdate, WeComEvent

AT_ONCE = 200
"""Events that are accepted at once: a larger batch would hold off everybody who makes members."""
_DETAIL = "sync"


@dataclass(frozen=True)
class GroupSync:
    """One page's transaction. `asked_at` is when WeCom was asked."""

    session: Session
    keys: KeyRing
    corp_id: str
    asked_at: datetime
    now: datetime

    def compare(self, look: GroupChat) -> None:
        """Tell who joined and who left (`unknown` why) by what WeCom shows."""
        inbox.lock_chat(self.session, look.chat_id)
        groups.note(self.session, look)
        shown = {one.userid for one in look.member_list}
        known = groups.read(self.session, self.keys, look.chat_id, shown)
        source, key = self._names(look.chat_id)
        change = ChatChanged(source, key, look.chat_id, self.asked_at, _DETAIL)
        update = chats.settle(change, known, look, patient=False)
        if isinstance(update, ChatUpdate):
            self._accept(update.events)
            groups.write(self.session, update, at=self.asked_at)

    def dismiss(self, chat_id: str) -> None:
        """The group is gone, and with it every seat in it."""
        inbox.lock_chat(self.session, chat_id)
        known = groups.read(self.session, self.keys, chat_id, ())
        update = chats.dismiss(ChatDismissed(*self._names(chat_id), chat_id, self.asked_at), known)
        self._accept(update.events)
        groups.write(self.session, update, at=self.asked_at)

    def _names(self, chat_id: str) -> tuple[str, str]:
        return f"wecom/{self.corp_id}", digest(self.corp_id, _DETAIL, chat_id, self.asked_at.isoformat())

    def _accept(self, events: Sequence[WeComEvent]) -> None:
        found = [IncomingEvent(e.source, e.id, e.type, e.subject, e.time, {**e.data, "found": True}) for e in events]
        for start in range(0, len(found), AT_ONCE):
            ingest(self.session, found[start : start + AT_ONCE], now=self.now, keys=self.keys)
