"""Definitions in which nothing is found, to begin from: each with a title in both languages wherever one may stand."""

from __future__ import annotations

from typing import Any


def words(zh: str, en: str) -> dict[str, str]:
    return {"zh": zh, "en": en}


def journey(key: str) -> dict[str, Any]:
    """Whoever pays gets a coupon, once they are a friend; then they are shared out."""
    friend = {"==": [{"var": "member.friend"}, True]}
    return {
        "schema": "waystation/journey@1", "key": key, "title": words("复购提醒", "Come again"), "subject": "member",
        "entry": [{"on": "order.paid"}], "policies": {"max_age": "P45D"}, "start": "how",
        "nodes": {
            "how": {"type": "choice", "title": words("是不是好友", "A friend?"),
                    "cases": [{"when": friend, "port": "friend"}], "ports": {"friend": "coupon", "else": "add"}},
            "add": {"type": "wait", "title": words("等加好友", "Wait for the friend"),
                    "for": [{"on": "contact.added", "port": "added"}], "timeout": "P3D",
                    "ports": {"added": "coupon", "timeout": "gone"}},
            "coupon": {"type": "activity", "title": words("送券", "Give the coupon"), "activity": "coupon.issue",
                       "params": {"batch": "HOOK-2026"}, "ports": {"done": "ab", "sold_out": "gone"}},
            "ab": {"type": "split", "title": words("分两组", "Two groups"),
                   "arms": [{"port": "a", "share_bp": 5000}, {"port": "b", "share_bp": 5000}],
                   "ports": {"a": "rest", "b": "gone"}},
            "rest": {"type": "delay", "title": words("隔一天", "A day later"), "for": "P1D", "ports": {"done": "won"}},
            "won": {"type": "end", "title": words("完成", "Finished"), "outcome": "won"},
            "gone": {"type": "end", "title": words("没有完成", "Not finished"), "outcome": "gone"},
        },
    }  # fmt: skip


def ruleset(key: str, **more: Any) -> dict[str, Any]:
    """A table of two rows that leaves the rest to `otherwise`."""
    return {
        "schema": "waystation/ruleset@1", "key": key, "title": words("价格区", "Price zones"),
        "inputs": [{"field": "member.tier"}, {"field": "member.points"}],
        "outputs": [{"key": "zone", "type": "text", "title": words("区", "Zone")}],
        "rows": [
            {"id": "gold", "when": ["gold", None], "then": {"zone": "SPECIAL"}},
            {"id": "many", "when": ["silver", {"from": 100}], "then": {"zone": "SPECIAL"}},
        ],
        "otherwise": {"zone": "FULL"}, "on_unknown": "otherwise", **more,
    }  # fmt: skip
