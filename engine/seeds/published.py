"""The journeys of the demonstration, published as the API publishes them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from engine.definitions.drafts import put_draft
from engine.definitions.publish import Choice, publish
from engine.definitions.versions import last_number
from engine.seeds.part import Part

FOLDER = Path(__file__).parent / "journeys"
ACTOR = "service"


def seed_journeys(part: Part) -> None:
    """Every journey of the folder that nobody has published yet. Raises NotPublishableError for one with errors."""
    for key, document in documents():
        if last_number(part.session, "journey", key):
            continue
        put_draft(part.session, "journey", key, document, by=ACTOR, now=part.now)
        publish(
            part.session,
            "journey",
            key,
            catalogue=part.catalogue,
            by=ACTOR,
            now=part.now,
            choice=Choice(note="演示数据"),
        )


def documents() -> Iterator[tuple[str, str]]:
    """Key and text of each journey."""
    for path in sorted(FOLDER.glob("*.json")):
        yield path.stem, path.read_text(encoding="utf-8")
