"""The words of the findings, in Chinese and English: what happens first, then the place, then the remedy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from rules.documents.words import Words

NO_OBJECT = ("这不是旅程：文档必须是一个 JSON 对象。", "This is no journey: a document is a JSON object.")
DELAY_FORM = (
    "延时不知道等多久：for 和 until 必须恰好写一个。",
    "The delay does not know how long: write exactly one of `for` and `until`.",
)
BAD_INSTANT = (
    "测试无法执行：这里需要带时区的时间，如 2026-01-07T10:00:00+08:00，期限也可以写成时长，如 P7D。",
    "The test cannot run: write an instant such as 2026-01-07T10:00:00+08:00; a deadline may be P7D.",
)
NO_CONDITION = (
    "这条分支还没有条件：请选择什么人走这里。",
    "Nobody has decided yet who takes this branch: choose a condition for it.",
)
NOT_A_DATE = (
    '没有人会在这天进入：这里需要日期或时间点，例如 {"var": "member.birthday"}。',
    "Nobody would enter by it: a date or an instant is wanted here, such as `member.birthday`.",
)
HAPPENING_FORM = (
    "测试无法执行：每一项要么是事件(at、on)，要么是动作结果(activity 加 returns 或 fails)，要么只有 at(时间流逝)。",
    "The test cannot run: write an event (`at`, `on`), a result (`activity`, `returns` or `fails`), or `at` alone.",
)


def too_many_nodes(count: int, limit: int) -> Words:
    return (
        f"旅程太大，无法发布：有 {count} 个节点，最多 {limit} 个。请拆成几个旅程。",
        f"The journey is too large to publish: {count} nodes, at most {limit}. Split it into several journeys.",
    )


ENDLESS_WAIT = (
    "会有人永远停在这里：等待没有写「最长等待」(timeout)，旅程也没有写「最长停留」(max_age)。请写上其中一个。",
    "Somebody may stand here for ever: neither the wait (`timeout`) nor the journey (`max_age`) has a longest time.",
)
EXPIRES_IN_QUIET = (
    "顾客会收到已失效的内容：推送推迟到免打扰结束时已过期。请连接端口“quiet”。",
    "Customers would get what has expired: it does not outlast the quiet hours. Connect the port `quiet`.",
)


HIDDEN_CASE = (
    "没有人会走到这个分支：它的条件成立时，上面的分支总是先成立。请调整顺序，或修改条件。",
    "Nobody ever takes this case: whenever its condition is true, one above it is true first. Reorder or correct them.",
)
IMPOSSIBLE_CONDITION = (
    "这里永远不会发生：条件自相矛盾，任何数据都不能使它成立。请修改条件。",
    "This never happens: the condition contradicts itself, and no data makes it true. Correct it.",
)
NO_VALUE_CHOSEN = (
    "这里永远不会发生：条件里还有一处没有选值。请至少选一个值，或删除那一处。",
    "This never happens: somewhere in the condition no value is chosen yet. Choose at least one, or delete that part.",
)
NOT_PROVED = (
    "没有证明：从这里起，不确定每个分支都走得到、每个条件都可能成立。请自行检查，或把条件写得简单些。",
    "Not proved, from here on: whether every case is reached and every condition can hold. Write simpler conditions.",
)


def _listed(names: Iterable[str], *, zh: bool = False) -> str:
    """Names between the signs by which pages find them, to write there what people call them."""
    return "、".join(f"“{name}”" for name in names) if zh else ", ".join(f"`{name}`" for name in names)


def _close(name: str, known: Iterable[str]) -> Words:
    close = get_close_matches(name, list(known), n=1)
    return (f"是不是想写“{close[0]}”？", f" Did you mean `{close[0]}`?") if close else ("", "")


def unknown_node(name: str, known: Iterable[str]) -> Words:
    zh, en = _close(name, known)
    return f"旅程在这里断开：没有节点“{name}”。{zh}", f"The journey breaks off here: there is no node `{name}`.{en}"


def unknown_port(port: str, known: Iterable[str]) -> Words:
    names = sorted(known)
    return (
        f"这条连线永远不会走：节点没有端口“{port}”。它有：{_listed(names, zh=True) or '无'}。",
        f"Nobody will ever go this way: the node has no port `{port}`. It has {_listed(names) or 'none'}.",
    )


def missing_port(port: str) -> Words:
    return (
        f"有人会停在这里走不下去：端口“{port}”没有连接。请连到下一个节点。",
        f"Runs would be stranded here: the port `{port}` is not connected. Connect it to a node.",
    )


def unreachable_node(name: str) -> Words:
    return (f"没有人会走到“{name}”：没有连线通向它。", f"Nobody ever gets to `{name}`: no way leads there.")


def dead_end(name: str) -> Words:
    return (
        f"走到“{name}”的人再也到不了终点：之后既没有结束，也没有等待。请连到一个结束节点。",
        f"Whoever comes to `{name}` never arrives: neither an end nor a wait follows. Connect it to an end.",
    )


def hot_loop(names: Sequence[str]) -> Words:
    return (
        f"运行会空转并卡住：{_listed(names, zh=True)}形成循环，其中没有等待或延时。请在循环里加一个延时。",
        f"Runs would spin and get stuck: {_listed(names)} form a cycle without a wait or delay. Put a delay into it.",
    )


def loop_between(way: Sequence[str]) -> Words:
    zh, en = (" → ".join(["…", *(f"{before}{name}{after}" for name in way)]) for before, after in ("“”", "``"))
    return (
        f"旅程会互相触发、没有尽头：{zh}，其中没有等待或延时。请加一个延时，或限制再次进入。",
        f"Journeys would begin one another without end: {en}. Put a delay in, or limit re-entry.",
    )


def bad_split(total: int) -> Words:
    return (
        f"分流比例不对：各分组合计 {total / 100:g}%，应为 100%。",
        f"The arms do not share out everybody: they sum to {total / 100:g} % instead of 100 %.",
    )


def unknown_activity(name: str, known: Iterable[str]) -> Words:
    zh, en = _close(name, known)
    return (
        f"动作无法执行：没有动作类型“{name}”。{zh}",
        f"This cannot be done: no activity type `{name}` is registered.{en}",
    )


def bad_subject(activity: str, subject: str) -> Words:
    zh, en = _journeys_of(subject)
    return f"动作无法执行：“{activity}”不能用于{zh}。", f"This cannot be done: `{activity}` does not work for {en}."


def unknown_reference(kind: str, key: str) -> Words:
    zh, en = _THINGS.get(kind, (kind, kind))
    return (
        f"{zh}“{key}”不存在或已下线。请另选一个。",
        f"There is no {en} `{key}`, or it is retired. Choose another one.",
    )


def not_available(what: str) -> Words:
    """`what` is a type of node, or the subject of a journey."""
    zh, en = _NOT_YET.get(what) or _journeys_of(what)
    return f"当前版本还不能执行{zh}。请先改用其他方式。", f"This release does not execute {en} yet. Do it another way."


def maybe_missing(paths: Sequence[str]) -> Words:
    return (
        f"有些会员可能缺少数据：{_listed(paths, zh=True)}可能没有值。请写上没有值时用什么(default)。",
        f"Some members may lack the data: {_listed(paths)} can be absent. Say what stands in for it (`default`).",
    )


def unused_value(name: str) -> Words:
    return (f"保存了却没有用到：“{name}”从未被读取。", f"This is saved and never read: `{name}`.")


def unknown_event(name: str, known: Iterable[str]) -> Words:
    zh, en = _close(name, known)
    return (
        f"可能永远等不到：没有人声明过事件类型“{name}”。{zh}",
        f"This may never happen: nobody declares the event type `{name}`.{en}",
    )


def entry_overlap(key: str, event: str) -> Words:
    return (
        (
            f"与其他旅程抢人：同一会员会同时走两个旅程，线上旅程“{key}”也由事件“{event}”触发。"
            "若不想这样，请加一个条件把人分开；若就该如此，请写明理由并接受。"
        ),
        (
            f"Both journeys run for the same member: `{key}` is live and starts at `{event}` too. "
            "If that is not meant, let a condition tell them apart; if it is, accept this with a reason."
        ),
    )


def audience_overlap(key: str) -> Words:
    return (
        f"与其他旅程抢人：同一会员会同时走两个旅程，线上旅程“{key}”按同样的条件选人。",
        f"Both journeys run for the same member: `{key}` is live and chooses by the same condition.",
    )


def unknown_holidays(year: int) -> Words:
    return (
        f"{year} 年之后的节假日安排尚未公布：届时按周一至周五计算工作日。",
        f"Holidays after {year} are not published yet: Monday to Friday will count as working days.",
    )


_THINGS: dict[str, Words] = {
    "coupon-batch": ("券批次", "coupon batch"), "chat": ("群", "group chat"), "channel": ("渠道", "channel"),
    "store": ("门店", "store"), "associate": ("导购", "associate"), "ruleset": ("规则", "ruleset"),
    "journey": ("旅程", "journey"), "task": ("任务", "task"), "region": ("区域", "region"),
}  # fmt: skip
"""What people call the kinds of things that documents name."""
_NOT_YET: dict[str, Words] = {"task": ("任务节点", "tasks")}
_SUBJECTS: dict[str, Words] = {
    "member": ("会员旅程", "journeys of members"), "store": ("门店旅程", "journeys of stores"),
    "associate": ("导购旅程", "journeys of associates"),
}  # fmt: skip


def _journeys_of(subject: str) -> Words:
    return _SUBJECTS.get(subject, (f"“{subject}”", f"`{subject}`"))
