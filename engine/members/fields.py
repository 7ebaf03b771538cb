"""The fields of `member.*`, `store.*` and `associate.*` that every rule may name without declaring them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from rules.declaring import choice, field
from rules.types import Fields, Title

PERSONAL_ATTRIBUTES = frozenset({"nickname", "name", "phone", "email", "address"})
"""Attributes of a member that are sealed at rest and stand in no log."""
NO_ATTRIBUTES = frozenset({"store", "channel", "associate", "identities", "link", "state"})
"""Fields of events about members that are no attributes: they say something else."""


@cache
def base_fields() -> Fields:
    """Path to declaration. Whatever HQ adds in its own `fields` definitions comes on top."""
    return {**_MEMBER, **_STORE, **_ASSOCIATE}


_GENDERS: Mapping[str, Title] = {
    "female": Title(zh="女", en="Female"),
    "male": Title(zh="男", en="Male"),
    "unknown": Title(zh="未知", en="Unknown"),
}
_OWNERSHIPS: Mapping[str, Title] = {
    "own": Title(zh="直营店", en="Company-owned"),
    "franchise": Title(zh="加盟店", en="Franchise"),
    "dealer": Title(zh="经销商", en="Dealer"),
}
_PRICE_KINDS: Mapping[str, Title] = {
    "full": Title(zh="正价店", en="Full-price"),
    "outlet": Title(zh="折扣店", en="Outlet"),
}
_MODES: Mapping[str, Title] = {
    "centralised": Title(zh="总部集中运营", en="Centralised"),
    "distributed": Title(zh="门店分散运营", en="Distributed"),
}
_MEMBER: Fields = {
    "member.id": field("text", "内部编号", "Internal id", optional=False),
    "member.number": field("text", "会员号", "Member number"),
    "member.friend": field("boolean", "是企微好友", "Is a friend", optional=False),
    "member.friend_since": field("instant", "成为好友时间", "Friend since"),
    "member.friend_of": field("tags", "好友导购", "Friend of", optional=False),
    "member.in_group": field("boolean", "在客户群中", "Is in a group", optional=False),
    "member.in_groups": field("tags", "所在客户群", "Groups", optional=False),
    "member.is_staff": field("boolean", "是员工", "Is staff", optional=False),
    "member.registered": field("boolean", "已注册会员", "Is registered", optional=False),
    "member.created_at": field("instant", "建档时间", "Known since", optional=False),
    "member.store": field("ref:store", "归属门店", "Home store"),
    "member.owner": field("ref:associate", "归属导购", "Owner"),
    "member.first_channel": field("ref:channel", "首次渠道", "First channel"),
    "member.last_channel": field("ref:channel", "最近渠道", "Last channel"),
    "member.nickname": field("text", "昵称", "Nickname", personal=True),
    "member.name": field("text", "姓名", "Name", personal=True),
    "member.phone": field("text", "手机号", "Phone", personal=True),
    "member.email": field("text", "邮箱", "Email", personal=True),
    "member.address": field("text", "地址", "Address", personal=True),
    "member.gender": choice("性别", "Gender", _GENDERS),
    "member.birthday": field("date", "生日", "Birthday"),
    "member.tier": field("text", "会员等级", "Tier"),
    "member.points": field("integer", "积分", "Points"),
    "member.tags": field("tags", "标签", "Tags"),
}

_STORE: Fields = {
    "store.key": field("text", "门店编号", "Store key", optional=False),
    "store.title": field("text", "门店名称", "Store title", optional=False),
    "store.region": field("ref:region", "大区", "Region", optional=False),
    "store.regions": field("tags", "所属各级大区", "Regions above the store", optional=False),
    "store.brand": field("text", "品牌", "Brand"),
    "store.ownership": choice("经营方式", "Ownership", _OWNERSHIPS, optional=False),
    "store.price_kind": choice("价格类型", "Price kind", _PRICE_KINDS, optional=False),
    "store.mode": choice("运营模式", "Mode", _MODES, optional=False),
    "store.address": field("text", "地址", "Address"),
    "store.group_chat": field("text", "当前客户群", "Current customer group"),
    "store.offers": field("text", "今日优惠", "Offers of the day"),
}

_ASSOCIATE: Fields = {
    "associate.key": field("text", "导购编号", "Associate key", optional=False),
    "associate.userid": field("text", "企微账号", "WeCom userid"),
    "associate.name": field("text", "导购姓名", "Associate name", personal=True),
    "associate.role": field("text", "岗位", "Role", optional=False),
    "associate.active": field("boolean", "在职", "Is active", optional=False),
    "associate.store": field("ref:store", "所属门店", "Store"),
}
