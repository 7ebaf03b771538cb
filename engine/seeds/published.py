"""The definitions of the demonstration, published as the API publishes them: fields, rulesets, journeys."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from engine.definitions.kinds import Kind
from engine.definitions.publish import Choice, publish
from engine.definitions.versions import last_number
from engine.edits.store import put_draft
from engine.library.shelf import templates
from engine.seeds.part import Part

JOURNEYS = frozenset({"hook-coupon"})
"""Of the library's journeys these are played by the demonstration's customers; of the other kinds all are published."""
ACTOR = "service"


def seed_journeys(part: Part) -> None:
    """The demonstration's journeys that nobody has published yet. Raises NotPublishableError for one with errors."""
    _publish_all(part, "journey")


def seed_rulesets(part: Part) -> None:
    """Fields and rulesets, likewise; and two drafts with faults that a proof finds, to be looked at and mended."""
    _publish_all(part, "fields")
    new = _publish_all(part, "ruleset")
    for key, text in drafts_with_faults():
        if key in new:
            put_draft(part.session, "ruleset", key, text, by=ACTOR, now=part.now)


def documents(kind: Kind = "journey") -> Iterator[tuple[str, str]]:
    """Key and text of each definition of a kind that the demonstration publishes."""
    for template in templates(kind):
        if kind != "journey" or template.key in JOURNEYS:
            yield template.key, template.text


def drafts_with_faults() -> Iterator[tuple[str, str]]:
    """A price that two rows give differently, and a case in which two hundredths of the commission are left over."""
    rulesets: dict[str, dict[str, Any]] = {key: json.loads(text) for key, text in documents("ruleset")}
    twice = {
        "id": "gold-special", "when": ["full", "mini_program", "special", None, "gold", {"from": 100000}],
        "then": {"zone": "GROUP"}, "note": {"zh": "草稿：与 special-tier 重叠", "en": "A draft: overlaps special-tier"},
    }  # fmt: skip
    rulesets["price-zone"]["rows"].append(twice)
    [unserved] = [row for row in rulesets["commission"]["rows"] if row["id"] == "service-none"]
    unserved["then"]["bp"] = 800
    for key in ("commission", "price-zone"):
        yield key, json.dumps(rulesets[key], ensure_ascii=False, indent=2)


def _publish_all(part: Part, kind: Kind) -> list[str]:
    """The keys of those that were published now."""
    new = [(key, text) for key, text in documents(kind) if not last_number(part.session, kind, key)]
    for key, text in new:
        put_draft(part.session, kind, key, text, by=ACTOR, now=part.now)
        choice = Choice(note="演示数据")
        publish(part.session, kind, key, catalogue=part.catalogue, by=ACTOR, now=part.now, choice=choice)
    return [key for key, _ in new]
