"""What WeCom's API answers, as far as the product reads it. Unknown fields are left aside: more come each year."""

from __future__ import annotations

from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict, Field

STAFF, CUSTOMER = 1, 2
"""Kinds of people in a group."""
WECHAT, WECOM = 1, 2
"""Kinds of contacts: a user of WeChat, or somebody on the staff of another company that uses WeCom."""
ACTIVE, DISABLED, INACTIVE, LEFT = 1, 2, 4, 5
"""The statuses of an employee's account; an inactive one was never signed in to."""
ASSIGNED_BY_ADMIN = 202
"""The `add_way` of a relation that came by a transfer."""


class Answer(BaseModel):
    """A part of an answer."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Contact(Answer):
    """A customer. `unionid` is given only for WeChat users, and only where the corp bound an Open Platform account."""

    external_userid: str
    name: str = Field(default="", repr=False)
    type: int = WECHAT
    avatar: str = Field(default="", repr=False)
    gender: int = 0
    unionid: str | None = None


class Tag(Answer):
    """A tag on a relation; personal tags have no id."""

    tag_id: str | None = None
    tag_name: str = ""
    type: int = 1


class Follow(Answer):
    """One employee's side of a relation."""

    userid: str
    remark: str = Field(default="", repr=False)
    description: str = Field(default="", repr=False)
    createtime: int = 0
    tags: tuple[Tag, ...] = ()
    tag_id: tuple[str, ...] = ()
    remark_mobiles: tuple[str, ...] = Field(default=(), repr=False)
    add_way: int = 0
    state: str | None = None

    @property
    def since(self) -> datetime:
        return instant(self.createtime)


class Customer(Answer):
    """`externalcontact/get`: a customer with everyone who follows them."""

    external_contact: Contact
    follow_user: tuple[Follow, ...] = ()


class FollowedContact(Answer):
    """An item of `externalcontact/batch/get_by_user`: a customer with the one relation that was asked for."""

    external_contact: Contact
    follow_info: Follow


class Invitor(Answer):
    """Who invited a group member."""

    userid: str


class ChatMember(Answer):
    """A seat in a customer group, of staff or of a customer."""

    userid: str
    type: int = CUSTOMER
    unionid: str | None = None
    join_time: int = 0
    join_scene: int | None = None
    invitor: Invitor | None = None
    name: str = Field(default="", repr=False)
    state: str | None = None


class GroupChat(Answer):
    """`externalcontact/groupchat/get`. `member_version` is WeCom's hash of the member list."""

    chat_id: str
    name: str = ""
    owner: str = ""
    create_time: int = 0
    member_list: tuple[ChatMember, ...] = ()
    member_version: str | None = None


class ListedChat(Answer):
    """An item of `externalcontact/groupchat/list`."""

    chat_id: str
    status: int = 0


class ContactWay(Answer):
    """What `externalcontact/add_contact_way` made. Whoever loses `config_id` can no longer manage the code."""

    config_id: str
    qr_code: str | None = None


class JoinWay(Answer):
    """A code by which customers join a group."""

    config_id: str
    qr_code: str


class TagGroup(Answer):
    """A group of corp tags with its tags."""

    class Item(Answer):
        id: str
        name: str

    group_id: str
    group_name: str
    tag: tuple[Item, ...] = ()


class Department(Answer):
    """An item of `department/list`; `name` is missing in `department/simplelist`."""

    id: int
    parentid: int = 0
    name: str = ""


class Employee(Answer):
    """An item of `user/list`, or `user/get`; `status` is missing in `user/simplelist`."""

    userid: str
    name: str = Field(default="", repr=False)
    department: tuple[int, ...] = ()
    main_department: int | None = None
    status: int = ACTIVE

    @property
    def home(self) -> int | None:
        """The department that they belong to first."""
        return self.main_department or next(iter(self.department), None)


class Sent(Answer):
    """What `message/send` answered; the ids it could not reach are joined by `|`, in lower case."""

    msgid: str = ""
    invaliduser: str = ""

    @property
    def unreached(self) -> tuple[str, ...]:
        return tuple(part for part in self.invaliduser.split("|") if part)


def instant(seconds: int) -> datetime:
    """WeCom's seconds since 1970 as an aware instant."""
    return datetime.fromtimestamp(seconds, UTC)
