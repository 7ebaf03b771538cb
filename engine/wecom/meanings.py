"""What a callback can mean: events that happened, or what must be asked before anybody can tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from rules.types import Json


@dataclass(frozen=True)
class WeComEvent:
    """One event as ingest takes it. `id` is the same for every delivery of the same fact."""

    source: str
    id: str
    type: str
    subject: str
    time: datetime
    data: dict[str, Json]

    def cloud_event(self) -> dict[str, Json]:
        """As a CloudEvent in its JSON form."""
        return {
            "specversion": "1.0",
            "source": self.source,
            "id": self.id,
            "type": self.type,
            "subject": self.subject,
            "time": self.time.isoformat().replace("+00:00", "Z"),
            "data": self.data,
        }


@dataclass(frozen=True)
class Happened:
    """The callback tells all there is to know."""

    event: WeComEvent


@dataclass(frozen=True)
class ChatChanged:
    """A customer group was made or changed: `chats.settle` says whether its list of members may be trusted."""

    source: str
    key: str
    chat_id: str
    at: datetime
    detail: str
    members: tuple[str, ...] = ()
    count: int | None = None
    scene: str | None = None
    left_by: str = "unknown"
    last_version: str | None = None
    version: str | None = None


@dataclass(frozen=True)
class ChatDismissed:
    """A customer group is gone, and with it every seat in it: see `chats.dismiss`."""

    source: str
    key: str
    chat_id: str
    at: datetime


@dataclass(frozen=True)
class TransferredAway:
    """A customer was taken from an employee by a transfer; who has them now, `mapping.transferred` reads from WeCom."""

    source: str
    key: str
    external_userid: str
    giver: str
    at: datetime


@dataclass(frozen=True)
class NeedsSync:
    """The organisation changed in a way that only a look at WeCom's directory explains.

    `renamed` is an employee's userid before and after, where the callback tells of it.
    """

    reason: str
    renamed: tuple[str, str] | None = None


@dataclass(frozen=True)
class Ignored:
    """Accepted and logged; nothing in the product depends on it."""

    reason: str


Meaning = Happened | ChatChanged | ChatDismissed | TransferredAway | NeedsSync | Ignored


@dataclass(frozen=True)
class SeatSpan:
    """One interval of a seat in our ledger; `left_at` is None while it is taken."""

    joined_at: datetime
    left_at: datetime | None = None


@dataclass(frozen=True)
class KnownChat:
    """What our ledger knows of a group: the version of its member list and the customers who have a seat.

    `spans` are the seats, past and present, of whoever is in question. `staff` are userids that are no customers.
    `leaving` are those of whom callbacks that wait behind this one tell that they left later.
    """

    chat_id: str
    member_version: str | None = None
    members: frozenset[str] = frozenset()
    spans: Mapping[str, Sequence[SeatSpan]] = field(default_factory=dict)
    staff: frozenset[str] = frozenset()
    leaving: frozenset[str] = frozenset()

    def since(self, member: str, default: datetime) -> datetime:
        """Since when the member has the seat that they have."""
        return max((one.joined_at for one in self.spans.get(member, ()) if one.left_at is None), default=default)

    def last_left(self, member: str, default: datetime) -> datetime:
        """When the member left for the last time."""
        return max((one.left_at for one in self.spans.get(member, ()) if one.left_at is not None), default=default)


@dataclass(frozen=True)
class ChatUpdate:
    """What a change of a group comes to. `version`, `owner` and `name` are None where nothing new was learnt.

    Not `certain`: our seats may differ from WeCom's afterwards, so that the next change must look at the whole group.
    """

    chat_id: str
    events: tuple[WeComEvent, ...] = ()
    version: str | None = None
    owner: str | None = None
    name: str | None = None
    dismissed: bool = False
    certain: bool = True
    reason: str | None = field(default=None, compare=False)


@dataclass(frozen=True)
class NeedsChat:
    """`groupchat/get` must be asked; give its answer to `chats.settle`."""

    chat_id: str
    reason: str = field(compare=False)


@dataclass(frozen=True)
class StillBehind:
    """`groupchat/get` does not show the change yet. Ask again shortly; if it stays so, the callback was old news."""

    chat_id: str


class NoLook(Enum):
    """Why WeCom could not be asked about a group or a customer; only for an answer it may help to wait."""

    GONE = "what it is about is gone"
    REFUSED = "WeCom refused to tell"
    UNANSWERED = "WeCom gave no answer"
