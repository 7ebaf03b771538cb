"""The words of the findings, in Chinese and English: what happens first, then the place, then the remedy."""

from __future__ import annotations

from typing import TypeAlias

from pydantic_core import ErrorDetails

Words: TypeAlias = tuple[str, str]

NO_OBJECT = ("这不是旅程:文档必须是一个 JSON 对象。", "This is no journey: a document is a JSON object.")
DELAY_FORM = (
    "延时不知道等多久:for 和 until 必须恰好写一个。",
    "The delay does not know how long: write exactly one of `for` and `until`.",
)
BAD_INSTANT = (
    "测试无法执行:这里需要带时区的时间,如 2026-01-07T10:00:00+08:00,期限也可以写成时长,如 P7D。",
    "The test cannot run: write an instant such as 2026-01-07T10:00:00+08:00; a deadline may be P7D.",
)
HAPPENING_FORM = (
    "测试无法执行:每一项要么是事件(at、on),要么是动作结果(activity 加 returns 或 fails),要么只有 at(时间流逝)。",
    "The test cannot run: write an event (`at`, `on`), a result (`activity`, `returns` or `fails`), or `at` alone.",
)

_BY_TYPE: dict[str, Words] = {
    "missing": ("缺少必需的键“{key}”。", "The key `{key}` is missing."),
    "extra_forbidden": ("没有“{key}”这个键。请检查拼写。", "There is no key `{key}` here. Check its spelling."),
    "string_type": ("这里需要文本。", "A text is wanted here."),
    "string_too_long": ("文本太长,最多 {max_length} 个字符。", "This is too long: at most {max_length} characters."),
    "string_too_short": ("文本不能为空。", "This text must not be empty."),
    "int_type": ("这里需要整数。", "An integer is wanted here."),
    "float_type": ("这里需要数字。", "A number is wanted here."),
    "bool_type": ("这里需要 true 或 false。", "Write true or false here."),
    "list_type": ("这里需要列表。", "A list is wanted here."),
    "too_short": ("列表至少要有 {min_length} 项。", "This list needs at least {min_length} item(s)."),
    "dict_type": ("这里需要对象。", "An object is wanted here."),
    "model_type": ("这里需要对象。", "An object is wanted here."),
    "literal_error": ("这里只能写 {expected}。", "Write {expected} here."),
    "greater_than_equal": ("数值不能小于 {ge}。", "This number must not be below {ge}."),
    "less_than_equal": ("数值不能大于 {le}。", "This number must not be above {le}."),
    "union_tag_invalid": (
        "没有“{tag}”这种节点。可用:{expected_tags}。",
        "There is no node of type `{tag}`. There are {expected_tags}.",
    ),
    "union_tag_not_found": ("节点缺少 type。", "The node has no `type`."),
    "waystation": ("{zh}。", "{en}."),
}  # fmt: skip


def of(problem: ErrorDetails) -> Words:
    """A problem that pydantic found, in our words."""
    zh, en = _BY_TYPE.get(problem["type"], ("这里的内容不合格式:{message}", "{message}"))
    key = str(problem["loc"][-1]) if problem["loc"] else ""
    told = {"key": key, "message": problem["msg"], **problem.get("ctx", {})}
    return zh.format(**told), _sentence(en.format(**told))


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


def too_many_nodes(count: int, limit: int) -> Words:
    return (
        f"旅程太大,无法发布:有 {count} 个节点,最多 {limit} 个。请拆成几个旅程。",
        f"The journey is too large to publish: {count} nodes, at most {limit}. Split it into several journeys.",
    )
