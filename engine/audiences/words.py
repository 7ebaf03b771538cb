"""What is told to whoever asks for an audience, in both languages."""

from __future__ import annotations

from rules.messages import Message


def not_of_an_audience(path: str) -> Message:
    return {
        "zh": f"无法计数：「{path[:100]}」不是会员、门店或导购的字段。"
        "请只声明 member.、store. 或 associate. 开头的字段。",
        "en": f"Nobody can be counted by it: `{path[:100]}` is no field of a member, a store or an associate. Declare "
        "only fields that begin with member., store. or associate.",
    }


def personal(path: str) -> Message:
    return {
        "zh": f"不能按个人信息计数：「{path}」加密保存，人数会透露某个人是谁。请改用其他字段。",
        "en": f"Personal data is not counted by: `{path}` is kept sealed, and a count would tell who somebody is. Use "
        "another field.",
    }
