"""Why a journey keeps somebody out, as a sentence: the rule, and since when or until when it does."""

from datetime import datetime

from engine.runs.refusing import Refusing
from rules.zones import HOME
from ui.messages import Language, text


def refusing(told: Refusing, language: Language) -> str:
    """The rule with its dates; its short word where the run that it looks at is not known."""
    dates = {name: _day(at) for name, at in (("since", told.since), ("until", told.until)) if at is not None}
    dated = told.rule == "holdout" or "since" in dates
    return text(language, f"refusing.{told.rule}" if dated else f"entries.fate.{told.rule}", **dates)


def _day(at: datetime) -> str:
    return at.astimezone(HOME).strftime("%Y-%m-%d %H:%M")
