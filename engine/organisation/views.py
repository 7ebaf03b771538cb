"""The records of the chain as outside programs write and read them. References are keys."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from engine.wecom.reception import Hours

KEY = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
"""What keys of stores, regions, associates, groups and channels match."""

_KEY = re.compile(KEY, re.ASCII)


def is_key(text: str) -> bool:
    """Whether a record may have this key."""
    return _KEY.fullmatch(text) is not None


Key = Annotated[str, StringConstraints(pattern=f"^{KEY}$")]
Line = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]


def _kept(value: datetime) -> datetime:
    """The same instant in UTC, if every calendar that it passes through can hold it."""
    if not 2000 <= value.year < 3000:
        raise ValueError("write an instant of the years 2000 to 2999")
    return value.astimezone(UTC)


Instant = Annotated[AwareDatetime, AfterValidator(_kept)]


class Title(BaseModel):
    """A name in both languages."""

    model_config = ConfigDict(extra="forbid")

    zh: Line
    en: Line


def _both(value: object) -> object:
    """A plain string stands for both languages."""
    return {"zh": value, "en": value} if isinstance(value, str) else value


Titles = Annotated[Title, BeforeValidator(_both, json_schema_input_type=Title | str)]


class Body(BaseModel):
    """What is sent: nothing that we do not know. What `grows` of a record changes without anybody writing it."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)
    grows: ClassVar[frozenset[str]] = frozenset()


class RegionBody(Body):
    """A region; `parent` is the key of the one above."""

    title: Titles
    parent: Key | None = None


class Region(RegionBody):
    """A region with its key."""

    key: str


class Location(Body):
    """Where a store stands, in degrees (WGS 84)."""

    lat: float = Field(ge=-90, le=90)
    lon: float = Field(ge=-180, le=180)


class StoreBody(Body):
    """A store. Further fields are kept and visible to rules as `store.<name>` where declared."""

    model_config = ConfigDict(extra="allow")

    title: Titles
    region: Key
    brand: Line | None = None
    ownership: Literal["own", "franchise", "dealer"] = "own"
    price_kind: Literal["full", "outlet"] = "full"
    mode: Literal["centralised", "distributed"] = "distributed"
    address: Line | None = None
    location: Location | None = None
    is_test: bool = False


class Store(StoreBody):
    """A store with its key."""

    key: str


class AssociateBody(Body):
    """A WeCom account, run by a person or by a shift. HQ accounts have no store."""

    name: Line
    store: Key | None
    wecom_userid: Line | None = None
    role: Key = "associate"
    active: bool = True
    run_by: Line | None = None
    capacity: int = Field(default=20_000, ge=0, le=1_000_000)


class Associate(AssociateBody):
    """An associate with their key."""

    key: str
    name: str | None  # type: ignore[assignment]  # an imported account may lack a name
    left_at: datetime | None


class ChatBody(Body):
    """A customer group (客户群)."""

    title: Titles
    store: Key | None
    owner: Key | None = None
    hosts: list[Key] = Field(default_factory=list, max_length=100)
    kind: Literal["store", "vip", "hq"] = "store"


class Chat(ChatBody):
    """A customer group with its id and what we know of it."""

    grows = frozenset({"seats"})

    chat_id: str
    created_at: datetime | None
    dismissed_at: datetime | None
    seats: int


def _hours(value: dict[str, Any]) -> dict[str, Any]:
    """Hours are kept as they were written."""
    Hours.model_validate(value)
    return value


class ChannelBody(Body):
    """A channel (渠道活码): a printed or linked code by which customers come in."""

    title: Titles
    kind: Literal[
        "pos", "receipt", "shelf", "poster", "spoken",
        "banner", "popup", "payment_success", "service", "order_page",
        "official_account", "video_channel", "search", "moments", "mini_program_card",
        "associate", "referral",
        "link", "live", "sms", "partner",
    ]  # fmt: skip
    store: Key | None = None
    associates: list[Key] = Field(default_factory=list, max_length=100)
    backups: list[Key] = Field(default_factory=list, max_length=100)
    hours: Annotated[dict[str, Any], AfterValidator(_hours)] | None = None
    expires_at: Instant | None = None


class WecomCode(Body):
    """A contact way of WeCom: `qr_code` is the address of its picture, `associate` who stands behind it."""

    associate: Key
    config_id: str
    qr_code: str | None


class Channel(ChannelBody):
    """A channel with its codes: `url` is the printed page, `wecom` WeCom's code of the first who has one by now.

    The page shows the code of whoever should receive a visitor at that moment, which may be another associate's.
    """

    grows = frozenset({"wecom"})

    key: str
    channel_class: str = Field(alias="class")
    state: str
    url: str = ""
    wecom: WecomCode | None
