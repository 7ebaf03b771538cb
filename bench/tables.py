"""Decision tables of any length, as a chain would write them: who sees which price zone, where, at which spend."""

from __future__ import annotations

from itertools import islice, product

from rules.types import Json

TIERS = ("none", "silver", "gold", "platinum", "black")
CHANNELS = ("pos", "mini_program", "mall", "douyin", "live")
STEPS = (0, 100_000, 500_000, 2_000_000)
"""Where ranges of spend begin; the last one has no end."""
ZONES = ("FULL", "MEMBER", "SPECIAL", "OUTLET")


def table(rows: int, *, free: bool = False) -> dict[str, Json]:
    """A `unique` table in which no two rows match together and nothing is left out but by `otherwise`.

    With `free`, each tenth row has a free condition besides its cells.
    """
    cases = islice(product(range(rows), TIERS, CHANNELS, range(len(STEPS))), rows)
    return {
        "schema": "waystation/ruleset@1",
        "key": f"bench-{rows}",
        "title": {"zh": "价格区", "en": "Price zone"},
        "fields": {
            "member.rank": {"type": "enum", "values": list(TIERS)},
            "member.spend": {"type": "money", "currency": "CNY", "min": 0},
            "event.way": {"type": "enum", "values": list(CHANNELS)},
            "event.place": {"type": "ref:region"},
            "member.last_seen_at": {"type": "instant", "optional": True},
        },
        "inputs": [
            {"field": "event.place"},
            {"field": "member.rank"},
            {"field": "event.way"},
            {"field": "member.spend"},
        ],
        "outputs": [{"key": "zone", "type": "text"}],
        "hit": "unique",
        "rows": [
            {
                "id": f"r{number}",
                "when": [f"region-{place}", tier, channel, _range(step)],
                "then": {"zone": ZONES[number % len(ZONES)]},
                **(
                    {"and": {"within_last": [{"var": "member.last_seen_at"}, "P90D"]}}
                    if free and number % 10 == 0
                    else {}
                ),
            }
            for number, (place, tier, channel, step) in enumerate(cases)
        ],
        "otherwise": {"zone": "FULL"},
        "on_unknown": "otherwise",
    }


def facts(rows: int, number: int) -> dict[str, Json]:
    """What the row of this number decides on, modulo the rows."""
    step, rest = number % rows % len(STEPS), number % rows // len(STEPS)
    channel, rest = rest % len(CHANNELS), rest // len(CHANNELS)
    tier, place = rest % len(TIERS), rest // len(TIERS)
    member: Json = {"rank": TIERS[tier], "spend": STEPS[step] + 1, "last_seen_at": "2026-11-20T10:00:00+08:00"}
    return {"member": member, "event": {"way": CHANNELS[channel], "place": f"region-{place}"}}


def _range(step: int) -> Json:
    return {"from": STEPS[step], **({"to": STEPS[step + 1]} if step + 1 < len(STEPS) else {})}
