"""What an edit did, in words of both languages, from the command that is kept with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from pydantic import BaseModel

from engine.edits.generic import Replace
from rules.documents.commands import CommandError
from rules.documents.pointers import steps_of
from rules.types import Json

DEEDS: Final[Mapping[str, tuple[str, str]]] = {
    "set": ("修改了 {place}", "changed {place}"),
    "remove": ("清除了 {place}", "cleared {place}"),
    "insert": ("在 {place} 中新增一项", "added to {place}"),
    "move": ("移动了 {place}", "moved {place}"),
    "rename": ("把 {place} 改名为 {to}", "renamed {place} to {to}"),
    "replace": ("替换了整个文档", "replaced the whole document"),
    "several": ("修改了多处", "changed several places"),
    "restore": ("恢复了版本 {version}", "restored version {version}"),
    "import": ("导入了表格", "imported a spreadsheet"),
    "begin": ("开始了草稿", "began the draft"),
    "insert_after": ("在 {node} 之后插入节点", "inserted a node after {node}"),
    "insert_start": ("在最前面插入节点", "inserted a node at the start"),
    "delete": ("删除了节点 {node}", "deleted the node {node}"),
    "delete_branch": ("删除了 {node} 的一个分支", "deleted a branch of {node}"),
    "duplicate": ("复制了 {node}", "duplicated {node}"),
    "move_branch": ("移动了 {node} 的一个分支", "moved a branch of {node}"),
    "connect": ("把 {node} 连到 {to}", "connected {node} to {to}"),
    "disconnect": ("断开了 {node} 的一个出口", "disconnected a way out of {node}"),
    "set_params": ("修改了 {node} 的参数", "changed the parameters of {node}"),
    "rename_node": ("把节点 {node} 改名为 {to}", "renamed the node {node} to {to}"),
    "label_stage": ("给 {node} 标注漏斗环节", "labelled the stage of {node}"),
    "insert_row": ("新增了一行", "added a row"),
    "duplicate_row": ("复制了行 {row}", "duplicated row {row}"),
    "move_row": ("移动了行 {row}", "moved row {row}"),
    "delete_row": ("删除了行 {row}", "deleted row {row}"),
    "replace_row": ("拆分了行 {row}", "split row {row}"),
    "set_rows": ("替换了所有行", "replaced all rows"),
    "set_cell": ("修改了行 {row} 的 {column}", "changed {column} of row {row}"),
    "paste": ("从行 {row} 起粘贴", "pasted from row {row} on"),
    "set_term": ("修改了规则集设置", "changed the settings of the ruleset"),
    "add_test": ("新增了测试", "added a test"),
    "add_input": ("新增了条件列 {field}", "added the input {field}"),
    "remove_input": ("删除了条件列 {field}", "removed the input {field}"),
    "move_input": ("移动了条件列", "moved an input"),
    "add_output": ("新增了结果列 {key}", "added the output {key}"),
    "remove_output": ("删除了结果列 {key}", "removed the output {key}"),
    "move_output": ("移动了结果列", "moved an output"),
    "rename_output": ("把结果列改名为 {to}", "renamed an output to {to}"),
}
"""By the command's name; the braces name its parameters. A command without words is told as a change of the draft."""
_OTHER = ("修改了草稿", "changed the draft")


def kept(command: BaseModel) -> dict[str, Json]:
    """The command as it is kept with its edit. A whole document is left out: the patch tells what became of it."""
    if isinstance(command, Replace):
        return {"command": "replace"}
    told: dict[str, Json] = command.model_dump(exclude_unset=True)
    return told


def deed_of(command: Json, called: Callable[[str, str], str] | None = None) -> dict[str, str]:
    """What a command did, in both languages; `command` as it was kept, perhaps by an older release.

    `called(key, language)` says what a key of documents is called.
    """
    if not isinstance(command, dict):
        return dict(zip(("zh", "en"), _OTHER, strict=True))
    title = command.get("title")
    if isinstance(title, dict) and command.get("command") == "several":
        return {language: _short(title.get(language), _TITLE_SHOWN) for language in ("zh", "en")}
    return {language: _in_words(command, language, words, called) for language, words in _words_of(command).items()}


def _words_of(command: dict[str, Json]) -> dict[str, str]:
    return dict(zip(("zh", "en"), DEEDS.get(str(command.get("command")), _OTHER), strict=True))


def _in_words(command: dict[str, Json], language: str, words: str, called: Callable[[str, str], str] | None) -> str:
    told = _Told({name: _short(value) for name, value in command.items()})
    pointer = command.get("pointer")
    if isinstance(pointer, str):
        told["place"] = _place(pointer, lambda step: called(step, language) if called else step)
    return words.format_map(told)


def _place(pointer: str, called: Callable[[str], str]) -> str:
    """A place as its last few steps, so that it can be told in a line."""
    try:
        steps = steps_of(pointer)
    except CommandError:
        return pointer
    if "$" in steps:  # what stands inside of an expression is told with it
        steps = steps[: steps.index("$")]
    of_node = len(steps) > 1 and steps[0] == "nodes"
    told = [steps[1], *map(called, steps[2:])] if of_node else [*map(called, steps)]
    return _short(" › ".join(told if len(told) <= _STEPS else [told[0], "…", *told[2 - _STEPS :]]))


def _short(value: Json, most: int = 60) -> str:
    shown = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"


class _Told(dict[str, str]):
    """Parameters for words; one that was left out is told as nothing."""

    def __missing__(self, name: str) -> str:
        return "…"


_TITLE_SHOWN = 200
_STEPS = 4
