"""What stands against an action on one of many runs, in both languages: why, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping

from engine.jobs.errors import Text
from engine.runs.commands import Against, RunStateError, UnknownPortError
from engine.runs.store import RunUnknownError

STATUSES: Mapping[str, Text] = {
    "running": {"zh": "执行中", "en": "running"},
    "waiting": {"zh": "等待中", "en": "waiting"},
    "paused": {"zh": "已暂停", "en": "paused"},
    "stuck": {"zh": "卡住待处理", "en": "stuck"},
    "completed": {"zh": "已完成", "en": "completed"},
    "exited": {"zh": "已退出", "en": "exited"},
    "expired": {"zh": "超期结束", "en": "expired"},
    "holdout": {"zh": "对照组", "en": "holdout"},
}
"""The states of a run, in Chinese as the pages call them."""

_AGAINST: Mapping[Against, Text] = {
    "over": {
        "zh": "实例{status}，不能再操作；无需处理",
        "en": "This run is {status}: nothing can be done to it any more. Leave it out.",
    },
    "not-stuck": {
        "zh": "只有卡住的实例才能这样处理，它现在是{status}；无需处理",
        "en": "Only a run that is stuck can be given this; this one is {status}. Leave it out.",
    },
    "order-waits": {
        "zh": "上一个操作还没有被执行；请稍后再试",
        "en": "An earlier order has not been taken yet; try again shortly.",
    },
    "paused": {"zh": "实例已经暂停；无需处理", "en": "This run is paused already. Leave it out."},
    "not-paused": {
        "zh": "实例没有被单独暂停，它现在是{status}；若是随旅程暂停，请恢复整个旅程",
        "en": "This run is not paused itself; it is {status}. A paused journey is resumed as a whole.",
    },
}


def told(error: RunUnknownError | RunStateError | UnknownPortError) -> Text:
    """The reason, and the remedy."""
    match error:
        case RunStateError():
            status = STATUSES.get(error.status, {"zh": error.status, "en": error.status})
            return {language: said.format(status=status[language]) for language, said in _AGAINST[error.reason].items()}
        case UnknownPortError():
            ports = ", ".join(error.ports)
            return {
                "zh": f"它所在的节点 {error.node} 没有出口 {error.port}；请改选它有的出口：{ports}",
                "en": f"{error} Choose one of those.",
            }
        case _:
            return {
                "zh": "看不到这个实例：它不存在，或属于其他门店；请核对编号，或请能看到它的人处理",
                "en": f"{error} Check its number, or ask somebody who sees its store.",
            }
