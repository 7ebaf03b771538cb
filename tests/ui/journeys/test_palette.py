"""The palette: what people call a thing finds it, in either language, and its line says what it does for customers."""

from typing import Final

import pytest

from ui.journeys.palette import Offer, palette
from ui.messages import Language
from workflows.activities.registry import catalogue_of, load_activities

CATALOGUE: Final = catalogue_of(load_activities())
LANGUAGES: Final[tuple[Language, ...]] = ("zh", "en")


def offers(language: Language) -> list[Offer]:
    return [offer for group in palette(CATALOGUE, [], [], language) for offer in group.offers]


def found(typed: str, language: Language) -> set[str]:
    """The kinds and activity types whose words hold all that was typed, as the page looks for them."""
    return {
        str(offer.add.get("activity", offer.kind))
        for offer in offers(language)
        if all(word in f"{offer.title} {offer.does} {offer.search}".lower() for word in typed.lower().split())
    }


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("remind", "wecom.notify_associate"),
        ("message", "wecom.notify_associate"),
        ("text", "wecom.notify_associate"),
        ("sms", "wecom.notify_associate"),
        ("提醒", "wecom.notify_associate"),
        ("消息", "wecom.send_welcome"),
        ("短信", "wecom.notify_associate"),
        ("voucher", "coupon.issue"),
        ("优惠券", "coupon.issue"),
        ("标签", "wecom.tag_member"),
        ("days", "delay"),
        ("一天后", "delay"),
        ("if", "choice"),
        ("如果", "choice"),
        ("入群", "wait"),
        ("joined", "wait"),
        ("随机", "split"),
    ],
)
def test_what_people_call_it_finds_it(typed: str, meant: str, language: Language) -> None:
    assert meant in found(typed, language)


@pytest.mark.parametrize("name", sorted(CATALOGUE))
def test_every_built_in_activity_type_has_words_in_both_languages(name: str) -> None:
    assert all(CATALOGUE[name].words.get(language) for language in LANGUAGES)


@pytest.mark.parametrize(
    ("language", "said"), [("zh", "不允许自动给顾客发消息"), ("en", "nobody write to one automatically")]
)
def test_who_is_told_by_a_reminder_is_said_where_it_is_chosen(language: Language, said: str) -> None:
    told = {str(offer.add.get("activity")): offer.does for offer in offers(language)}
    assert said in told["wecom.notify_associate"]
