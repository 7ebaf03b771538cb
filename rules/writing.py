"""Values as people read them, in Chinese and English, and as JSON carries them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TypeAlias
from zoneinfo import ZoneInfo

from rules.duration import Duration
from rules.tree import Value
from rules.types import Json, Kind, Type

WRITABLE: frozenset[Kind] = frozenset({
    "boolean", "integer", "decimal", "money", "text", "enum", "tags", "date", "instant", "duration", "ref", "any",
})  # fmt: skip
"""Kinds that have a written form."""

Language: TypeAlias = str

_SYMBOLS = {"CNY": "¥", "HKD": "HK$", "TWD": "NT$", "USD": "US$", "EUR": "€", "GBP": "£", "JPY": "JP¥"}
_WITHOUT_CENTS = frozenset({"JPY", "KRW", "VND"})
_UNITS = (("个月", "month"), ("天", "day"), ("小时", "hour"), ("分钟", "minute"), ("秒", "second"))


def written(value: Value, type_: Type, language: Language, zone: ZoneInfo) -> str:
    """A known value as a sentence shows it: amounts with their sign, dates and times of the zone, words not codes."""
    zh = language == "zh"
    match type_.kind:
        case "boolean":
            return ("是" if value else "否") if zh else ("yes" if value else "no")
        case "money":
            return _amount(value, type_.currency or "CNY")
        case "decimal":
            return format(Decimal(value), "f")
        case "tags":
            return ("、" if zh else ", ").join(sorted(value))
        case "date":
            return _day(value, zh=zh)
        case "instant":
            local = value.astimezone(zone)
            return f"{_day(local.date(), zh=zh)}{' ' if zh else ', '}{local:%H:%M}"
        case "duration":
            return _length(value, zh=zh)
        case _:
            return str(value)


def summed(points: int, kind: str) -> str:
    """A sum of an output's values: of shares in per cent, else the number."""
    if kind != "share":
        return str(points)
    whole, rest = divmod(points, 100)
    return f"{whole}.{rest:02d}".rstrip("0") + "%" if rest else f"{whole}%"


def titled(value: Value, type_: Type, language: Language, zone: ZoneInfo) -> str:
    """A known value by its title if it has one, else as `written`."""
    title = type_.titles.get(value) if isinstance(value, str) else None
    if title is None:
        return written(value, type_, language, zone)
    return title.zh if language == "zh" else title.en


def as_json(value: Value, type_: Type) -> Json:
    """A known value as facts and params carry it: decimals, dates, instants and durations as text."""
    match value:
        case Decimal():
            return format(value, "f")
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case Duration():
            return str(value)
        case frozenset():
            return sorted(value)
        case int() if type_.kind == "money" and type_.currency is not None:
            return {"minor": value, "currency": type_.currency}
        case int() if type_.kind == "decimal":
            return str(value)
        case list() | tuple():
            of = type_.of or type_
            return [as_json(item, of) for item in value]
        case _:
            plain: Json = value
            return plain


def instant_text(instant: datetime) -> str:
    """An instant as facts carry it: in its own zone, unless the offset there has seconds, as before clocks were set."""
    offset = instant.utcoffset() or timedelta()
    return (instant.astimezone(UTC) if offset % timedelta(minutes=1) else instant).isoformat()


def _amount(minor: int, currency: str) -> str:
    sign, symbol = "-" if minor < 0 else "", _SYMBOLS.get(currency, f"{currency} ")
    if currency in _WITHOUT_CENTS:
        return f"{sign}{symbol}{abs(minor)}"
    whole, cents = divmod(abs(minor), 100)
    return f"{sign}{symbol}{whole}.{cents:02d}"


def _day(day: date, *, zh: bool) -> str:
    return f"{day.year}年{day.month}月{day.day}日" if zh else f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _length(length: Duration, *, zh: bool) -> str:
    minutes, seconds = divmod(int(length.elapsed.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    numbers = (length.months, length.days, hours, minutes, seconds)
    if zh:
        return "".join(f"{n}{unit}" for n, (unit, _) in zip(numbers, _UNITS, strict=True) if n) or "0天"
    found = [f"{n} {unit}{'s' if n != 1 else ''}" for n, (_, unit) in zip(numbers, _UNITS, strict=True) if n]
    return " ".join(found) or "0 days"
