"""The welcome message: from what a journey's author writes to what WeCom takes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol

from rules.types import Json

GroupCode = Callable[[str], Awaitable[str]]


class GroupCodes(Protocol):
    """Where the picture of each group's code is kept, so that one code per group is made and no more."""

    async def load(self, chat_id: str) -> str | None: ...

    async def save(self, chat_id: str, config_id: str, picture: str) -> None: ...


class MemoryGroupCodes:
    """Keeps them for one process."""

    def __init__(self) -> None:
        self._pictures: dict[str, str] = {}

    async def load(self, chat_id: str) -> str | None:
        return self._pictures.get(chat_id)

    async def save(self, chat_id: str, config_id: str, picture: str) -> None:  # noqa: ARG002  # part of the protocol
        self._pictures[chat_id] = picture


async def attachments(written: Sequence[Mapping[str, Json]], group_code: GroupCode) -> list[dict[str, Json]]:
    """Attachments in WeCom's form.

    Written are `{kind: group_qr, chat}`, `{kind: link, title, url, description?, picture?}`, `{kind: image, picture}`
    (an address, or the id of an uploaded picture) and `{kind: miniprogram, title, appid, page, picture}`.
    """
    return [await _attachment(one, group_code) for one in written]


async def _attachment(written: Mapping[str, Json], group_code: GroupCode) -> dict[str, Json]:
    match written.get("kind"):
        case "group_qr":
            return {"msgtype": "image", "image": {"pic_url": await group_code(str(written["chat"]))}}
        case "link":
            names = {"title": "title", "url": "url", "description": "desc", "picture": "picurl"}
            return {"msgtype": "link", "link": _renamed(written, names)}
        case "image":
            return {"msgtype": "image", "image": _picture(str(written["picture"]))}
        case "miniprogram":
            names = {"title": "title", "appid": "appid", "page": "page", "picture": "pic_media_id"}
            return {"msgtype": "miniprogram", "miniprogram": _renamed(written, names)}
        case other:
            raise ValueError(f"{other!r} is no kind of attachment: use group_qr, link, image or miniprogram")


def _picture(picture: str) -> dict[str, Json]:
    return {"pic_url" if picture.startswith(("http://", "https://")) else "media_id": picture}


def _renamed(written: Mapping[str, Json], names: Mapping[str, str]) -> dict[str, Json]:
    return {theirs: written[ours] for ours, theirs in names.items() if written.get(ours)}
