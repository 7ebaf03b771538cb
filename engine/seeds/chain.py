"""The chain itself: regions, stores, associates, groups and channels."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import timedelta

from engine.organisation.models import Associate, Channel, Chat, Region, Store
from engine.seeds.figures import FIRST_GROUP, HQ_FRIENDS, REGIONS, StoreFigures
from engine.seeds.names import address, staff_name
from engine.seeds.part import Part, Row
from rules.zones import HOME

BRAND = "orchard"
HQ_ACCOUNTS = ("HQ-1", "HQ-2")
"""The first is nearly full; the second serves the stores that have no customers of their own (`central`)."""

_EVERYWHERE = (
    ("mall-banner", "banner", "商城首页横幅", "Mall banner"),
    ("mall-popup", "popup", "商城弹窗", "Mall pop-up"),
    ("mall-paid", "payment_success", "支付成功页", "Payment success page"),
    ("mall-service", "service", "商城客服", "Mall service"),
    ("official-account", "official_account", "公众号菜单", "Official account"),
    ("video-channel", "video_channel", "视频号主页", "Video channel"),
    ("partner-yuewan", "partner", "月湾公寓(虚构)", "Yuewan Apartments (invented)"),
)
_RECEIPTS = _SHELVES = ("E01", "E02")
_SPOKEN = ("E01", "E02", "E03", "E04")
_OWN_CODES = ("E01-1", "N01-1")
_EXPIRED = "summer-fair"


def seed_chain(part: Part) -> None:
    """Everything that stands before the first customer comes."""
    regions = part.numbered(Region, [{"key": key, "title": title} for key, title in REGIONS.items()])
    by_region = dict(zip(REGIONS, regions, strict=True))
    stores = part.numbered(Store, [_store(part, n, one, by_region[one.region]) for n, one in enumerate(part.figures)])
    by_store = {one.key: number for one, number in zip(part.figures, stores, strict=True)}
    staff = [*_staff(part, by_store), *_hq(part)]
    by_key = {str(row["key"]): number for row, number in zip(staff, part.numbered(Associate, staff), strict=True)}
    part.insert_few(Chat, list(_chats(part, by_store, by_key)))
    part.insert_few(Channel, list(_channels(part, by_store, by_key)))


def associates_of(store: StoreFigures) -> list[str]:
    """The keys of the accounts whose friends a store's customers are."""
    if store.central:
        return [HQ_ACCOUNTS[1]]
    return [f"{store.key}-{number}" for number in range(1, 2 if store.shared else store.staff + 1)]


def _details(part: Part, store: StoreFigures) -> Row:
    if store.open_days is None:
        return {}
    return {"opened_on": (part.now - timedelta(days=store.open_days)).astimezone(HOME).date().isoformat()}


def _store(part: Part, number: int, store: StoreFigures, region: int) -> Row:
    return {
        "key": store.key,
        "title": {"zh": store.zh, "en": store.en},
        "region_id": region,
        "brand": BRAND,
        "ownership": store.ownership,
        "price_kind": store.price_kind,
        "mode": "centralised" if store.central else "distributed",
        "address": address(number, store.zh),
        "details": _details(part, store),
        "is_test": False,
    }


def _staff(part: Part, stores: dict[str, int]) -> Iterator[Row]:
    number = 0
    for store in part.figures:
        for place in range(1, store.staff + 1):
            yield _account(f"{store.key}-{place}", part.seal(staff_name(number))) | {
                "store_id": stores[store.key],
                "role": "manager" if place == 1 else "associate",
                "run_by": "shifts" if store.shared else None,
            }
            number += 1


def _hq(part: Part) -> Iterator[Row]:
    for number, key in enumerate(HQ_ACCOUNTS, start=1):
        friends = HQ_FRIENDS if number == 1 else 0
        yield _account(key, part.seal(f"果园小助手{number:02}")) | {"run_by": "hq_ops", "friends_elsewhere": friends}


def _account(key: str, name: bytes) -> Row:
    return {
        "key": key,
        "wecom_userid": f"demo_{key.lower().replace('-', '_')}",
        "name_enc": name,
        "store_id": None,
        "role": "hq",
        "active": True,
        "run_by": None,
        "capacity": 20_000,
        "friends_elsewhere": 0,
    }


def _chats(part: Part, stores: dict[str, int], staff: dict[str, int]) -> Iterator[Row]:
    """Every group has a member version, so that the next change of WeCom's list is known to follow ours."""
    for row in _groups(part, stores, staff):
        yield {**row, "member_version": hashlib.sha256(str(row["chat_id"]).encode()).hexdigest()[:32]}


def _groups(part: Part, stores: dict[str, int], staff: dict[str, int]) -> Iterator[Row]:
    for store in part.figures:
        owner = staff[f"{store.key}-1"]
        groups = 2 if store.in_group + store.only_in_group > FIRST_GROUP else 1
        for number in range(1, groups + 1):
            yield {
                "chat_id": f"wr_demo_{store.key.lower()}_{number}",
                "title": {"zh": f"{store.zh}福利群 {number}", "en": f"{store.en} · group {number}"},
                "store_id": stores[store.key],
                "owner_id": owner,
                "hosts": [owner],
                "kind": "store",
                "created_at": part.now - timedelta(days=store.open_days or 61),
            }
    for chat, kind, zh, en, owner in (
        ("vip", "vip", "金橙会", "Golden Orange Club", staff["E01-1"]),
        ("hq", "hq", "果园小助手粉丝群", "Orchard helper's group", staff[HQ_ACCOUNTS[0]]),
    ):
        yield {
            "chat_id": f"wr_demo_{chat}",
            "title": {"zh": zh, "en": en},
            "store_id": None,
            "owner_id": owner,
            "hosts": [owner],
            "kind": kind,
            "created_at": part.now - timedelta(days=1),
        }


def _channels(part: Part, stores: dict[str, int], staff: dict[str, int]) -> Iterator[Row]:
    for store in part.figures:
        kinds = [("till", "pos", "收银台", "Till")]
        kinds += [("receipt", "receipt", "小票", "Receipt")] if store.key in _RECEIPTS else []
        kinds += [("shelf", "shelf", "货架", "Shelf")] if store.key in _SHELVES else []
        kinds += [("spoken", "spoken", "口头邀请", "Spoken invitation")] if store.key in _SPOKEN else []
        served = [staff[key] for key in associates_of(store)]
        for name, kind, zh, en in kinds:
            title = {"zh": f"{store.zh} {zh}", "en": f"{store.en} · {en}"}
            yield _channel(f"{store.key}-{name}", kind, title, stores[store.key], served)
    for name, kind, zh, en in _EVERYWHERE:
        yield _channel(name, kind, {"zh": zh, "en": en}, None, [staff[HQ_ACCOUNTS[1]]])
    for key in _OWN_CODES:
        if key in staff:
            title = {"zh": f"{key} 导购名片", "en": f"{key} · own card"}
            yield _channel(f"card-{key}", "associate", title, stores[key[:3]], [staff[key]])
    expired = _channel(_EXPIRED, "poster", {"zh": "夏日集市海报", "en": "Summer fair poster"}, None, [])
    yield expired | {"expires_at": part.now - timedelta(days=20)}


def _channel(key: str, kind: str, title: dict[str, str], store: int | None, associates: list[int]) -> Row:
    return {
        "key": key,
        "state": key,
        "title": title,
        "kind": kind,
        "store_id": store,
        "associates": associates,
        "backups": [],
        "expires_at": None,
    }
