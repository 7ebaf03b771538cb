"""Invented names of people and places. All fruit; nobody is meant."""

from __future__ import annotations

import random

SURNAMES = "林陈黄苏何莫柳白江叶罗梁宋唐许邓冯程曹袁于董萧沈曾彭吕卢蒋蔡余杜戴夏钟田任姜方石姚谭廖邹熊金陆"
_GIVEN = (
    "小橙 柚柚 阿蕉 荔枝 青梅 芒芒 桃桃 杏儿 小莓 石榴 枇杷 樱樱 甜瓜 金桔 山楂 葡萄 雪梨 红枣 椰椰 桑葚 "
    "柠柠 柿柿 李李 蓝莓 杨梅 龙眼 木瓜 火龙 莲雾 番石 青提 脆柿 软枣 蜜瓜 圆圆 果果"
)
_STAFF = (
    "林小橙 陈柚柚 黄阿蕉 苏荔 何青梅 莫芒芒 柳桃桃 白杏儿 江小莓 叶石榴 罗枇杷 梁樱樱 宋甜瓜 唐金桔 许山楂 邓葡萄 "
    "冯雪梨 程红枣 曹椰椰 袁桑葚 于柠柠 董柿柿 萧李李 沈蓝莓 曾杨梅 彭龙眼 吕木瓜 卢莲雾 蒋青提 蔡蜜瓜 余圆圆 杜果果 "
    "戴甜橙 夏西柚 钟香梨 田蜜桃 任黄杏 姜山竹"
)
_ROADS = "灯塔路 码头街 云杉里 贝壳街 果市路 鼓楼外大街 温室巷 桥头路 大学城路 梯田路 茶马坊 新站路"
GIVEN, STAFF, ROADS = _GIVEN.split(), _STAFF.split(), _ROADS.split()


def staff_name(number: int) -> str:
    """The name of the n-th member of staff; after the list is used up, names repeat with a number."""
    name = STAFF[number % len(STAFF)]
    return name if number < len(STAFF) else f"{name}{number // len(STAFF) + 1}"


def person_name(chance: random.Random) -> str:
    """A customer's name."""
    return chance.choice(SURNAMES) + chance.choice(GIVEN)


def address(number: int, zh: str) -> str:
    """An address that says that it is invented."""
    return f"{zh.partition('·')[0]}市{ROADS[number % len(ROADS)]} {number % 99 + 1} 号(虚构)"
