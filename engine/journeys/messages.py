"""The words of the findings, in Chinese and English: what happens first, then the place, then the remedy."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from rules.documents.report import Difference
from rules.documents.words import Words
from rules.types import Json

NO_OBJECT = ("这不是旅程:文档必须是一个 JSON 对象。", "This is no journey: a document is a JSON object.")
DELAY_FORM = (
    "延时不知道等多久:for 和 until 必须恰好写一个。",
    "The delay does not know how long: write exactly one of `for` and `until`.",
)
BAD_INSTANT = (
    "测试无法执行:这里需要带时区的时间,如 2026-01-07T10:00:00+08:00,期限也可以写成时长,如 P7D。",
    "The test cannot run: write an instant such as 2026-01-07T10:00:00+08:00; a deadline may be P7D.",
)
NOT_A_DATE = (
    '没有人会在这天进入:这里需要日期或时间点,例如 {"var": "member.birthday"}。',
    "Nobody would enter by it: a date or an instant is wanted here, such as `member.birthday`.",
)
HAPPENING_FORM = (
    "测试无法执行:每一项要么是事件(at、on),要么是动作结果(activity 加 returns 或 fails),要么只有 at(时间流逝)。",
    "The test cannot run: write an event (`at`, `on`), a result (`activity`, `returns` or `fails`), or `at` alone.",
)


def too_many_nodes(count: int, limit: int) -> Words:
    return (
        f"旅程太大,无法发布:有 {count} 个节点,最多 {limit} 个。请拆成几个旅程。",
        f"The journey is too large to publish: {count} nodes, at most {limit}. Split it into several journeys.",
    )


ENDLESS_WAIT = (
    "会有人永远停在这里:等待没有 timeout,旅程也没有 max_age。请加上其中一个。",
    "Somebody may stand here for ever: the wait has no `timeout` and the journey no `max_age`. Add one of them.",
)
EXPIRES_IN_QUIET = (
    "顾客会收到已失效的内容:推送推迟到免打扰结束时已过期。请连接 quiet 端口。",
    "Customers would get what has expired: it does not outlast the quiet hours. Connect the port `quiet`.",
)


HIDDEN_CASE = (
    "没有人会走到这个分支:它的条件成立时,上面的分支总是先成立。请调整顺序,或修改条件。",
    "Nobody ever takes this case: whenever its condition is true, one above it is true first. Reorder or correct them.",
)
IMPOSSIBLE_CONDITION = (
    "这里永远不会发生:条件自相矛盾,任何数据都不能使它成立。请修改条件。",
    "This never happens: the condition contradicts itself, and no data makes it true. Correct it.",
)
NOT_PROVED = (
    "没有证明:从这里起,不确定每个分支都走得到、每个条件都可能成立。请自行检查,或把条件写得简单些。",
    "Not proved, from here on: whether every case is reached and every condition can hold. Write simpler conditions.",
)


def _close(name: str, known: Iterable[str]) -> Words:
    close = get_close_matches(name, list(known), n=1)
    return (f"是不是想写“{close[0]}”?", f" Did you mean `{close[0]}`?") if close else ("", "")


def unknown_node(name: str, known: Iterable[str]) -> Words:
    zh, en = _close(name, known)
    return f"旅程在这里断开:没有节点“{name}”。{zh}", f"The journey breaks off here: there is no node `{name}`.{en}"


def unknown_port(port: str, known: Iterable[str]) -> Words:
    names = sorted(known)
    return (
        f"这条连线永远不会走:节点没有端口“{port}”。它有:{'、'.join(names) or '无'}。",
        f"Nobody will ever go this way: the node has no port `{port}`. It has {', '.join(names) or 'none'}.",
    )


def missing_port(port: str) -> Words:
    return (
        f"有人会停在这里走不下去:端口“{port}”没有连接。请连到下一个节点。",
        f"Runs would be stranded here: the port `{port}` is not connected. Connect it to a node.",
    )


def unreachable_node(name: str) -> Words:
    return (f"没有人会走到“{name}”:没有连线通向它。", f"Nobody ever gets to `{name}`: no way leads there.")


def dead_end(name: str) -> Words:
    return (
        f"走到“{name}”的人再也到不了终点:之后既没有结束,也没有等待。请连到一个结束节点。",
        f"Whoever comes to `{name}` never arrives: neither an end nor a wait follows. Connect it to an end.",
    )


def hot_loop(names: Sequence[str]) -> Words:
    return (
        f"运行会空转并卡住:{'、'.join(names)} 形成循环,其中没有等待或延时。请在循环里加一个延时。",
        f"Runs would spin and get stuck: {', '.join(names)} form a cycle without a wait or delay. Put a delay into it.",
    )


def loop_between(way: Sequence[str]) -> Words:
    names = ["…", *way]
    return (
        f"旅程会互相触发、没有尽头:{' → '.join(names)},其中没有等待或延时。请加一个延时,或限制再次进入。",
        f"Journeys would begin one another without end: {' → '.join(names)}. Put a delay in, or limit re-entry.",
    )


def bad_split(total: int) -> Words:
    return (
        f"分流比例不对:各分支合计 {total},应为 10000(基点)。",
        f"The arms do not share out everybody: they sum to {total} instead of 10000 basis points.",
    )


def unknown_activity(name: str, known: Iterable[str]) -> Words:
    zh, en = _close(name, known)
    return (
        f"动作无法执行:没有动作类型“{name}”。{zh}",
        f"This cannot be done: no activity type `{name}` is registered.{en}",
    )


def bad_subject(activity: str, subject: str) -> Words:
    return (
        f"动作无法执行:“{activity}”不能用于 subject 为 {subject} 的旅程。",
        f"This cannot be done: `{activity}` does not work for journeys whose subject is a {subject}.",
    )


def unknown_reference(kind: str, key: str) -> Words:
    return (
        f"引用的对象不存在或已下线:{kind}“{key}”。",
        f"This does not exist or is retired: {kind} `{key}`.",
    )


def not_available(what: str) -> Words:
    return (
        f"当前版本还不能执行“{what}”。请先改用其他方式。",
        f"This release does not execute `{what}` yet. Do it another way.",
    )


def maybe_missing(paths: Sequence[str]) -> Words:
    return (
        f"有些会员可能缺少数据:{'、'.join(paths)} 在某些路径上可能没有值。请用 default 补上缺省值。",
        f"Some members may lack the data: {', '.join(paths)} can be absent on some path. Give a value with `default`.",
    )


def unused_value(name: str) -> Words:
    return (f"保存了却没有用到:“{name}”从未被读取。", f"This is saved and never read: `{name}`.")


def unknown_event(name: str, known: Iterable[str]) -> Words:
    zh, en = _close(name, known)
    return (
        f"可能永远等不到:没有人声明过事件类型“{name}”。{zh}",
        f"This may never happen: nobody declares the event type `{name}`.{en}",
    )


def entry_overlap(key: str, event: str) -> Words:
    return (
        f"与其他旅程抢人:旅程“{key}”在同一事件 {event} 上接收同样的人。",
        f"Two journeys take the same people: `{key}` is live and starts at {event} too.",
    )


def audience_overlap(key: str) -> Words:
    return (
        f"与其他旅程抢人:旅程“{key}”按同样的条件接收同样的人。",
        f"Two journeys take the same people: `{key}` is live and chooses them by the same condition.",
    )


def unknown_holidays(year: int) -> Words:
    return (
        f"{year} 年之后的节假日安排尚未公布:届时按周一至周五计算工作日。",
        f"Holidays after {year} are not published yet: Monday to Friday will count as working days.",
    )


def test_failed(name: str, differences: Sequence[Difference]) -> Words:
    """What a test states beside what came of it, the first few of it."""
    told = differences[:_TOLD]
    named = [_STATED.get(each.field, f"「{each.field}」") for each in told]
    zh = [
        f"{name}应为 {said(each.expected, '无')},实际是 {said(each.actual, '无')}"
        for name, each in zip(named, told, strict=True)
    ]
    en = [f"{each.field} should be {said(each.expected)} and is {said(each.actual)}" for each in told]
    more = ["…"] if len(differences) > _TOLD else []
    return f"测试“{name}”没有通过:{';'.join(zh + more)}。", f"The test `{name}` failed: {'; '.join(en + more)}."


def said(value: Json, nothing: str = "nothing") -> str:
    """A value of a document, short and without the signs of JSON; `nothing` stands for one that is not there."""
    text = _said(value, nothing)
    return text if len(text) <= _LONGEST_SAID else f"{text[: _LONGEST_SAID - 1]}…"


def _said(value: Json, nothing: str) -> str:
    match value:
        case None:
            return nothing
        case list() | dict() if not value:
            return nothing
        case str():
            return value
        case {"minor": int() as minor, "currency": str() as currency}:
            return f"{minor} ({currency})"
        case list():
            return ", ".join(_said(each, nothing) for each in value)
        case dict():
            return ", ".join(f"{key} = {_said(each, nothing)}" for key, each in value.items())
        case _:
            return json.dumps(value)


_TOLD = 4
_LONGEST_SAID = 120
_STATED = {
    "row": "行", "rows": "行", "reason": "原因", "outcome": "结果", "missing": "缺少的字段", "entry": "是否进入",
    "path": "路径", "waiting_at": "等待的节点", "deadline": "期限", "effects": "动作",
}  # fmt: skip
"""What tests state beside outputs, in Chinese."""
