"""WeCom's API as the product uses it (facts/wecom.md, 3). Errors: see `errors`.

`WeCom` belongs to one event loop and shares its HTTP client's connections. Every method may be cancelled.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TypeVar
from weakref import WeakValueDictionary

from pydantic import TypeAdapter, ValidationError

from engine.wecom import answers, welcome
from engine.wecom.callback import App
from engine.wecom.calls import Answer, Call, Calls
from engine.wecom.errors import RelationEndedError, UnreadableAnswerError
from engine.wecom.welcome import GroupCodes, MemoryGroupCodes
from rules.types import Json

T = TypeVar("T")
Item = TypeVar("Item")


class WeCom:
    """One method per API, named as WeCom names it."""

    def __init__(self, app: App, calls: Calls, group_codes: GroupCodes | None = None) -> None:
        self._app = app
        self._calls = calls
        self._group_codes = group_codes or MemoryGroupCodes()
        self._pairs: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()

    # Customers

    async def get_external_contact(self, external_userid: str) -> answers.Customer:
        """A customer with everyone who follows them. Raises `RelationEndedError` when nobody does."""
        api = "externalcontact/get"
        pages = await self._pages(api, lambda cursor: _query(external_userid=external_userid, cursor=cursor))
        first = _parsed(api, answers.Customer, pages[0])
        follows = [one for page in pages for one in _items(api, answers.Follow, page, "follow_user")]
        return answers.Customer(external_contact=first.external_contact, follow_user=tuple(follows))

    async def contact_list(self, userid: str) -> list[str]:
        """The external_userids of one employee's customers; of an employee without customers, none."""
        api = "externalcontact/list"
        try:
            answer = await self._get(api, userid=userid)
        except RelationEndedError:
            return []
        return _items(api, str, answer, "external_userid")

    async def follow_user_list(self) -> list[str]:
        """The userids of everyone who may have customers, in the visible range."""
        api = "externalcontact/get_follow_user_list"
        return _items(api, str, await self._get(api), "follow_user")

    async def batch_get_by_user(self, userids: Sequence[str]) -> list[answers.FollowedContact]:
        """All customers of these employees, one item per relation, with tag ids but no personal tags."""
        api = "externalcontact/batch/get_by_user"
        found: list[answers.FollowedContact] = []
        for some in _batches(userids, 100):
            try:
                pages = await self._posted_pages(api, {"userid_list": list(some), "limit": 100})
            except RelationEndedError:
                continue
            for page in pages:
                found += _items(api, answers.FollowedContact, page, "external_contact_list")
        return found

    async def contacts_page(self, userid: str, cursor: str = "") -> tuple[list[answers.FollowedContact], str]:
        """Up to a hundred customers of an employee, and the cursor of the next page; "" after the last."""
        api = "externalcontact/batch/get_by_user"
        try:
            answer = await self._post(api, {"userid_list": [userid], "limit": 100, "cursor": cursor})
        except RelationEndedError:
            return [], ""
        following = answer.get("next_cursor")
        found = _items(api, answers.FollowedContact, answer, "external_contact_list")
        return found, following if isinstance(following, str) else ""

    async def send_welcome_msg(
        self, welcome_code: str, text: str, attachments: Sequence[Mapping[str, Json]] = ()
    ) -> None:
        """Welcome a customer, once, within 20 seconds of the add.

        `attachments` are in WeCom's own form, at most nine. Repeating does no harm: the second gets
        `WelcomeDeliveredError`. `WelcomeExpiredError` is final.
        """
        body: dict[str, Json] = {"welcome_code": welcome_code, "text": {"content": text}}
        if attachments:
            body["attachments"] = [dict(one) for one in attachments]
        await self._post("externalcontact/send_welcome_msg", body)

    async def send_welcome(self, welcome_code: str, text: str, attachments: Sequence[Mapping[str, Json]] = ()) -> None:
        """The same with attachments as journeys write them (see `welcome.attachments`)."""
        await self.send_welcome_msg(welcome_code, text, await welcome.attachments(attachments, self.group_code))

    async def remark(self, userid: str, external_userid: str, **changed: Json) -> None:
        """Write what an employee notes about a customer: `remark`, `description`, `remark_mobiles`, …"""
        body: dict[str, Json] = {"userid": userid, "external_userid": external_userid, **changed}
        async with self._pair(userid, external_userid):
            await self._post("externalcontact/remark", body)

    async def mark_tag(
        self, userid: str, external_userid: str, add: Sequence[str] = (), remove: Sequence[str] = ()
    ) -> None:
        """Add and remove corp tags, given by id, on one relation. Calls for one relation go one after the other."""
        body: dict[str, Json] = {
            "userid": userid,
            "external_userid": external_userid,
            "add_tag": list(add),
            "remove_tag": list(remove),
        }
        async with self._pair(userid, external_userid):
            await self._post("externalcontact/mark_tag", body)

    async def get_corp_tag_list(self) -> list[answers.TagGroup]:
        """All groups of corp tags."""
        api = "externalcontact/get_corp_tag_list"
        return _items(api, answers.TagGroup, await self._post(api, {}), "tag_group")

    async def add_corp_tag(self, group_name: str, names: Sequence[str]) -> answers.TagGroup:
        """Make tags in a group, which is made if new. Tags that are there already keep their ids."""
        api = "externalcontact/add_corp_tag"
        body: dict[str, Json] = {"group_name": group_name, "tag": [{"name": name} for name in names]}
        return _parsed(api, answers.TagGroup, (await self._post(api, body)).get("tag_group"))

    async def add_contact_way(
        self, users: Sequence[str], state: str, remark: str = "", *, skip_verify: bool = True
    ) -> answers.ContactWay:
        """Make a code (渠道活码) behind which these employees stand. Keep the `config_id`: nothing lists it later."""
        api = "externalcontact/add_contact_way"
        body: dict[str, Json] = {
            "type": 1 if len(users) == 1 else 2,
            "scene": 2,
            "state": state,
            "remark": remark[:30],
            "skip_verify": skip_verify,
            "user": list(users),
        }
        return _parsed(api, answers.ContactWay, await self._post(api, body, repeatable=False))

    # Groups

    async def groupchat_get(self, chat_id: str) -> answers.GroupChat:
        """A group with its members. Raises `ChatGoneError`."""
        api = "externalcontact/groupchat/get"
        answer = await self._post(api, {"chat_id": chat_id, "need_name": 0})
        return _parsed(api, answers.GroupChat, answer.get("group_chat"))

    async def groupchat_list(self, owners: Sequence[str]) -> list[answers.ListedChat]:
        """The groups of these owners. WeCom refuses to list all groups of a large company at once (81017)."""
        api = "externalcontact/groupchat/list"
        found: list[answers.ListedChat] = []
        for some in _batches(owners, 100):
            filtered: dict[str, Json] = {"owner_filter": {"userid_list": list(some)}, "status_filter": 0, "limit": 1000}
            for page in await self._posted_pages(api, filtered):
                found += _items(api, answers.ListedChat, page, "group_chat_list")
        return found

    async def group_code(self, chat_id: str) -> str:
        """The address of a picture by which customers join a group; made when first asked for."""
        kept = await self._group_codes.load(chat_id)
        if kept is not None:
            return kept
        way = await self.add_join_way([chat_id])
        await self._group_codes.save(chat_id, way.config_id, way.qr_code)
        return way.qr_code

    async def add_join_way(self, chat_ids: Sequence[str], state: str = "") -> answers.JoinWay:
        """Make a code (加入群聊) behind which up to five groups stand, and read its picture."""
        body: dict[str, Json] = {"scene": 2, "chat_id_list": list(chat_ids), "auto_create_room": 0, "state": state}
        made = await self._post("externalcontact/groupchat/add_join_way", body, repeatable=False)
        api = "externalcontact/groupchat/get_join_way"
        answer = await self._post(api, {"config_id": made.get("config_id")})
        return _parsed(api, answers.JoinWay, answer.get("join_way"))

    # The directory and app messages

    async def department_list(self) -> list[answers.Department]:
        """All departments in the visible range, with their names."""
        api = "department/list"
        return _items(api, answers.Department, await self._get(api), "department")

    async def department_simplelist(self, parent: int | None = None) -> list[answers.Department]:
        """The ids of all departments below one, or of all."""
        api = "department/simplelist"
        answer = await (self._get(api) if parent is None else self._get(api, id=parent))
        return _items(api, answers.Department, answer, "department_id")

    async def user_simplelist(self, department: int) -> list[answers.Employee]:
        """Who belongs directly to a department."""
        api = "user/simplelist"
        return _items(api, answers.Employee, await self._get(api, department_id=department), "userlist")

    async def user_list(self, department: int) -> list[answers.Employee]:
        """Who belongs directly to a department, with the status of their accounts."""
        api = "user/list"
        return _items(api, answers.Employee, await self._get(api, department_id=department), "userlist")

    async def user_get(self, userid: str) -> answers.Employee:
        """One employee. Raises `StaffUnknownError`, and `ConfigurationError` when they are out of sight."""
        api = "user/get"
        return _parsed(api, answers.Employee, await self._get(api, userid=userid))

    async def message_send(self, userids: Sequence[str], text: str, *, repeat_after: int = 1800) -> answers.Sent:
        """Send a text to employees, at most 1,000. The same text again within `repeat_after` seconds is dropped."""
        body: dict[str, Json] = {
            "touser": "|".join(userids),
            "msgtype": "text",
            "agentid": self._app.agent_id,
            "text": {"content": text},
            "enable_duplicate_check": 1,
            "duplicate_check_interval": repeat_after,
        }
        return _parsed("message/send", answers.Sent, await self._post("message/send", body))

    def _pair(self, userid: str, external_userid: str) -> asyncio.Lock:
        return self._pairs.setdefault((userid, external_userid), asyncio.Lock())

    async def _get(self, api: str, **query: str | int) -> Answer:
        return await self._calls.make(Call(api, query))

    async def _post(self, api: str, body: Mapping[str, Json], *, repeatable: bool = True) -> Answer:
        return await self._calls.make(Call(api, body=body, repeatable=repeatable))

    async def _pages(self, api: str, query: Callable[[str], Mapping[str, str]]) -> list[Answer]:
        return await _turn_pages(lambda cursor: self._calls.make(Call(api, query(cursor))))

    async def _posted_pages(self, api: str, body: Mapping[str, Json]) -> list[Answer]:
        return await _turn_pages(lambda cursor: self._post(api, {**body, "cursor": cursor}))


async def _turn_pages(ask: Callable[[str], Awaitable[Answer]]) -> list[Answer]:
    pages, cursors = [await ask("")], {""}
    while True:
        cursor = pages[-1].get("next_cursor")
        if not isinstance(cursor, str) or cursor in cursors:
            return pages
        cursors.add(cursor)
        pages.append(await ask(cursor))


def _query(**parts: str) -> dict[str, str]:
    return {name: value for name, value in parts.items() if value}


def _batches(items: Sequence[Item], size: int) -> Iterator[tuple[Item, ...]]:
    rest = iter(items)
    while batch := tuple(islice(rest, size)):
        yield batch


def _parsed(api: str, kind: type[T], value: object) -> T:
    """A part of an answer as a value. What pydantic has to say quotes personal data, and so stays out of the error."""
    try:
        return TypeAdapter(kind).validate_python(value)
    except ValidationError:
        raise UnreadableAnswerError(api) from None


def _items(api: str, kind: type[T], answer: Answer, name: str) -> list[T]:
    return _parsed(api, list[kind], answer.get(name) or [])  # type: ignore[valid-type]  # a list of the kind given
