"""One line of a file, what can be wrong with it, and the kinds of records that lines make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.jobs.errors import Text
from engine.jobs.pages import Finding
from engine.organisation import nouns, views
from engine.organisation.nouns import Noun
from rules.types import Json


@dataclass(frozen=True)
class Kind:
    """What a line may make: the noun, the model of its body, and the references of that by field and kind.

    `nullable` are fields that must be there and may be null: an empty cell of a CSV stands for that. `aliases` are the
    names in files of fields whose own name means something else there.
    """

    name: str
    noun: Noun[Any, Any, Any]
    body: type[views.Body]
    references: Mapping[str, str]
    nullable: frozenset[str] = frozenset()
    aliases: Mapping[str, str] = field(default_factory=dict)

    @property
    def fields(self) -> frozenset[str]:
        """The names that its lines may use, beside `kind` and the key."""
        return frozenset(map(self.in_files, self.body.model_fields))

    @property
    def required(self) -> frozenset[str]:
        """Those of them that every line must give; of these, `nullable` ones may be empty."""
        return frozenset(self.in_files(name) for name, one in self.body.model_fields.items() if one.is_required())

    def in_files(self, place: str) -> str:
        """A place in the body as files name it."""
        name, dot, rest = place.partition(".")
        known = {own: alias for alias, own in self.aliases.items()}
        return known.get(name, name) + dot + rest


KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("region", nouns.REGIONS, views.RegionBody, {"parent": "region"}),
        Kind("store", nouns.STORES, views.StoreBody, {"region": "region"}),
        Kind("associate", nouns.ASSOCIATES, views.AssociateBody, {"store": "store"}, frozenset({"store"})),
        Kind(
            "group_chat",
            nouns.CHATS,
            views.ChatBody,
            {"store": "store", "owner": "associate", "hosts": "associate"},
            frozenset({"store"}),
            {"chat_kind": "kind"},
        ),
        Kind(
            "channel",
            nouns.CHANNELS,
            views.ChannelBody,
            {"store": "store", "associates": "associate", "backups": "associate"},
            aliases={"channel_kind": "kind"},
        ),
    )
}
"""In the order in which they are applied: what is referred to comes first."""

KEY_NAMES = ("key", "chat_id")


@dataclass(frozen=True)
class Line:
    """A line as it was read: its number in the file, what it makes, and the body as `PUT` takes it."""

    n: int
    kind: str
    key: str
    body: dict[str, Json]


@dataclass(frozen=True)
class Wrong:
    """What is wrong with a line, in which field (none: the line as a whole), and how to mend it."""

    n: int
    field: str | None
    message: Text

    def finding(self) -> Finding:
        """As an error of a job."""
        if self.field is None:
            return Finding(f"line {self.n}", self.message)
        named = {"zh": f"{self.field}：{self.message['zh']}", "en": f"{self.field}: {self.message['en']}"}
        return Finding(f"line {self.n}", named)


class FileError(ValueError):
    """The file as a whole cannot be read; `text` says how to mend it."""

    def __init__(self, text: Text) -> None:
        super().__init__(text["en"])
        self.text = text


def wrong(n: int, field: str | None, zh: str, en: str) -> Wrong:
    """What is wrong with a line, in both languages."""
    return Wrong(n, field, {"zh": zh, "en": en})
