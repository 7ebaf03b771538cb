"""What keeps each table of the schema from growing without end: every table is named here, a test says which is not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Bounded:
    """It grows with something that has an end, such as the chain or its people, and not with time."""

    by: str


@dataclass(frozen=True)
class Trimmed:
    """A chore of the router role deletes from it. `kept` says what stays how long; `setting` changes that."""

    chore: str
    kept: str
    setting: str | None = None


Growth: TypeAlias = Bounded | Trimmed

_DETAILS = Trimmed("trim run details", "400 days after the run ended", "WAYSTATION_KEEP_RUN_DETAILS_DAYS")
_RUNS = "1,100 days after it ended; for good where re-entry or the funnel's people are told from it"

TABLES: Mapping[str, Growth] = {
    "accepted_findings": Bounded("one for each finding that an author accepts"),
    "alembic_version": Bounded("one row"),
    "alert_signals": Trimmed("fold the alerts", "until they are folded, a second later"),
    "alerts": Trimmed("forget alerts", "90 days after they were acknowledged, 400 days after they happened last"),
    "api_keys": Bounded("one for each key that a person made; those that ended stay for the audit"),
    "approvals": Bounded("one for each draft that a second person has read"),
    "associates": Bounded("the chain's staff"),
    "audit": Trimmed("trim audit", "3,660 days, at least a year", "WAYSTATION_KEEP_AUDIT_DAYS"),
    "backtest_differs": Trimmed("forget jobs", "with their job"),
    "backtest_sums": Trimmed("forget jobs", "with their job"),
    "bundles": Bounded("one for each publication"),
    "callbacks": Trimmed("forget callbacks", "400 days: so long a callback that is sent again has no effect"),
    "calls": _DETAILS,
    "channels": Bounded("the chain's codes"),
    "chats": Bounded("the chain's groups"),
    "chosen_members": Trimmed("trim occurrences", "with their occurrence", "WAYSTATION_KEEP_RUN_DETAILS_DAYS"),
    "contact_ways": Bounded("one for each channel and account that receives there"),
    "coupon_batches": Bounded("one for each that a person made"),
    "counted_events": Trimmed(
        "trim derived",
        "as long as a derived attribute looks back, in whole years, and 400 days; for good where it has no window",
    ),
    "coupons": Bounded("the stock of the batches: they stand for money"),
    "decisions": Trimmed("trim decisions", "400 days after they were made", "WAYSTATION_KEEP_DECISIONS_DAYS"),
    "deliveries": Trimmed("trim", "a day after the run ended"),
    "departments": Bounded("the directory of WeCom"),
    "disputes": Bounded("one for each pair of members that a person has to look at"),
    "draft_edits": Bounded("the last 1,000 edits of each draft; gone with it, but for its last revision"),
    "draft_presence": Bounded("one for each browser that has a draft open; gone a minute after it was closed"),
    "drafts": Bounded("one for each definition"),
    "effects": _DETAILS,
    "entry_clocks": Bounded("one for each entry of a live journey that chooses members"),
    "entry_truths": Trimmed("trim truths", "as long as a live journey waits for a condition to become true of them"),
    "event_keys": Trimmed("forget event keys", "400 days: so long a repeated event is a duplicate"),
    "events": Trimmed(
        "trim events",
        "1,100 days; what relations, seats, attributes and postings are derived from stays",
        "WAYSTATION_KEEP_EVENTS_DAYS",
    ),
    "field_sources": Bounded("what the published derived attributes are made of"),
    "funnel_deltas": Trimmed("fold the funnel", "until they are folded, a second later"),
    "funnel_sums": Trimmed("trim funnel", "3,660 days", "WAYSTATION_KEEP_FUNNEL_DAYS"),
    "group_codes": Bounded("one for each group"),
    "heard_types": Bounded("the types of events that journeys name"),
    "idempotency": Trimmed("forget answers", "24 hours"),
    "identities": Bounded("a few for each member"),
    "job_errors": Trimmed("forget jobs", "with their job"),
    "job_parts": Trimmed("forget jobs", "until the page is done, or with their job"),
    "jobs": Trimmed("forget jobs", "90 days after they ended"),
    "live": Bounded("one for each definition"),
    "live_revision": Bounded("one row"),
    "login_attempts": Trimmed("trim sign-ins", "a day"),
    "member_queue": Bounded("one for each member with events that wait: gone when they are routed"),
    "members": Bounded("the chain's customers"),
    "occurrences": Trimmed("trim occurrences", "400 days after they ended", "WAYSTATION_KEEP_RUN_DETAILS_DAYS"),
    "pauses": _DETAILS,
    "regions": Bounded("the chain"),
    "relations": Bounded("one for each time that a customer and an employee became friends: the ledger of all figures"),
    "run_commands": _DETAILS,
    "run_stages": Trimmed("trim runs", "with their run"),
    "runs": Trimmed("trim runs", _RUNS, "WAYSTATION_KEEP_RUNS_DAYS"),
    "seats": Bounded("one for each time that a customer joined a group: the ledger of all figures"),
    "seeds": Bounded("one for each part of the demonstration chain"),
    "stores": Bounded("the chain"),
    "trims": Bounded("one for each table that is trimmed from its beginning"),
    "turns": _DETAILS,
    "user_sessions": Trimmed("trim sessions", "until they are over, a week at most"),
    "users": Bounded("the people who sign in"),
    "versions": Bounded("one for each publication"),
    "wecom_tokens": Bounded("one for each app"),
}
