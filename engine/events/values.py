"""What the values are called that fields of our events choose from."""

from __future__ import annotations

from collections.abc import Mapping

from rules.types import Title

LOST_BY: Mapping[str, Title] = {
    "customer": Title(zh="顾客删除", en="The customer"),
    "staff": Title(zh="员工删除", en="The associate"),
    "unknown": Title(zh="不清楚", en="Not known"),
}
LEFT_BY: Mapping[str, Title] = {
    "self": Title(zh="自己退群", en="Themselves"),
    "removed": Title(zh="被移出群", en="Removed"),
    "moved": Title(zh="换到别的群", en="Moved to another group"),
    "dismissed": Title(zh="群已解散", en="The group was dismissed"),
    "unknown": Title(zh="不清楚", en="Not known"),
}
SALES_CHANNELS: Mapping[str, Title] = {
    "pos": Title(zh="门店收银", en="Till"),
    "mini_program": Title(zh="小程序", en="Mini-program"),
    "mall": Title(zh="商城", en="Mall"),
    "tmall": Title(zh="天猫", en="Tmall"),
    "jd": Title(zh="京东", en="JD"),
    "douyin": Title(zh="抖音", en="Douyin"),
    "live": Title(zh="直播", en="Live stream"),
    "group_buy": Title(zh="团购", en="Group buying"),
    "call": Title(zh="电话", en="Phone call"),
}
