"""The people who sign in to the demonstration."""

from __future__ import annotations

from sqlalchemy import select
from sqlmodel import col

from engine.access.models import User
from engine.access.passwords import hash_password
from engine.access.roles import Role
from engine.seeds.part import Part

_USERS: tuple[tuple[str, str, Role, str | None, str | None], ...] = (
    ("hq_admin", "总部管理员", "admin", None, None),
    ("hq_ops", "总部运营", "operator", None, None),
    ("brand_reviewer", "品牌审核", "auditor", None, None),
    ("finance", "财务", "auditor", None, None),
    ("region_east", "东湾大区经理", "region", "east", None),
    ("manager_e01", "灯塔路店店长", "store", None, "E01"),
    ("associate_e01", "林小橙", "store", None, "E01"),
    ("ecommerce_viewer", "电商只读", "auditor", None, None),
    ("auditor", "审计", "auditor", None, None),
)


def seed_users(part: Part) -> None:
    """All users, with the password that the service was given; without one nobody can sign in until they get one."""
    regions, stores = part.ids("SELECT key, id FROM regions"), part.ids("SELECT key, id FROM stores")
    there = set(part.session.execute(select(col(User.name))).scalars())
    password = hash_password(part.password) if part.password else "!"
    part.insert(
        User,
        [
            {
                "name": name,
                "title": title,
                "password_hash": password,
                "role": role,
                "region_id": regions.get(region or ""),
                "store_id": stores.get(store or ""),
                "language": "zh",
                "active": True,
                "created_at": part.now,
            }
            for name, title, role, region, store in _USERS
            if name not in there
        ],
    )
