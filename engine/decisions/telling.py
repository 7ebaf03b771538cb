"""Alerts about decisions: somebody should learn that a live ruleset wants data, or goes wrong."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from engine.alerts.store import signal
from engine.decisions.rulesets import Ruleset
from rules.tables.decide import Decision
from rules.types import Json


def tell(session: Session, ruleset: Ruleset, decisions: Sequence[Decision], *, at: datetime) -> None:
    """Signal once for what is uncertain, unless the author said that it may be skipped, and once for what is wrong."""
    uncertain = [each for each in decisions if each.reason == "uncertain"]
    if uncertain and ruleset.table.document.on_unknown != "skip":
        missing = sorted({path for each in uncertain for path in each.missing})
        detail: dict[str, Json] = {"missing": ", ".join(missing), "version": ruleset.version}
        signal(session, "decision-uncertain", f"ruleset/{ruleset.key}", now=at, detail=detail)
    wrong = [each for each in decisions if each.reason == "error"]
    if wrong:
        detail = {"rows": ", ".join(wrong[0].rows), "version": ruleset.version}
        signal(session, "decision-failed", f"ruleset/{ruleset.key}", now=at, detail=detail)
