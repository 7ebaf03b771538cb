"""What is told about definitions of fields, in Chinese and English: the consequence, the place, the remedy."""

from __future__ import annotations

from collections.abc import Iterable

from rules.documents.words import Words

NO_OBJECT: Words = ("这不是字段定义：文档必须是一个 JSON 对象。", "These are no fields: a document is a JSON object.")
BAD_PATH: Words = (
    "规则永远读不到这个字段：路径只能写作 member.<名称>、store.<名称> 或 event.<名称>,名称用字母、数字、_ 和 -。",
    "No rule could ever read it: write member.<name>, store.<name> or event.<name>, with letters, digits, `_`, `-`.",
)
PHONE_IS_PERSONAL: Words = (
    "这个名称下的值会被当作电话号码，总是加密保存。请写 personal: true，类型用 text。",
    "What has this name is taken for a phone number and always sealed. Write `personal: true` and the type text.",
)
DERIVED_IS_PERSONAL: Words = (
    "推算出的值不能加密保存：它要能在查询中计算。请去掉 personal 或 derive。",
    "A derived value cannot be sealed, since queries compute it: leave out `personal` or `derive`.",
)
ONLY_MEMBERS_DERIVE: Words = (
    "不知道从谁的事件推算：只有 member.<名称> 可以写 derive。",
    "Nobody knows from whose events: only member.<name> can have `derive`.",
)
ONE_WAY: Words = (
    "不知道怎样推算：count、sum、last、first、days_with 必须恰好写一个。",
    "Nobody knows how to derive it: write exactly one of `count`, `sum`, `last`, `first` and `days_with`.",
)
SUM_NEEDS_OF: Words = (
    '不知道把什么相加：sum 需要 of，例如 "of": "event.amount"。',
    'Nobody knows what to add up: `sum` needs `of`, such as "of": "event.amount".',
)
SUM_OF_NUMBERS: Words = (
    "无法相加：of 必须是整数、小数或金额。",
    "This cannot be added up: `of` must be an integer, a decimal or money.",
)
NO_OF: Words = (
    "of 不会起作用：count 和 days_with 数的是事件。请去掉 of，或改用 sum、last、first。",
    "`of` would do nothing: `count` and `days_with` count events. Leave it out, or use `sum`, `last` or `first`.",
)


def too_many_fields(count: int, limit: int) -> Words:
    return (
        f"字段太多，无法发布：有 {count} 个，最多 {limit} 个。请拆成几个定义。",
        f"These are too many to publish: {count} fields, at most {limit}. Split them into several definitions.",
    )


def another_key(path: str) -> Words:
    return (
        f"不清楚指的是哪个字段：这里的 key 与路径 {path} 不同。请改成一样的，或去掉 key。",
        f"It is not clear which field is meant: this key is not its path, {path}. Make them one, or leave it out.",
    )


def no_attribute(name: str) -> Words:
    return (
        f"永远不会有值：会员事件中的“{name}”另有含义，不会成为会员属性。请换一个名称。",
        f"It would never have a value: `{name}` says something else in events about members. Choose another name.",
    )


def built_in(path: str) -> Words:
    return (
        f"会与系统自带的字段混淆：{path} 已经存在，不能重新声明。请换一个名称。",
        f"It would be mistaken for a field of ours: {path} exists and cannot be declared again. Choose another name.",
    )


def declared_elsewhere(path: str, key: str) -> Words:
    return (
        f"同一个字段会有两种含义：{path} 已在 fields/{key} 中声明。请只保留一处。",
        f"One field would mean two things: {path} is declared in fields/{key} already. Keep one of them.",
    )


def changed_type(path: str, was: str, now: str) -> Words:
    return (
        f"已发布的规则读到新值会出错：{path} 原来是 {was}，现在是 {now}。请换一个名称，或重新发布读取它的定义。",
        f"Published rules fail on the new values: {path} was {was}, is {now}. Take another name, or publish them anew.",
    )


def wrong_result(how: str, gives: str, declared: str) -> Words:
    return (
        f"推算出的值不是声明的类型：{how} 得到 {gives}，声明的是 {declared}。请改 type。",
        f"What is derived is not what is declared: `{how}` gives {gives}, yet the type is {declared}. Change the type.",
    )


def personal_source(paths: Iterable[str]) -> Words:
    named = ", ".join(paths)
    return (
        f"个人信息会以明文留下：{named} 是个人信息，不能用来推算。请去掉它。",
        f"Personal data would be kept in the clear: nothing can be derived from {named}. Leave it out.",
    )


def undecided(paths: Iterable[str]) -> Words:
    named = ", ".join(paths)
    return (
        f"有些会员的值会无法判断：事件里可能没有 {named}。请用 default 或 is_set 说明这时怎么算。",
        f"Some members' value will be undecided: events may lack {named}. Say what then with `default` or `is_set`.",
    )


def derived_from_it(paths: Iterable[str]) -> Words:
    named = ", ".join(paths)
    return (
        f"个人信息会以明文留下：{named} 由它推算。请先改掉那里的推算。",
        f"Personal data would stay in the clear: {named} is derived from it. Change that first.",
    )


def taken_away(path: str, readers: Iterable[str]) -> Words:
    named = ", ".join(readers)
    return (
        f"已发布的规则从此读不到它：{path} 不再推算，而 {named} 还在使用。请先改这些定义。",
        f"Published rules will not know it any more: nothing derives {path}, and {named} reads it. Change those first.",
    )


def derived_otherwise(path: str, readers: Iterable[str]) -> Words:
    named = ", ".join(readers)
    return (
        f"已发布的规则会读到另一个值：{named} 使用 {path}。如果改了算什么，回看历史之前没有值。",
        f"Published rules will read another value: {named} reads {path}. Until the log was looked back over, none.",
    )
