"""The figures of the demonstration chain, store by store; everything else is generated to equal them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

RANDOM_SEED = 20_260_107

REGIONS = {
    "east": {"zh": "东湾", "en": "East Bay"},
    "north": {"zh": "北原", "en": "North Plain"},
    "west": {"zh": "西岭", "en": "West Ridge"},
}

IDENTIFIED_BP = 8_800
"""The share of members with an identity that WeCom knows, in basis points."""

HQ_FRIENDS = 19_860
"""The friends of the first HQ account: a figure, since they have no rows here."""

FIRST_GROUP = 196
"""At how many seats a store's first group stands where it needed a second one."""


@dataclass(frozen=True)
class StoreFigures:
    """One store. `friends` and `in_group` are people of today; `adds` and `lost` are of the last 30 days.

    `in_group` are friends, `only_in_group` are not. `shared` stores have one account for all staff; `central` ones are
    served by an HQ account.
    """

    key: str
    zh: str
    en: str
    region: str
    staff: int
    members: int
    friends: int
    relations: int
    in_group: int
    only_in_group: int
    adds: int
    lost: int
    ownership: str = "own"
    price_kind: str = "full"
    central: bool = False
    shared: bool = False
    open_days: int | None = None


STORES = (
    StoreFigures("E01", "星澜·灯塔路店", "Xinglan · Lighthouse Road", "east", 4, 310, 236, 262, 196, 14, 58, 13),
    StoreFigures("E02", "星澜·码头店", "Xinglan · Pier", "east", 4, 262, 190, 209, 152, 11, 44, 8),
    StoreFigures("E03", "星澜·云杉里店", "Xinglan · Spruce Lane", "east", 3, 188, 109, 116, 71, 9, 21, 6, "franchise"),
    StoreFigures("E04", "月湾·贝壳街店", "Yuewan · Shell Street", "east", 4, 240, 171, 188, 134, 10, 39, 9),
    StoreFigures(
        "E05",
        "月湾·折扣仓",
        "Yuewan · Outlet",
        "east",
        2,
        205,
        121,
        121,
        62,
        17,
        33,
        12,
        price_kind="outlet",
        central=True,
    ),
    StoreFigures("N01", "雪松·鼓楼外店", "Xuesong · Drum Tower", "north", 3, 226, 158, 170, 121, 9, 35, 6),
    StoreFigures("N02", "雪松·温室巷店", "Xuesong · Greenhouse", "north", 3, 171, 88, 95, 52, 8, 17, 9, "franchise"),
    StoreFigures("N03", "霜河·桥头店", "Shuanghe · Bridgehead", "north", 3, 180, 118, 127, 88, 7, 26, 9),
    StoreFigures("N04", "霜河·大学城店", "Shuanghe · Campus", "north", 2, 228, 176, 176, 143, 6, 61, 15, shared=True),
    StoreFigures("W01", "青崖·梯田路店", "Qingya · Terrace Road", "west", 4, 214, 147, 160, 113, 8, 32, 6),
    StoreFigures("W02", "青崖·茶马坊店", "Qingya · Tea Horse Yard", "west", 3, 121, 52, 58, 26, 6, 9, 7, "franchise"),
    StoreFigures("W03", "云梯·新站店", "Yunti · New Station", "west", 3, 55, 41, 43, 27, 3, 43, 4, open_days=21),
)


def stores_of(count: int) -> Iterator[StoreFigures]:
    """The first `count` stores: the twelve of the chain, then more that take turns in being like one of them."""
    for number in range(count):
        model = STORES[number % len(STORES)]
        if number < len(STORES):
            yield model
            continue
        key = f"{model.key[0]}{number + 1:04}"
        yield replace(model, key=key, zh=f"{model.zh} {number + 1}", en=f"{model.en} {number + 1}")
