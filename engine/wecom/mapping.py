"""From a decrypted callback to its meaning (facts/wecom.md, 2.1 to 2.11). Pure; it asks nobody.

Whether an add is the first or the second of half and full is for the ledger of relations to say: here every add is a
`contact.added`, with `half` and, where WeCom sent one, the channel's `state` and the `welcome_code`.
"""

from __future__ import annotations

import hashlib
import re

from engine.wecom.answers import ASSIGNED_BY_ADMIN, Customer, instant
from engine.wecom.meanings import (
    ChatChanged,
    ChatDismissed,
    Happened,
    Ignored,
    Meaning,
    NeedsSync,
    TransferredAway,
    WeComEvent,
)
from engine.wecom.xml import Fields
from rules.types import Json

BY_TRANSFER = "DELETE_BY_TRANSFER"
SCENES = {"0": "invited", "1": "invited", "2": "link", "3": "qr"}
QUIT_SCENES = {"0": "self", "1": "removed"}
_SECONDS = re.compile(r"[0-9]{1,11}")


def read(event: Fields, corp_id: str) -> Meaning:
    """What this callback means. Never raises: what cannot be understood is `Ignored`, with the reason."""
    reader = _Reader(event, corp_id)
    if not reader.has_time:
        return Ignored("CreateTime is missing or not a number of seconds")
    match reader.text("Event"):
        case "change_external_contact":
            return _contact(reader)
        case "change_external_chat":
            return _chat(reader)
        case "change_contact":
            return _organisation(reader)
        case other:
            return Ignored(f"event {_name(other)} is not used")


def transferred(away: TransferredAway, customer: Customer | None) -> WeComEvent:
    """The transfer, completed by `externalcontact/get`: the newest relation that an administrator assigned.

    `to` is null when nobody has the customer by assignment (the taker may have been a friend before).
    """
    follows = customer.follow_user if customer else ()
    takers = [one for one in follows if one.add_way == ASSIGNED_BY_ADMIN and one.userid != away.giver]
    taker = max(takers, key=lambda one: one.createtime).userid if takers else None
    data: dict[str, Json] = {"from": away.giver, "to": taker}
    subject = f"external_userid:{away.external_userid}"
    return WeComEvent(away.source, away.key, "contact.transferred", subject, away.at, data)


def digest(*parts: str) -> str:
    """An idempotency key (facts/wecom.md, 2.12)."""
    return hashlib.sha1("\n".join(parts).encode(), usedforsecurity=False).hexdigest()


class _Reader:
    """Reads one callback's fields, whatever their order."""

    def __init__(self, event: Fields, corp_id: str) -> None:
        self.event = event
        self.corp_id = corp_id
        self.source = f"wecom/{corp_id}"
        self.change = self.text("ChangeType")
        self.has_time = bool(_SECONDS.fullmatch(self.text("CreateTime")))

    def text(self, name: str) -> str:
        value = self.event.get(name, "")
        return value if isinstance(value, str) else ""

    def texts(self, name: str) -> tuple[str, ...]:
        """A list, sent as children or as one text with commas: both are seen."""
        value = self.event.get(name, "")
        parts = value.split(",") if isinstance(value, str) else value
        return tuple(part.strip() for part in parts if part.strip())

    def contact_event(self, kind: str, data: dict[str, Json]) -> Happened:
        subject = f"external_userid:{self.text('ExternalUserID')}"
        at = instant(int(self.text("CreateTime")))
        return Happened(WeComEvent(self.source, self.contact_key(), kind, subject, at, data))

    def contact_key(self) -> str:
        names = ("Event", "ChangeType", "UserID", "ExternalUserID", "CreateTime")
        code = self.text("WelcomeCode") or self.text("State")
        return digest(self.corp_id, *(self.text(name) for name in names), code)

    def chat_key(self) -> str:
        """With the time beside the version: a customer who leaves and joins again may bring an old version back."""
        detail = self.text("UpdateDetail") or self.change
        members = ",".join(sorted(self.texts("MemChangeList")))
        return digest(
            self.corp_id, self.text("ChatId"), detail, self.text("CurMemVer"), self.text("CreateTime"), members
        )


def _contact(reader: _Reader) -> Meaning:
    if not reader.text("UserID") or not reader.text("ExternalUserID"):
        return Ignored(f"{_name(reader.change)} names no employee or no customer")
    data: dict[str, Json] = {"associate": reader.text("UserID")}
    match reader.change:
        case "add_external_contact":
            return reader.contact_event("contact.added", {**data, "half": False, **_codes(reader)})
        case "add_half_external_contact":
            return reader.contact_event("contact.added", {**data, "half": True, **_codes(reader)})
        case "del_follow_user":
            return reader.contact_event("contact.lost", {**data, "by": "customer"})
        case "del_external_contact" if reader.text("Source") == BY_TRANSFER:
            return _transferred_away(reader)
        case "del_external_contact":
            return reader.contact_event("contact.lost", {**data, "by": "staff"})
        case "edit_external_contact":
            return Ignored("remarks and tags of a relation are not mirrored")
        case "transfer_fail":
            return Ignored("transfers are followed by their result, not by this callback")
        case "msg_audit_approved":
            return Ignored("chats are not archived")
        case other:
            return Ignored(f"change {_name(other)} of a contact is not used")


def _codes(reader: _Reader) -> dict[str, Json]:
    given = {"state": reader.text("State"), "welcome_code": reader.text("WelcomeCode")}
    return {name: value for name, value in given.items() if value}


def _transferred_away(reader: _Reader) -> TransferredAway:
    return TransferredAway(
        source=reader.source,
        key=reader.contact_key(),
        external_userid=reader.text("ExternalUserID"),
        giver=reader.text("UserID"),
        at=instant(int(reader.text("CreateTime"))),
    )


def _chat(reader: _Reader) -> Meaning:
    chat_id, at = reader.text("ChatId"), instant(int(reader.text("CreateTime")))
    if not chat_id:
        return Ignored(f"{_name(reader.change)} names no chat")
    match reader.change:
        case "create":
            return ChatChanged(reader.source, reader.chat_key(), chat_id, at, "create")
        case "update":
            return _chat_update(reader)
        case "dismiss":
            return ChatDismissed(reader.source, reader.chat_key(), chat_id, at)
        case other:
            return Ignored(f"change {_name(other)} of a chat is not used")


def _chat_update(reader: _Reader) -> ChatChanged:
    """Scenes are hints only: WeCom's documents and its samples disagree about their numbers."""
    detail, count = reader.text("UpdateDetail"), reader.text("MemChangeCnt")
    adds, quits = detail == "add_member", detail == "del_member"
    return ChatChanged(
        source=reader.source,
        key=reader.chat_key(),
        chat_id=reader.text("ChatId"),
        at=instant(int(reader.text("CreateTime"))),
        detail=detail,
        members=reader.texts("MemChangeList"),
        count=int(count) if _SECONDS.fullmatch(count) else None,
        scene=SCENES.get(reader.text("JoinScene")) if adds else None,
        left_by=QUIT_SCENES.get(reader.text("QuitScene"), "unknown") if quits else "unknown",
        last_version=reader.text("LastMemVer") or None,
        version=reader.text("CurMemVer") or None,
    )


def _organisation(reader: _Reader) -> Meaning:
    user = reader.text("UserID")
    match reader.change:
        case "create_user" if user:
            return _staff_event(reader, "associate.joined")
        case "delete_user" if user:
            return _staff_event(reader, "associate.left")
        case "update_user" if user and reader.text("NewUserID"):
            return NeedsSync("an employee has a new userid", (user, reader.text("NewUserID")))
        case "update_user" if user and reader.texts("Department"):
            return _staff_event(reader, "associate.moved")
        case "create_party" | "update_party" | "delete_party":
            return NeedsSync("departments changed")
        case other:
            return Ignored(f"change {_name(other)} of the directory is not used")


def _staff_event(reader: _Reader, kind: str) -> Happened:
    user, created = reader.text("UserID"), reader.text("CreateTime")
    data: dict[str, Json] = {"associate": user}
    departments = [int(part) for part in reader.texts("Department") if _SECONDS.fullmatch(part)]
    if departments:
        data["departments"] = list(departments)
    key = digest(reader.corp_id, "change_contact", reader.change, user, created, str(departments))
    return Happened(WeComEvent(reader.source, key, kind, f"associate:{user}", instant(int(created)), data))


def _name(text: str) -> str:
    """A name from outside, made safe for a log."""
    return repr(text[:64])
