"""Titles of values come back to fields that were read from a bundle, where they are ours."""

from __future__ import annotations

import pytest

from engine.events.types import EVENT_TYPES
from engine.fields.called import with_titles
from engine.members.fields import base_fields
from rules.types import Declaration, Fields

LOST, LEFT = EVENT_TYPES["contact.lost"].fields, EVENT_TYPES["group.left"].fields


@pytest.mark.parametrize(
    ("fields", "path"),
    [(base_fields(), "member.gender"), (LOST, "event.by"), (LEFT, "event.by"), (LOST, "event.channel.kind")],
)
def test_titles_come_back(fields: Fields, path: str) -> None:
    plain = Declaration.model_validate(fields[path].model_dump(mode="json"))
    assert plain.titles == {}
    assert with_titles(path, plain).titles == fields[path].titles != {}


def test_values_that_are_an_author_s_keep_their_names() -> None:
    own = Declaration(type="enum", values=["female", "robot"])
    assert with_titles("member.gender", own).titles == {}
    assert with_titles("member.tier", Declaration(type="text")).titles == {}
