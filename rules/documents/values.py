"""The values of the journey format: keys, ids, durations, titles; each refuses with a message in both languages."""

from __future__ import annotations

import re
from typing import Annotated, TypeAlias
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from rules.duration import Duration, DurationError, parse_duration
from rules.types import Json


class Part(BaseModel):
    """A piece of the document: nothing unknown, nothing converted."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, populate_by_name=False)


def _refuse(zh: str, en: str) -> PydanticCustomError:
    return PydanticCustomError("waystation", "{en}", {"zh": zh, "en": en})


def at_most_bytes(most: int) -> AfterValidator:
    """A text of so many bytes of UTF-8. What is too long is told in characters: nobody counts bytes."""

    def check(text: str) -> str:
        has = len(text.encode("utf-8", "replace"))
        if has > most:
            zh = f"太长：最多约 {most // 3:,} 个汉字，现在约 {-(-has // 3):,} 个(一个字母算三分之一)"
            raise _refuse(zh, f"too long: at most {most:,} letters, a Chinese character counts three; this has {has:,}")
        return text

    return AfterValidator(check)


def _text_like(pattern: str, zh: str, en: str) -> AfterValidator:
    compiled = re.compile(pattern, re.ASCII)

    def matches(text: str) -> str:
        if not compiled.fullmatch(text):
            raise _refuse(zh, en)
        return text

    return AfterValidator(matches)


def _duration(*, signed: bool = False, elapsed: bool = False) -> AfterValidator:
    def parses(text: str) -> str:
        try:
            duration: Duration = parse_duration(text, signed=signed)
        except DurationError as error:
            raise _refuse(
                f"“{text[:40]}”不是时长，请用 ISO 8601，例如 P7D、P1M 或 PT30M，最长 100 年", str(error)
            ) from error
        if elapsed and duration.months:
            en = "months and years have no fixed length; use PT1H or P1D"
            raise _refuse("这里的时长不能按月或年计，请用 PT1H 或 P1D", en)
        return text

    return AfterValidator(parses)


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError) as error:
        en = f"{name[:40]!r} is no time zone; write one such as Asia/Shanghai"
        raise _refuse(f"没有“{name[:40]}”这个时区，请写 Asia/Shanghai 这样的名称", en) from error
    return name


def _both_languages(title: Json) -> Json:
    """A plain string stands for both languages, and one language for the other."""
    if isinstance(title, str):
        return {"zh": title, "en": title}
    if isinstance(title, dict) and len(title.keys() & {"zh", "en"}) == 1:
        text = title.get("zh", title.get("en"))
        return {"zh": text, "en": text, **title}
    return title


Key = Annotated[str, _text_like(
    r"[a-z][a-z0-9-]{0,62}", "键只能用小写字母、数字和连字符，以字母开头，最长 63 个字符",
    "a key has lower-case letters, digits and hyphens, begins with a letter, and is at most 63 long",
)]  # fmt: skip
Name = Annotated[str, _text_like(
    r"[A-Za-z0-9_][A-Za-z0-9_-]{0,62}", "编号只能用字母、数字、下划线和连字符，最长 63 个字符",
    "an id has letters, digits, underscores and hyphens, and is at most 63 long",
)]  # fmt: skip
EventType = Annotated[str, _text_like(
    r"[a-z][a-z0-9_-]*(\.[a-z0-9_-]+)+",
    "事件类型写作 contact.added 这样的形式", "an event type is written like contact.added",
), Field(max_length=200)]  # fmt: skip
Path = Annotated[str, _text_like(
    r"[a-z]+(\.[A-Za-z0-9_-]+)+",
    "字段路径写作 event.score 这样的形式", "the path of a field is written like event.score",
), Field(max_length=200)]  # fmt: skip
ClockTime = Annotated[str, _text_like(
    r"([01]\d|2[0-3]):[0-5]\d", "时刻写作 08:30 这样的形式", "a time of day is written like 08:30",
)]  # fmt: skip
Length = Annotated[str, _duration()]
SignedLength = Annotated[str, _duration(signed=True)]
FixedLength = Annotated[str, _duration(elapsed=True)]
Zone = Annotated[str, AfterValidator(_zone)]
BasisPoints = Annotated[int, Field(ge=0, le=10_000)]
JsonObject: TypeAlias = dict[str, Json]


class Words(Part):
    """A title in both languages."""

    zh: str = Field(max_length=200)
    en: str = Field(max_length=200)


class LongWords(Part):
    """A note in both languages."""

    zh: str = Field(max_length=10_000)
    en: str = Field(max_length=10_000)


Title = Annotated[Words, BeforeValidator(_both_languages)]
Note = Annotated[LongWords, BeforeValidator(_both_languages)]
