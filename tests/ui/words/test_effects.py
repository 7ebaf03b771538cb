"""Effects and events in one line: params and fields by what they are called."""

from __future__ import annotations

from typing import Any

import pytest

from rules.types import Declaration, Title
from ui.messages import Language
from ui.words.effects import effect, happened, plain
from workflows.activities.registry import catalogue_of, load_activities

CATALOGUE = catalogue_of(load_activities())
TITLES = {("batch", "NEW"): {"zh": "新人券", "en": "Welcome coupon"}}
EVENTS = {"contact.scanned": {"event.channel.kind": Declaration(type="text", title=Title(zh="渠道", en="Channel"))}}


@pytest.mark.parametrize(
    ("activity", "params", "language", "said"),
    [
        ("coupon.issue", {"batch": "NEW"}, "en", "Issue a coupon (Coupon batch: Welcome coupon)"),
        ("coupon.issue", {"batch": "OLD"}, "zh", "发券（券批次：OLD）"),
        ("wecom.tag_member", {"add": ["a", "b"], "remove": []}, "en", "Tag the member (Add: a, b)"),
        ("coupon.issue", {}, "en", "Issue a coupon"),
        ("acme.pay", {"sum": 3, "sure": True}, "en", "acme.pay (sum: 3; sure: Yes)"),
    ],
)
def test_an_effect_in_words(activity: str, params: dict[str, Any], language: Language, said: str) -> None:
    assert effect(activity, params, CATALOGUE, TITLES, language) == said


def test_what_an_event_tells_is_named_by_the_titles_of_its_fields() -> None:
    data: dict[str, Any] = {"channel": {"kind": "pos"}, "n": [1, 2], "none": None}
    assert happened("contact.scanned", data, EVENTS, "en") == "Channel: pos; event.n: 1, 2"


@pytest.mark.parametrize(
    ("value", "said"), [(True, "Yes"), (None, "nothing"), ({"a": {"b": [1, "x"]}}, "a: b: 1, x"), ("x", "x"), (7, "7")]
)
def test_a_value_has_neither_brackets_nor_quotes(value: Any, said: str) -> None:
    assert plain(value, "en") == said
