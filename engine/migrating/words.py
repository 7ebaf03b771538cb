"""What people are told of a migration, in both languages: what is wrong with a map, and what a job waits for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

Text: TypeAlias = Mapping[str, str]


def unknown_node(node: str) -> Text:
    """The map names a node that no version with people in it has."""
    return {
        "zh": f"有实例的旧版本里都没有节点 {node}。请去掉它，或改成旧版本里的节点。",
        "en": f"No older version with people in it has a node {node!r}. Take it out, or name one that it has.",
    }


def unknown_target(target: str) -> Text:
    """The map leads to a node that the new version does not have."""
    return {
        "zh": f"新版本里没有节点 {target}。请选择新版本里的节点。",
        "en": f"The new version has no node {target!r}. Choose one that it has.",
    }


def unplaced(node: str, versions: Sequence[int], runs: int, *, removed: bool) -> Text:
    """Somebody is, or may come to, where the new version has nothing or something else."""
    which = ", ".join(f"v{version}" for version in versions)
    zh = "已被删除" if removed else "已改作他用"
    en = "is gone" if removed else "is for something else now"
    return {
        "zh": f"{which} 的节点 {node} 在新版本里{zh}：{runs} 个实例停在那里，其他还可能走到。请指定去新版本哪里。",
        "en": f"The node {node!r} of {which} {en}; {runs} runs stand there, others may come there. Say where they go.",
    }


def not_compiled(version: int) -> Text:
    """What an older version needs is not installed."""
    return {
        "zh": f"这里无法执行 v{version}：它用到的动作类型没有安装。请安装后再试，或让在途实例按旧版走完。",
        "en": f"v{version} cannot be executed here: an activity type that it uses is not installed. Install it, or let "
        "the runs in flight stay.",
    }


def only_journeys() -> Text:
    """Nothing else has people in it."""
    return {
        "zh": "只有旅程里有在途实例；规则等请用 stay。",
        "en": 'Only journeys have runs in flight; for anything else say "stay".',
    }


def no_place(node: str) -> Text:
    """A run came to where nobody has said what becomes of it."""
    return {
        "zh": f"没有说明停在节点 {node} 的实例去哪里，它留在旧版本。请再次发布并补上这个节点。",
        "en": f"Nobody has said where runs at {node!r} go: it stays on its version. Publish again with a place for it.",
    }


def canary_done(moved: int, left: int) -> Text:
    """The share that goes first has gone."""
    return {
        "zh": f"灰度已迁移 {moved} 个实例，还有 {left} 个在旧版本。看过没有问题后点继续；不继续，他们就留在旧版本。",
        "en": f"{moved} runs went first; {left} are still on older versions. Continue if all is well; else they stay.",
    }


def waiting_for(runs: int) -> Text:
    """Some are in the middle of something."""
    return {
        "zh": f"还有 {runs} 个实例正在执行动作、随暂停停在半路，或动作结果不明需要人工判断；到了等待处就会迁移。",
        "en": f"{runs} runs are in the middle of something, paused on their way, or need somebody to judge an effect "
        "of unknown outcome; each goes over when it rests.",
    }


def superseded(job: int) -> Text:
    """A later migration has taken over."""
    return {
        "zh": f"后来的迁移(任务 {job})接手了余下的实例；无需处理。",
        "en": f"A later migration (job {job}) has taken over the runs that were left. Nothing is to be done.",
    }
