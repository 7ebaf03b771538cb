"""What values to choose from are called."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from engine.events.types import EVENT_TYPES
from engine.members.fields import base_fields
from engine.organisation.kinds import CHANNEL_CLASSES, CHANNEL_KINDS, CLASS_TITLES, KIND_TITLES
from rules.compile import compile_rule
from rules.sentences import sentences
from rules.types import Declaration, Json
from ui.words.choices import choice, search_words


def test_each_kind_and_class_of_channels_has_titles() -> None:
    assert KIND_TITLES.keys() == CHANNEL_KINDS.keys()
    assert CLASS_TITLES.keys() == CHANNEL_CLASSES.keys()


@pytest.mark.parametrize(
    ("values", "value", "said"),
    [
        ([*CHANNEL_KINDS], "pos", ("收银码(pos)", "Till code (pos)")),
        ([*CHANNEL_KINDS, "odd"], "pos", ("pos", "pos")),
        (["customer", "staff", "unknown", "robot"], "customer", ("customer", "customer")),
        (["pos", "mall"], "pos", ("pos", "pos")),
    ],
)
def test_a_value_of_our_own_lists_is_called_by_its_title(values: list[str], value: str, said: tuple[str, str]) -> None:
    assert (choice(values, value, "zh"), choice(values, value, "en")) == said


def test_a_field_is_found_by_what_its_values_are_called() -> None:
    assert "Till code" in search_words([*CHANNEL_KINDS])
    assert "收银码" in search_words([*CHANNEL_KINDS])
    assert search_words(["pos"]) == ""


@pytest.mark.parametrize(
    ("rule", "zh", "en"),
    [
        ({"==": [{"var": "event.channel.kind"}, "pos"]}, "渠道类型是收银码", "channel kind is “Till code”"),
        (
            {"in": [{"var": "event.channel.kind"}, ["pos", "receipt"]]},
            "渠道类型是收银码 或 小票码",
            "channel kind is “Till code” or “Receipt code”",
        ),
        ({"!=": [{"var": "member.gender"}, "male"]}, "性别不是男", "gender is not Male"),
        ({"==": [{"var": "event.sales_channel"}, "jd"]}, "销售渠道是京东", "sales channel is JD"),
    ],
)
def test_sentences_call_choices_by_their_titles(rule: Json, zh: str, en: str) -> None:
    fields = {**base_fields(), **EVENT_TYPES["contact.scanned"].fields, **EVENT_TYPES["order.paid"].fields}
    said = sentences(compile_rule(rule, fields).tree, ZoneInfo("Asia/Shanghai"))
    assert (said["zh"].replace(" ", ""), said["en"]) == (zh.replace(" ", ""), en)


def test_titles_of_choices_are_no_part_of_a_document() -> None:
    declared = base_fields()["member.gender"]
    assert "titles" not in declared.model_dump(mode="json")
    with pytest.raises(ValidationError):
        Declaration.model_validate({**declared.model_dump(), "titles": {}})
