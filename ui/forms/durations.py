"""Durations as people say them, in Chinese and English, to strict ISO 8601 and back.

"3天", "30 分钟", "1小时30分", "3 days", "1h30m", "7 days before" and ISO itself are read; nothing is rounded or
rewritten, so that 14 days stay `P14D` and two weeks `P2W`.
"""

from __future__ import annotations

import re
from fractions import Fraction

from rules.duration import DurationError, parse_duration
from ui.messages import Language, text

_UNITS = {
    "years": r"年|years?|yrs?|y",
    "months": r"个月|月|months?|mos?",
    "weeks": r"个星期|星期|个礼拜|礼拜|周|weeks?|wks?|w",
    "days": r"天|日|days?|d",
    "hours": r"个小时|小时|个钟头|钟头|时|hours?|hrs?|h",
    "minutes": r"分钟|分|minutes?|mins?|m",
    "seconds": r"秒钟|秒|seconds?|secs?|s",
}
_NUMBER = r"\d+(?:\.\d+)?|[半一二两三四五六七八九十]+"
_PART = re.compile(
    rf"(?P<number>{_NUMBER})\s*(?:(?P<half>个半)\s*)?(?:"
    + "|".join(f"(?P<{unit}>(?:{words})(?![a-z]))" for unit, words in _UNITS.items())
    + r")\s*(?:(?:and|,|\uff0c|、|又|零)\s*)?",
    re.IGNORECASE,
)
_BEFORE = re.compile(r"^\s*(?:-|−|提前)\s*|\s*(?:before|earlier|ago|之前|以前|前)\s*$", re.IGNORECASE)
_AFTER = re.compile(r"^\s*(?:\+|推迟)\s*|\s*(?:after|later|之后|以后|后)\s*$", re.IGNORECASE)
_ISO = re.compile(
    r"(-?)P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?", re.ASCII
)
_LONG_DAYS = 396
_DIGITS = {"一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
_SMALLER = {"years": ("months", 12), "weeks": ("days", 7), "hours": ("minutes", 60), "minutes": ("seconds", 60)}


class NotADurationError(ValueError):
    """What was typed says no length of time; `key` names the message that says so."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


def to_iso(typed: str, *, signed: bool = False) -> str:
    """What was typed in ISO 8601. Raises NotADurationError."""
    said = typed.strip()
    iso = said.upper().replace(" ", "")
    if _ISO.fullmatch(iso) and iso not in {"P", "-P"}:
        return _checked(iso, signed=signed)
    before = bool(_BEFORE.search(said))
    said = _AFTER.sub("", _BEFORE.sub("", said)) if signed else said
    parts = _parts(said)
    return _checked(("-" if before and signed else "") + _written(parts), signed=signed)


def spoken(iso: str, language: Language) -> str:
    """A duration in words that `to_iso` reads to the same; as it stands where it is none."""
    match = _ISO.fullmatch(iso)
    if match is None or not any(match.groups()[1:]):
        return iso
    units = ("year", "month", "week", "day", "hour", "minute", "second")
    said = [text(language, f"forms.unit.{unit}", n=n) for unit, n in zip(units, match.groups()[1:], strict=True) if n]
    joined = text(language, "unit.join").join(said)
    return text(language, "forms.duration.before", duration=joined) if match[1] else joined


def counting(iso: str) -> str | None:
    """How a duration is counted: `calendar` (days, weeks, months), `elapsed`, `both`; None where it is none."""
    try:
        found = parse_duration(iso, signed=True)
    except DurationError:
        return None
    if found.months or found.days:
        return "both" if found.elapsed else "calendar"
    return "elapsed"


def is_very_long(iso: str) -> bool:
    """Whether it is so long that it may be a slip: more than a year and a month."""
    try:
        found = parse_duration(iso, signed=True)
    except DurationError:
        return False
    return found is not None and abs(found.months * 30 + found.days + found.elapsed.days) > _LONG_DAYS


def _parts(said: str) -> dict[str, Fraction]:
    """Number by unit. Raises NotADurationError for anything between them."""
    parts: dict[str, Fraction] = {}
    at = 0
    while at < len(said):
        match = _PART.match(said, at)
        unit = match.lastgroup if match else None
        if match is None or unit is None or unit in parts:
            bare = re.fullmatch(_NUMBER, said.strip())
            raise NotADurationError("forms.duration.no_unit" if bare else "forms.duration.none")
        parts[unit] = _number(match["number"]) + (Fraction(1, 2) if match["half"] else 0)
        at = match.end()
    if not parts:
        raise NotADurationError("forms.duration.none")
    return parts


def _number(written: str) -> Fraction:
    if written[0].isdigit():
        return Fraction(written)
    if written == "半":
        return Fraction(1, 2)
    tens, ten, ones = written.rpartition("十")
    if not ten:
        tens, ones = "", written
    if any(len(part) > 1 or (part and part not in _DIGITS) for part in (tens, ones)):
        raise NotADurationError("forms.duration.none")
    return Fraction((_DIGITS.get(tens, 1) * 10 if ten else 0) + _DIGITS.get(ones, 0))


def _written(parts: dict[str, Fraction]) -> str:
    whole = _whole(parts)
    if "weeks" in whole and len(whole) > 1:
        whole["days"] = whole.get("days", 0) + 7 * whole.pop("weeks")
    date = "".join(f"{whole[unit]}{unit[0].upper()}" for unit in ("years", "months", "weeks", "days") if unit in whole)
    time = "".join(f"{whole[unit]}{unit[0].upper()}" for unit in ("hours", "minutes", "seconds") if unit in whole)
    return f"P{date}T{time}" if time else f"P{date}"


def _whole(parts: dict[str, Fraction]) -> dict[str, int]:
    """Halves and decimals in the next smaller unit; a part of a day or month has none. Raises NotADurationError."""
    whole: dict[str, int] = {}
    rest = dict(parts)
    for unit in _UNITS:
        number = rest.pop(unit, None)
        if number is None:
            continue
        whole_number = int(number)
        if number != whole_number:
            smaller = ("hours", 24) if (unit, number) == ("days", Fraction(1, 2)) else _SMALLER.get(unit)
            if smaller is None:
                raise NotADurationError("forms.duration.part_of_day")
            rest[smaller[0]] = rest.get(smaller[0], Fraction(0)) + (number - whole_number) * smaller[1]
        if whole_number or number == 0:
            whole[unit] = whole_number
    return whole


def _checked(iso: str, *, signed: bool) -> str:
    try:
        parse_duration(iso, signed=signed)
    except DurationError as error:
        key = "forms.duration.too_long" if "longer" in str(error) else "forms.duration.none"
        raise NotADurationError(key) from error
    return iso
