"""Why a command on a journey is refused, in Chinese and English, and what to do instead."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from rules.documents.words import Words

NO_OBJECT = (
    "这里应为 JSON 对象，无法编辑。请先在 JSON 视图中改正。",
    "This should be a JSON object and cannot be edited. Correct it in the JSON view first.",
)
NO_TYPE = (
    "不知道要添加什么：add 里缺少 type，例如 wait、activity 或 end。",
    "Nothing says what to add: `add` needs a `type` such as wait, activity or end.",
)
BAD_NAME = (
    "编号只能用字母、数字、下划线和连字符，最长 63 个字符。",
    "Use letters, digits, underscores and hyphens, at most 63 of them, beginning with a letter, digit or underscore.",
)
LAST_NODE = (
    "这是最后一个节点，不能删除。请先添加别的节点。",
    "This is the last node and cannot be deleted. Add another one first.",
)
MOVED_INTO_ITSELF = (
    "分支不能移到它自己里面。请选择分支之外的端口。",
    "A branch cannot be moved into itself. Choose a port outside of it.",
)
ALREADY_THERE = (
    "这个端口已经通向该分支。",
    "This port leads to that branch already.",
)


def no_node(node: str, known: Iterable[str]) -> Words:
    close = get_close_matches(node, list(known), n=1)
    zh, en = (f"是不是“{close[0]}”？", f" Did you mean `{close[0]}`?") if close else ("", "")
    return (
        f"没有节点“{node[:63]}”，可能刚被删除。{zh}",
        f"There is no node `{node[:63]}`; it may just have been deleted.{en}",
    )


def no_entry(index: int) -> Words:
    return (f"没有第 {index + 1} 个触发条件。", f"There is no entry number {index + 1}.")


def taken(name: str) -> Words:
    return (f"编号“{name}”已被占用，请换一个。", f"The id `{name}` is taken. Choose another.")


def too_many(limit: int) -> Words:
    return (
        f"草稿最多 {limit} 个节点，装不下了。请拆成几个旅程。",
        f"A draft holds at most {limit} nodes. Split it into several journeys.",
    )


def start_without_successor(node: str) -> Words:
    return (
        f"旅程从“{node}”开始，而它之后没有别的节点。请先让旅程从别处开始，或在它后面添加节点。",
        f"The journey begins at `{node}` and nothing follows it. Begin elsewhere first, or add a node behind it.",
    )


def leads_nowhere(node: str, port: str) -> Words:
    return (
        f"“{node[:63]}”的端口“{port[:63]}”没有连到任何节点。",
        f"The port `{port[:63]}` of `{node[:63]}` leads to no node.",
    )


def shared_branch(root: str) -> Words:
    return (
        f"没有只属于这个分支的节点：别处也通向“{root}”。如果只想断开，请断开连线。",
        f"Nothing belongs to this branch alone: other ways lead to `{root}` too. Disconnect the port instead.",
    )


def end_has_no_ports(node: str) -> Words:
    return (f"“{node}”是结束节点，之后不能再有节点。", f"`{node}` is an end: nothing can follow it.")


def no_params(node: str) -> Words:
    return (
        f"“{node}”没有参数：只有执行动作、门店任务和规则判定才有。",
        f"`{node}` takes no params: only activities, tasks and decisions do.",
    )
