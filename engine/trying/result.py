"""What a backtest came to, as the API and the page tell it: reach, load, effects against stock, who differs."""

from __future__ import annotations

from collections import Counter
from typing import Any

from sqlalchemy.orm import Session

from engine.database import direct
from engine.jobs.models import Job
from engine.journeys.catalogue import Catalogue
from engine.journeys.trying.cost import Kind, expected
from engine.trying.backtests import latest
from engine.trying.sums import Figures, differs, figures
from rules.types import Json

APPROXIMATIONS = ("members-today", "effects-done", "events-as-they-came", "no-conversion")
"""What a backtest of a journey cannot know, each a word of the pages: attributes of members are today's; every effect
counts as done; people did what they did because of what was live then; whether more would have bought is unknown."""


def result_of(session: Session, job: Job, catalogue: Catalogue) -> dict[str, Json]:
    """The result so far; `complete` once the job is done."""
    found = figures(session, job.id)
    common: dict[str, Any] = {
        **{name: job.args[name] for name in ("kind", "key", "hash")},
        "from": job.args["since"],
        "to": job.args["until"],
        "complete": job.state == "done",
        "differs": [
            {"member": str(member) if member else None, "was": was, "would": would}
            for member, was, would in differs(session, job.id)
        ],
        "differs_total": found.total("would", "differs"),
    }
    if job.args["kind"] == "ruleset":
        return {**common, **_of_ruleset(session, found)}
    return {**common, **_of_journey(session, found, catalogue)}


def expectations(session: Session, key: str, digest: str) -> tuple[int, dict[Kind, float]] | None:
    """The latest finished backtest of a journey that says exactly this: its job, and what 1,000 entrants had.

    None where there is none in sight, or nobody entered in it.
    """
    job = latest(session, "journey", key, digest)
    if job is None:
        return None
    found = figures(session, job)
    counts: Counter[Kind] = Counter()
    for what in ("at-once", "later"):
        for of, n in found.by_of("would", what).items():
            activity, _, batch = of.partition("|")
            counts[Kind(activity, batch)] += n
    told = {each.kind: each.per_1000 for each in expected(counts, found.total("would", "entered"))}
    return (job, told) if found.total("would", "entered") else None


def _of_ruleset(session: Session, found: Figures) -> dict[str, Any]:
    stores = _stores(session)
    by_store = found.by_store("would", "decisions")
    changed = found.by_store("would", "changed")
    return {
        "decisions": found.total("would", "decisions"),
        "reasons": {"was": found.by_of("was", "reason"), "would": found.by_of("would", "reason")},
        "changed": found.by_of("would", "changed"),
        "rows": found.by_of("would", "row"),
        "by_store": [
            {**stores.get(store, _NOWHERE), "decisions": _sum(days), "differs": _sum(changed.get(store, {}))}
            for store, days in sorted(by_store.items())
        ],
    }


def _of_journey(session: Session, found: Figures, catalogue: Catalogue) -> dict[str, Any]:
    entered = found.total("would", "entered")
    return {
        "entered": entered,
        "held_out": found.total("would", "held-out"),
        "was_entered": found.total("was", "entered"),
        "members": found.total("would", "members"),
        "events": found.total("would", "events"),
        "cut": found.total("would", "cut"),
        "by_store": _by_store(session, found, catalogue),
        "by_day": [{"day": day, "entered": n} for day, n in found.by_day("would", "entered").items()],
        "effects": _effects(found, entered),
        "coupons": _coupons(session, found),
        "outcomes": found.by_of("would", "outcome"),
        "waiting": found.by_of("would", "waiting"),
        "nodes": found.by_of("would", "node"),
        "approximations": [*APPROXIMATIONS, *found.by_of("would", "unknown")],
    }


def _effects(found: Figures, entered: int) -> list[dict[str, Any]]:
    at_once, later = found.by_of("would", "at-once"), found.by_of("would", "later")
    before = Counter(found.by_of("was", "at-once")) + Counter(found.by_of("was", "later"))
    told = []
    for of in sorted({*at_once, *later, *before}):
        activity, _, batch = of.partition("|")
        total = at_once.get(of, 0) + later.get(of, 0)
        told.append(
            {
                "activity": activity,
                "batch": batch or None,
                "at_once": at_once.get(of, 0),
                "later": later.get(of, 0),
                "total": total,
                "was": before.get(of, 0),
                "per_1000": round(1_000 * total / entered, 1) if entered else None,
            }
        )
    return told


def _coupons(session: Session, found: Figures) -> list[dict[str, Any]]:
    """Coupons by batch, beside what is left of its stock today."""
    wanted: Counter[str] = Counter()
    for what in ("at-once", "later"):
        for of, n in found.by_of("would", what).items():
            if batch := of.partition("|")[2]:
                wanted[batch] += n
    rows = direct.rows(session, _STOCK, {"keys": [*wanted]})
    left = {key: (title, stock, stock - issued) for key, title, stock, issued in rows}
    return [
        {
            "batch": batch,
            "title": left[batch][0] if batch in left else None,
            "would": n,
            "stock": left[batch][1] if batch in left else None,
            "left": left[batch][2] if batch in left else None,
            "short": max(0, n - left[batch][2]) if batch in left else None,
        }
        for batch, n in sorted(wanted.items())
    ]


def _by_store(session: Session, found: Figures, catalogue: Catalogue) -> list[dict[str, Any]]:
    entered = found.by_store("would", "entered")
    loads: dict[int, Counter[str]] = {}
    days: dict[int, Counter[str]] = {}
    for what in {each.what for each in found.numbers if each.what.startswith("load:")}:
        group = group_of(what.removeprefix("load:"), catalogue)
        for store, by_day in found.by_store("would", what).items():
            loads.setdefault(store, Counter())[group] += _sum(by_day)
            days.setdefault(store, Counter()).update(by_day)
    stores = _stores(session)
    return [
        {
            **stores.get(store, _NOWHERE),
            "entered": _sum(entered.get(store, {})),
            **{group: loads.get(store, Counter())[group] for group in ("messages", "coupons", "staff", "other")},
            "peak": _peak(days.get(store, Counter())),
        }
        for store in sorted({*entered, *loads}, key=lambda each: -_sum(entered.get(each, {})))
    ]


def group_of(activity: str, catalogue: Catalogue) -> str:
    """What an effect burdens: the customer with messages, a batch of coupons, the store's staff, or nobody."""
    known = catalogue.get(activity)
    if known is not None and known.contact != "none":
        return "messages"
    if activity == "coupon.issue":
        return "coupons"
    return "staff" if activity.startswith(("wecom.notify", "task")) else "other"


def _peak(days: Counter[str]) -> dict[str, Json] | None:
    """The day with the most effects."""
    if not days:
        return None
    day, n = max(sorted(days.items()), key=lambda each: each[1])
    return {"day": day, "n": n}


def _sum(by_day: dict[str, int] | Counter[str]) -> int:
    return sum(by_day.values())


def _stores(session: Session) -> dict[int, dict[str, Json]]:
    rows = direct.rows(session, "SELECT id, key, title FROM stores", {})
    return {number: {"store": key, "title": title} for number, key, title in rows}


_NOWHERE: dict[str, Json] = {"store": None, "title": None}
_STOCK = """
SELECT batch.key, batch.title, batch.stock,
    (SELECT count(*) FROM coupons WHERE batch_id = batch.id AND status IN ('issued', 'claimed', 'redeemed', 'expired'))
FROM coupon_batches AS batch WHERE batch.key = ANY(%(keys)s)"""
