"""The types of events that the engine knows, and the fields of `data` that each declares (API.md, "Events in").

One declaration serves three readers: ingest checks `data` by it, journeys and rules take the types of `event.*` from
it, and `GET /event-types` lists it. A `ref:channel`, `ref:store` or `ref:associate` is a key in `data`; rules see the
record that it names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from engine.events.values import LEFT_BY, LOST_BY, SALES_CHANNELS
from engine.organisation.kinds import CLASS_TITLES, KIND_TITLES
from rules.declaring import choice, field
from rules.types import Declaration, Fields

INTERACTIVE, BULK = 0, 1
"""Priorities: a customer is waiting, or nobody is."""

_CUSTOM = re.compile(r"custom\.[a-z0-9]+(?:[._-][a-z0-9]+)*", re.ASCII)


RECORDS: Mapping[str, Mapping[str, Declaration]] = {
    "channel": {
        "key": field("text", "渠道编号", "Channel key"),
        "kind": choice("渠道类型", "Channel kind", KIND_TITLES),
        "class": choice("渠道大类", "Channel class", CLASS_TITLES),
        "title": field("text", "渠道名称", "Channel title"),
    },
    "store": {
        "key": field("text", "门店编号", "Store key"),
        "title": field("text", "门店名称", "Store title"),
        "region": field("ref:region", "大区", "Region"),
        "brand": field("text", "品牌", "Brand"),
        "ownership": field("text", "经营方式", "Ownership"),
        "price_kind": field("text", "价格类型", "Price kind"),
        "mode": field("text", "运营模式", "Operating mode"),
    },
    "associate": {
        "key": field("text", "导购编号", "Associate key"),
        "userid": field("text", "企微账号", "WeCom userid"),
        "role": field("text", "岗位", "Role"),
        "store": field("ref:store", "所属门店", "Store"),
    },
}
"""The records that stand behind references, as rules see them below `event.channel` and the like."""


@dataclass(frozen=True)
class EventType:
    """One type: its name, its titles, the declared fields of `data`, and how urgently it is routed."""

    type: str
    titles: Mapping[str, str]
    data: Mapping[str, Declaration]
    priority: int = BULK

    @cached_property
    def fields(self) -> Fields:
        """What rules see of such an event: `event.<name>`, references as records, `event.type` and `event.time`."""
        found = {f"event.{name}": each for name, each in self.data.items() if name not in RECORDS}
        for record, parts in RECORDS.items():
            given = self.data.get(record)
            sure = given is not None and not given.optional
            for name, each in parts.items():
                optional = not sure or name not in _ALWAYS
                found[f"event.{record}.{name}"] = each.model_copy(update={"optional": optional})
        return {**_COMMON, **found}


_ALWAYS = {"key", "kind", "class", "title"}
_COMMON: Fields = {
    "event.type": field("text", "事件类型", "Event type", optional=False),
    "event.time": field("instant", "事件时间", "Event time", optional=False),
}

_CHANNEL = field("ref:channel", "渠道", "Channel")
_STORE = field("ref:store", "门店", "Store")
_ASSOCIATE = field("ref:associate", "导购", "Associate")
_PLACE = {"channel": _CHANNEL, "store": _STORE, "associate": _ASSOCIATE}
_LINK = field("text", "链接", "Link")
_STATE = field("text", "渠道参数", "State of the channel")
_LINES = field(
    "list", "商品行", "Lines",
    of={
        "sku": field("text", "商品编码", "SKU", optional=False),
        "qty": field("integer", "数量", "Quantity", optional=False),
        "amount": field("integer", "实付金额(分)", "Amount (minor units)", optional=False),
        "list_price": field("integer", "吊牌价(分)", "List price (minor units)"),
        "category": field("text", "品类", "Category"),
    },
)  # fmt: skip
_CONTACT = {
    **_PLACE,
    "associate": field("ref:associate", "导购", "Associate", optional=False),
    "welcome_code": field("text", "欢迎语凭证", "Welcome code"),
    "half": field("boolean", "待通过", "Half (not yet mutual)"),
    "state": _STATE,
    "add_way": field("integer", "添加方式", "Way of the add"),
    "found": field("boolean", "核对时发现", "Found by a sweep"),
}
_CHAT = {**_PLACE, "chat": field("text", "客户群", "Customer group", optional=False)}
_COUPON = {
    **_PLACE,
    "batch": field("text", "券批次", "Coupon batch", optional=False),
    "code": field("text", "券码", "Coupon code"),
}
_ORDER_NO = field("text", "订单号", "Order number", optional=False)
_AMOUNT = field("integer", "金额(分)", "Amount (minor units)", optional=False)
_CURRENCY = field("text", "币种", "Currency")
_VISIT = {**_PLACE, "link": _LINK}
_STAFF = {
    "associate": field("ref:associate", "导购", "Associate", optional=False),
    "store": _STORE,
}
_CREATED = {**_VISIT, "order_no": field("text", "订单号", "Order number")}
_TASK = {**_PLACE, "assignment": field("text", "任务指派", "Assignment", optional=False)}


def _type(name: str, zh: str, en: str, data: Mapping[str, Declaration], priority: int = BULK) -> EventType:
    return EventType(name, {"zh": zh, "en": en}, data, priority)


EVENT_TYPES: Mapping[str, EventType] = {
    each.type: each
    for each in (
        _type(
            "contact.scanned", "扫码", "Scanned",
            {**_PLACE, "channel": field("ref:channel", "渠道", "Channel", optional=False)}, INTERACTIVE,
        ),
        _type("contact.added", "添加好友", "Added as a friend", _CONTACT, INTERACTIVE),
        _type("contact.confirmed", "好友通过", "Friendship confirmed", _CONTACT, INTERACTIVE),
        _type(
            "contact.lost", "好友流失", "Friend lost",
            {
                **_PLACE,
                "associate": field("ref:associate", "导购", "Associate", optional=False),
                "by": choice("由谁删除", "Ended by", LOST_BY),
                "last": field("boolean", "不再有好友关系", "No relation is left"),
            }, INTERACTIVE,
        ),
        _type(
            "contact.transferred", "客户继承", "Transferred",
            {
                **_PLACE,
                "from": field("text", "原导购", "From", optional=False),
                "to": field("text", "接替导购", "To"),
            }, INTERACTIVE,
        ),
        _type(
            "group.joined", "入群", "Joined a group",
            {**_CHAT, "scene": field("text", "入群方式", "Scene"), "state": _STATE}, INTERACTIVE,
        ),
        _type(
            "group.left", "退群", "Left a group",
            {**_CHAT, "by": choice("退群原因", "Left by", LEFT_BY)}, INTERACTIVE,
        ),
        _type("member.registered", "注册会员", "Registered", _PLACE),
        _type("member.updated", "会员资料变更", "Member updated", _PLACE),
        _type("member.merged", "会员合并", "Members merged", _PLACE),
        _type("coupon.issued", "发券", "Coupon issued", _COUPON, INTERACTIVE),
        _type("coupon.claimed", "领券", "Coupon claimed", _COUPON, INTERACTIVE),
        _type("coupon.redeemed", "核销", "Coupon redeemed", _COUPON, INTERACTIVE),
        _type("coupon.expired", "券过期", "Coupon expired", _COUPON),
        _type(
            "order.paid", "订单支付", "Order paid",
            {
                **_PLACE, "order_no": _ORDER_NO, "amount": _AMOUNT, "currency": _CURRENCY,
                "sales_channel": choice("销售渠道", "Sales channel", SALES_CHANNELS),
                "lines": _LINES, "link": _LINK,
            },
        ),
        _type(
            "order.refunded", "订单退款", "Order refunded",
            {**_PLACE, "order_no": _ORDER_NO, "amount": _AMOUNT, "currency": _CURRENCY, "lines": _LINES},
        ),
        _type("associate.joined", "导购入职", "Associate joined", _STAFF),
        _type("associate.left", "导购离职", "Associate left", _STAFF),
        _type("associate.moved", "导购调店", "Associate moved", _STAFF),
        _type("link.opened", "打开链接", "Link opened", _VISIT, INTERACTIVE),
        _type("store.visited", "到店", "Store visited", _VISIT, INTERACTIVE),
        _type("mall.opened", "打开商城", "Mall opened", _VISIT),
        _type("product.viewed", "浏览商品", "Product viewed", {**_VISIT, "sku": field("text", "商品编码", "SKU")}),
        _type("cart.added", "加入购物车", "Added to the cart", {**_VISIT, "sku": field("text", "商品编码", "SKU")}),
        _type("order.created", "下单", "Order created", _CREATED),
        _type("task.done", "任务完成", "Task done", _TASK),
        _type("task.declined", "任务被拒", "Task declined", _TASK),
        _type(
            "audience.matched", "进入人群", "Audience matched",
            {**_PLACE, "journey": field("text", "旅程", "Journey"), "occurrence": field("text", "批次", "Occurrence")},
        ),
        _type(
            "call.completed", "外呼完成", "Call completed",
            {
                **_PLACE, "token": field("text", "号码凭证", "Phone token"), "result": field("text", "结果", "Result"),
                "seconds": field("integer", "通话秒数", "Seconds"),
            },
        ),
        _type(
            "run.requested", "手动进入旅程", "Run requested",
            {**_PLACE, "journey": field("text", "旅程", "Journey", optional=False)}, INTERACTIVE,
        ),
    )
}  # fmt: skip
"""Every declared type by name. Types below `custom.` need no declaration: see `event_type`."""


def every_event_field() -> Fields:
    """The `event.*` of all declared types; one that several have is as the last of them declares it."""
    return {path: each for kind in EVENT_TYPES.values() for path, each in kind.fields.items()}


INTERNAL_TYPES = frozenset({"run.requested"})
"""Types that only the product itself sends."""


def is_custom(name: str) -> bool:
    """Whether this is a type of the sender's own: `custom.` and words of a-z and 0-9 with `.`, `_` or `-` between."""
    return len(name) <= 128 and _CUSTOM.fullmatch(name) is not None


def event_type(name: str) -> EventType | None:
    """The type of this name; a custom one has only the fields that every event has. None if there is no such type."""
    known = EVENT_TYPES.get(name)
    if known is None and is_custom(name):
        return EventType(name, {"zh": name, "en": name}, _PLACE)
    return known
