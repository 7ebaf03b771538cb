"""Rules in words, in both languages: natural, with brackets where they are needed, for every operator."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given

from rules.compile import Rule, compile_rule
from rules.moment import Moment
from rules.sentences import LANGUAGES, Words, sentence, sentences
from rules.strict import Strict
from rules.tree import Checker, Value
from rules.types import Json, Type
from tests.rules.examples import differential
from tests.rules.generate import FIELDS as GENERATED
from tests.rules.generate import Language
from tests.rules.ruleworld import NOW, SHANGHAI, declared, var

FIELDS = declared(
    tier={"type": "enum", "values": ["gold", "silver"], "title": {"zh": "会员等级", "en": "Tier"}},
    friend={"type": "boolean", "title": {"zh": "是企微好友", "en": "Is a friend"}},
    orders={"type": "integer", "title": {"zh": "订单数", "en": "Orders"}},
    spend={"type": "money", "currency": "CNY", "title": {"zh": "消费", "en": "Spend"}},
    order_at={"type": "instant", "title": {"zh": "最近下单时间", "en": "Last order"}},
    birthday={"type": "date", "title": "生日"},
    nickname={"type": "text", "title": {"zh": "昵称", "en": "WeCom nickname"}},
    tags={"type": "tags", "title": {"zh": "标签", "en": "Tags"}},
    vars__code={"type": "text"},
    lines={
        "type": "list",
        "of": {
            "qty": {"type": "integer", "title": {"zh": "数量", "en": "Quantity"}},
            "gifts": {"type": "list", "of": {"type": "text"}},
        },
        "title": {"zh": "商品行", "en": "Lines"},
    },
)
GOLD: Json = {"==": [var("tier"), "gold"]}
MANY: Json = {">": [var("orders"), 3]}
FRIEND = var("friend")

SAID: list[tuple[Json, str, str]] = [
    (GOLD, "会员等级 是 gold", "tier is gold"),
    ({"==": [FRIEND, True]}, "是企微好友", "is a friend"),
    ({"==": [FRIEND, False]}, "是企微好友 不成立", "is a friend is false"),
    ({"==": [GOLD, False]}, "(会员等级 是 gold) 不成立", "(tier is gold) is false"),
    ({"==": [var("orders"), 3, 3]}, "订单数、3、3 都相同", "orders, 3, 3 are all the same"),
    ({"<": [0, var("orders"), 5]}, "0 小于 订单数 小于 5", "0 is less than orders is less than 5"),
    ({">=": [var("birthday"), "2000-01-31"]}, "生日 不早于 2000年1月31日", "生日 is not before 31 Jan 2000"),
    ({">": [var("spend"), 60_000]}, "消费 大于 ¥600.00", "spend is greater than ¥600.00"),
    ({"==": [var("nickname"), ""]}, "昵称 是 「」", "WeCom nickname is “”"),
    ({"==": [var("nickname"), "小 林"]}, "昵称 是 「小 林」", "WeCom nickname is “小 林”"),
    ({"==": [var("vars.code"), "A-1"]}, "vars.code 是 A-1", "vars.code is A-1"),
    ({"and": [GOLD, {"within_last": [var("order_at"), "P90D"]}]},
     "会员等级 是 gold，并且 最近下单时间 在最近 90天内", "tier is gold and last order is within the last 90 days"),
    ({"and": [GOLD, {"or": [FRIEND, MANY]}]},
     "会员等级 是 gold，并且 (是企微好友，或者 订单数 大于 3)",
     "tier is gold and (is a friend or orders is greater than 3)"),
    ({"or": [{"and": [GOLD, FRIEND]}, MANY]},
     "(会员等级 是 gold，并且 是企微好友)，或者 订单数 大于 3",
     "(tier is gold and is a friend) or orders is greater than 3"),
    ({"and": [GOLD, {"and": [FRIEND, MANY]}]},
     "会员等级 是 gold，并且 是企微好友，并且 订单数 大于 3",
     "tier is gold and is a friend and orders is greater than 3"),
    ({"or": [{"and": [GOLD]}, MANY]},
     "会员等级 是 gold，或者 订单数 大于 3",
     "tier is gold or orders is greater than 3"),
    ({"!": {"or": [GOLD, FRIEND]}}, "并非 (会员等级 是 gold，或者 是企微好友)", "not (tier is gold or is a friend)"),
    ({"and": [True, {"!!": [FRIEND]}]}, "成立，并且 是企微好友", "true and is a friend"),
    ({"if": [GOLD, 2, FRIEND, 1, None]},
     "如果 会员等级 是 gold 则 2，否则如果 是企微好友 则 1，否则 无值",
     "if tier is gold then 2, else if is a friend then 1, else no value"),
    ({">": [{"if": [GOLD, 2, 1]}, var("orders")]},
     "(如果 会员等级 是 gold 则 2，否则 1) 大于 订单数", "(if tier is gold then 2, else 1) is greater than orders"),
    ({">": [{"+": [var("orders"), {"*": [2, {"-": [var("orders")]}]}]}, 3]},
     "订单数 + (2 × (−订单数)) 大于 3", "orders + (2 × (−orders)) is greater than 3"),
    ({"in": [var("tier"), ["gold", "silver"]]}, "会员等级 是 gold 或 silver", "tier is gold or silver"),
    ({"in": [var("orders"), list(range(20))]},
     "订单数 是 0、1、2、3、4、5、6、7、8、9 等 20 项 之一",
     "orders is one of 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 10 more"),
    ({"in": [var("tier"), []]}, "会员等级 是 (还没有选值)", "tier is (no value chosen yet)"),
    ({"in": ["vip", var("tags")]}, "标签 包含 vip", "tags include vip"),
    ({"in": ["林", var("nickname")]}, "昵称 中含有文字 林", "WeCom nickname contains the text 林"),
    ({"==": [{"default": [var("nickname"), "客"]}, "客"]},
     "昵称(缺失时为 客) 是 客",
     "WeCom nickname (客 if missing) is 客"),
    ({"is_set": "birthday"}, "生日 有值", "生日 is known"),
    ({"==": [{"missing": ["tier", "birthday"]}, []]},
     "会员等级、生日 中缺失的字段 是 (空)", "the missing fields of tier, 生日 is (nothing)"),
    ({"any_line": [var("lines"), {">": [var("qty"), var("orders")]}]},
     "商品行 中至少有一项满足 (数量 大于 订单数)", "at least one of lines meets (quantity is greater than orders)"),
    ({"any_line": [var("lines"), {"some": [var("gifts"), {"==": [var(""), "cup"]}]}]},
     "商品行 中至少有一项满足 (gifts 中至少有一项满足 (这一项 是 cup))",
     "at least one of lines meets (at least one of gifts meets (the item is cup))"),
    ({"sku_in_list": [var("nickname"), ["A", "B*"]]},
     "昵称 是 A 或 以 B 开头的商品", "WeCom nickname is A or a product that begins with B"),
    ({"weekday_in": [var("today"), [7, 1]]}, "今天 是 星期一 或 星期日", "today is on Monday or Sunday"),
    ({"time_of_day_in": [var("now"), "22:00", "08:30"]},
     "现在 的钟点从 22:00 起、在 08:30 之前", "the time of day of now is from 22:00 to before 08:30"),
    ({">": [{"round_money": [var("spend"), 1, 3, "half_up"]}, 5]},
     "消费 × 1 ÷ 3(四舍五入) 大于 ¥0.05", "spend × 1 ÷ 3 (rounded, a half away from zero) is greater than ¥0.05"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "zh", "en"), SAID)
def test_a_rule_is_said_in_both_languages(rule: Json, zh: str, en: str) -> None:
    assert sentences(compile_rule(rule, FIELDS, expect=None).tree, SHANGHAI) == {"zh": zh, "en": en}


class Bare(Strict):
    """Says nothing about itself but its title."""

    title = Words("裸的", "Bare")

    def infer(self, checker: Checker) -> Type:
        return checker.unify(self.arguments)

    def compute(self, _moment: Moment, *values: Value) -> Value:
        return values[0]


def test_an_operator_with_nothing_but_a_title_has_a_sentence_too() -> None:
    parts = compile_rule({"+": [var("orders"), 3]}, FIELDS, expect=None).tree.parts
    assert sentences(Bare("bare", tuple(parts)), SHANGHAI) == {"zh": "裸的(订单数、3)", "en": "Bare(orders, 3)"}


LANGUAGE = Language()


@differential(500)
@given(LANGUAGE.conditions)
def test_every_rule_has_a_sentence_in_each_language(rule: Json) -> None:
    tree = compile_rule(rule, GENERATED).tree
    for language in LANGUAGES:
        said = sentence(tree, language, SHANGHAI)
        assert said.count("(") == said.count(")")
        assert "None" not in said
        assert "{" not in said


BITS = declared(p={"type": "boolean"}, q={"type": "boolean"}, r={"type": "boolean"})


def small_rules(depth: int) -> list[Json]:
    """All conditions over three fields up to a depth, not all of the deepest."""
    if depth == 0:
        return [var(name) for name in BITS]
    below = small_rules(depth - 1)[:: 1 if depth == 1 else 2]
    pairs = list(product(below, repeat=2))
    joined: list[Json] = [{name: [one, other]} for name in ("and", "or", "==") for one, other in pairs]
    return [*below, *joined, *({"!": [one]} for one in below), *({"if": [*pair, var("r")]} for pair in pairs)]


def meaning(rule: Rule) -> tuple[object, ...]:
    facts = [dict(zip(BITS, values, strict=True)) for values in product([True, False], repeat=3)]
    return tuple(rule.evaluate(each, now=NOW, zone=SHANGHAI) for each in facts)


def test_rules_that_mean_something_else_are_never_said_alike() -> None:
    meant: dict[str, tuple[object, ...]] = {}
    for each in small_rules(2):
        rule = compile_rule(each, BITS)
        for language in LANGUAGES:
            assert meant.setdefault(sentence(rule.tree, language, SHANGHAI), meaning(rule)) == meaning(rule), each
    assert len(meant) > 1_000
