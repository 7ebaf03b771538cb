"""How values are written on pages: titles, numbers, shares, durations, instants; one function per kind."""

import json
import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache

from lucide.jinja import lucide
from markupsafe import Markup

from engine.events.types import EVENT_TYPES
from engine.journeys.catalogue import ActivityType
from rules.duration import DurationError, parse_duration
from rules.types import Fields, Json, Title, Type
from rules.writing import written
from rules.zones import HOME, HOME_ZONE
from ui.messages import Language, known, text


def title(value: object, language: Language, default: str = "") -> str:
    """A title as documents and rows carry it, a string or `{zh, en}`, in the page's language."""
    if isinstance(value, str):
        return value or default
    if isinstance(value, Mapping):
        chosen = value.get(language) or value.get("zh") or value.get("en")
        return str(chosen) if chosen else default
    return default


def number(value: float | None) -> str:
    """A count with separators; a dash where there is none."""
    return "—" if value is None else f"{value:,}"


def share(value: float | None) -> str:
    """A share of 1 as a percentage with one decimal; a dash where there is none."""
    return "—" if value is None else f"{value * 100:.1f}%"


def money(minor: int, currency: str, language: Language) -> str:
    """An amount, in Chinese with the word for yuan; a round one without cents."""
    if currency != "CNY":
        return written(minor, Type("money", currency=currency), language, HOME)
    yuan, cents = divmod(minor, 100)
    return text(language, "unit.yuan", n=f"{yuan:,}.{cents:02d}" if cents else f"{yuan:,}")


def duration(seconds: float | None, language: Language) -> str:
    """A length of time in its two largest units."""
    if seconds is None:
        return "—"
    rest = max(0, round(seconds))
    parts: list[str] = []
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1)):
        count, rest = divmod(rest, size)
        if count or (unit == "second" and not parts):
            parts.append(text(language, f"unit.{unit}", n=count))
        elif parts:
            break
    return text(language, "unit.join").join(parts[:2])


def iso_duration(written: object, language: Language) -> str:
    """A duration of a document, such as `P7D`, in words; as it is written if it is none."""
    return _duration_said(written, language) or str(written)


def _duration_said(written: object, language: Language) -> str:
    """A duration in words; nothing where it is none."""
    try:
        parsed = parse_duration(written) if isinstance(written, str) else None
    except DurationError:
        parsed = None
    if parsed is None:
        return ""
    days = [text(language, "unit.month", n=parsed.months)] if parsed.months else []
    days += [text(language, "unit.day", n=parsed.days)] if parsed.days else []
    elapsed = parsed.elapsed.total_seconds()
    return text(language, "unit.join").join([*days, *([duration(elapsed, language)] if elapsed or not days else [])])


def attribute(name: str, fields: Fields, language: Language) -> str:
    """What people call an attribute of a member, by the catalogue of fields; its own name where it is not declared."""
    declared = fields.get(f"member.{name}")
    called = declared.title if declared else None
    return title(called.model_dump() if isinstance(called, Title) else called, language, name)


def event(name: object, language: Language) -> str:
    """What people call a type of event; its own name where it is not declared."""
    found = EVENT_TYPES.get(str(name))
    return title(found.titles, language) if found else str(name)


def activity(name: str, catalogue: Mapping[str, ActivityType], language: Language) -> str:
    """What people call an activity type; its own name if it is not registered here."""
    known_type = catalogue.get(name)
    return title(known_type.titles, language, name) if known_type else name


OUTCOMES = ("done", "not_added", "not_joined", "not_claimed", "no_stock", "coupon_expired", "exited")
"""The outcomes that journeys usually end with, to be chosen from; those that runs come to by themselves are none."""


def outcome(name: object, language: Language) -> str:
    """What people call an outcome; the author's own name otherwise."""
    key = f"outcome.{name}"
    return text(language, key) if known(language, key) else str(name)


def reason(name: object, language: Language) -> str:
    """Why a run is stuck."""
    key = f"stuck.{name}"
    return text(language, key) if known(language, key) else str(name)


def fate(name: object, language: Language) -> str:
    """What became of an event that a run was given."""
    key = f"fate.{name}"
    return text(language, key) if known(language, key) else str(name)


def instant(at: datetime, now: datetime) -> str:
    """An instant in the chain's zone, as short as it can be told from `now`."""
    local, today = at.astimezone(HOME), now.astimezone(HOME)
    if local.date() == today.date():
        return local.strftime("%H:%M:%S")
    return local.strftime("%m-%d %H:%M" if local.year == today.year else "%Y-%m-%d %H:%M")


def precise_instant(at: datetime, now: datetime) -> str:
    """An instant in the chain's zone to the second, without the year if it is this one."""
    local = at.astimezone(HOME)
    return local.strftime("%m-%d %H:%M:%S" if local.year == now.astimezone(HOME).year else "%Y-%m-%d %H:%M:%S")


def full_instant(at: datetime) -> str:
    """An instant with everything, its zone included: what a page shows on hover."""
    return f"{at.astimezone(HOME):%Y-%m-%d %H:%M:%S} UTC+8 ({HOME_ZONE})"


def distance(at: datetime, now: datetime, language: Language) -> str:
    """How far an instant lies from now: "in 3 h", "2 d ago"."""
    gap = at - now
    key = "time.in" if gap >= timedelta(0) else "time.ago"
    return text(language, key, duration=duration(abs(gap.total_seconds()), language))


def port(name: str, language: Language) -> str:
    """The word for a port: ours for the ports that every journey has, the author's own otherwise."""
    key = f"port.{name}"
    if known(language, key):
        return text(language, key)
    numbered = _CASE.fullmatch(name)
    return text(language, "port.case", n=numbered[1]) if numbered else name


def way_out(node: Mapping[str, Json], name: str, language: Language) -> str:
    """The word for a way out of a node: that of a wait whose time runs out tells how long that is."""
    length = _duration_said(node.get("timeout"), language) if name == "timeout" else ""
    return text(language, "port.timeout_after", duration=length) if length else port(name, language)


_CASE = re.compile(r"case_(\d+)", re.ASCII)


def clip(value: str, width: int) -> str:
    """Text cut to a display width, ellipsis included, where a Chinese character is as wide as two letters."""
    used = kept = 0
    for index, character in enumerate(value):
        used += 2 if unicodedata.east_asian_width(character) in "WF" else 1
        if used < width:
            kept = index + 1
        if used > width:
            return value[:kept].rstrip() + "…"
    return value


@cache
def icon(name: str, size: int = 18) -> Markup:
    """A lucide icon, inline and silent for screen readers: the word beside it speaks."""
    silent = {"aria-hidden": "true", "focusable": "false", "stroke-width": "1.75"}
    return Markup(lucide(name, size=size, **silent))  # noqa: S704  # from the package's archive, never from input


def plain_json(value: object) -> str:
    """A value of a document as one line; text without its quotes."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


_EVENT_ICONS = {
    "contact.scanned": "scan-line",
    "contact.added": "user-plus",
    "contact.confirmed": "user-plus",
    "contact.lost": "user-minus",
    "group.joined": "users",
    "group.left": "door-open",
    "coupon.issued": "ticket",
    "coupon.claimed": "ticket",
    "coupon.redeemed": "ticket-check",
    "order.paid": "shopping-bag",
}


def event_icon(name: str) -> str:
    """The icon of a type of event."""
    return _EVENT_ICONS.get(name, "circle-dot")
