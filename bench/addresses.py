"""Every address that answers a GET with a page or a part of one, filled in; a test holds the list to the router's.

`{run}`, `{member}`, `{job}` and `{backtest}` are put in by the benchmark, which makes them.
"""

from __future__ import annotations

from collections.abc import Mapping

FIRST = "hook-coupon"
RULESET = "bench-rows"

_JOURNEY, _RULES = f"/journeys/{FIRST}", f"/rules/{RULESET}"
_EDITS = {f"journey/{FIRST}": "/entry/0/when", f"ruleset/{RULESET}": "/rows/0/and"}
"""What is edited, and where a condition stands in it."""

PAGES: Mapping[str, tuple[str, ...]] = {
    "/": ("/",),
    "/activity-types": ("/activity-types",),
    "/alerts": ("/alerts", "/alerts?state=acknowledged&kind=", "/alerts?kind=job-failed"),
    "/docs": ("/docs",),
    "/glossary": ("/glossary",),
    "/import": ("/import",),
    "/jobs": ("/jobs", "/jobs?before=9"),
    "/jobs/{job_id}": ("/jobs/{job}",),
    "/journeys": ("/journeys",),
    "/journeys/new": ("/journeys/new", f"/journeys/new?from={FIRST}", f"/journeys/new?template={FIRST}"),
    "/journeys/{key}": (_JOURNEY, f"{_JOURNEY}?version=1"),
    "/journeys/{key}/backtest": (f"{_JOURNEY}/backtest", f"{_JOURNEY}/backtest?job={{backtest}}"),
    "/journeys/{key}/edit": (
        f"{_JOURNEY}/edit", f"{_JOURNEY}/edit?node=wait_join", f"{_JOURNEY}/edit?part=settings",
    ),
    "/journeys/{key}/entries": (f"{_JOURNEY}/entries",),
    "/journeys/{key}/funnel": (
        f"{_JOURNEY}/funnel", *(f"{_JOURNEY}/funnel?by={by}" for by in ("store", "day", "version")),
    ),
    "/journeys/{key}/publish": (f"{_JOURNEY}/publish",),
    "/journeys/{key}/runs": (
        f"{_JOURNEY}/runs",
        f"{_JOURNEY}/runs?before={{run}}",
        f"{_JOURNEY}/runs?status=waiting",
        f"{_JOURNEY}/runs?status=paused",
        f"{_JOURNEY}/runs?status=stuck",
        f"{_JOURNEY}/runs?status=completed",
        f"{_JOURNEY}/runs?node=wait_add",
        f"{_JOURNEY}/runs?node=wait_redeem&status=waiting",
        f"{_JOURNEY}/runs?stage=added",
        f"{_JOURNEY}/runs?stage=redeemed",
        f"{_JOURNEY}/runs?store={{store}}",
        f"{_JOURNEY}/runs?store={{store}}&status=stuck",
        f"{_JOURNEY}/runs?version=1",
        f"{_JOURNEY}/runs?version=9",
        f"{_JOURNEY}/runs?member=%23{{member}}",
        f"{_JOURNEY}/runs?overdue=true",
    ),
    "/journeys/{key}/simulate": (f"{_JOURNEY}/simulate",),
    "/journeys/{key}/start": (f"{_JOURNEY}/start",),
    "/journeys/{key}/tests": (f"{_JOURNEY}/tests",),
    "/journeys/{key}/versions": (f"{_JOURNEY}/versions",),
    "/journeys/{key}/versions/compare": (f"{_JOURNEY}/versions/compare?a=live&b=draft",),
    "/library": ("/library",),
    "/library/{kind}/{key}": (
        f"/library/journey/{FIRST}", "/library/ruleset/price-zone", "/library/fields/shopping",
    ),
    "/members": (
        "/members", "/members?before=50000", "/members?kind=phone&value=13800000000", "/members?value=%2399999999",
    ),
    "/members/{member_id}": ("/members/{member}",),
    "/operators": ("/operators",),
    "/parked": ("/parked", "/parked?after=99"),
    "/rules": ("/rules",),
    "/rules/new": ("/rules/new", "/rules/new?template=price-zone"),
    "/rules/{key}": (_RULES, f"{_RULES}?version=draft", f"{_RULES}?from=401"),
    "/rules/{key}/backtest": (f"{_RULES}/backtest",),
    "/rules/{key}/edit": (f"{_RULES}/edit",),
    "/rules/{key}/publish": (f"{_RULES}/publish",),
    "/rules/{key}/versions": (f"{_RULES}/versions",),
    "/rules/{key}/versions/compare": (f"{_RULES}/versions/compare?a=live&b=draft",),
    "/runs/{run_id}": ("/runs/{run}",),
    "/sign-in": ("/sign-in",),
}  # fmt: skip
"""By route: the pages, each with the choices that cost something of their own."""

PARTS: Mapping[str, tuple[str, ...]] = {
    "/edit/{kind}/{key}/bar": tuple(f"/edit/{place}/bar" for place in _EDITS),
    "/edit/{kind}/{key}/changes": tuple(f"/edit/{place}/changes" for place in _EDITS),
    "/edit/{kind}/{key}/choices": (
        f"/edit/journey/{FIRST}/choices?of=thing:store&q=B09",
        f"/edit/journey/{FIRST}/choices?of=field&at=/entry/0/when&q=member",
    ),
    "/edit/{kind}/{key}/condition": tuple(f"/edit/{place}/condition?at={at}" for place, at in _EDITS.items()),
    "/edit/{kind}/{key}/condition/try": tuple(f"/edit/{place}/condition/try?at={at}" for place, at in _EDITS.items()),
    "/edit/{kind}/{key}/field": (f"/edit/journey/{FIRST}/field?pointer=/nodes/wait_join/timeout",),
    "/edit/{kind}/{key}/json": tuple(f"/edit/{place}/json" for place in _EDITS),
    "/edit/{kind}/{key}/problems": tuple(f"/edit/{place}/problems" for place in _EDITS),
    "/edit/{kind}/{key}/pulse": tuple(f"/edit/{place}/pulse?revision=1" for place in _EDITS),
    "/edit/ruleset/{key}/conditions": (f"/edit/ruleset/{RULESET}/conditions",),
    "/jobs/{job_id}/progress": ("/jobs/{job}/progress",),
    "/journeys/{key}/edit/chosen": (f"{_JOURNEY}/edit/chosen?node=wait_join",),
    "/journeys/{key}/edit/graph": (f"{_JOURNEY}/edit/graph",),
    "/journeys/{key}/edit/panel": (
        *(f"{_JOURNEY}/edit/panel?{asked}" for asked in ("node=welcome", "part=entry", "part=settings")),
    ),
    "/journeys/{key}/live": (f"{_JOURNEY}/live",),
    "/journeys/{key}/migration": (f"{_JOURNEY}/migration",),
    "/journeys/new/key": ("/journeys/new/key?zh=收银码送券",),
    "/journeys/{key}/publish/glance": (f"{_JOURNEY}/publish/glance",),
    "/journeys/{key}/publish/people": (f"{_JOURNEY}/publish/people", f"{_JOURNEY}/publish/people?in_flight=stay"),
    "/journeys/{key}/simulate/event": (f"{_JOURNEY}/simulate/event?on=order.paid",),
    "/journeys/{key}/strip": (f"{_JOURNEY}/strip",),
    "/journeys/{key}/tests/list": (f"{_JOURNEY}/tests/list",),
    "/overview/live": ("/overview/live",),
    "/rules/new/key": ("/rules/new/key?zh=收银码送券",),
    "/rules/{key}/edit/settings": (f"{_RULES}/edit/settings",),
    "/rules/{key}/edit/tests": (f"{_RULES}/edit/tests",),
    "/rules/{key}/edit/try": (f"{_RULES}/edit/try",),
    "/rules/{key}/edit/values": (f"{_RULES}/edit/values?refers=region&q=r",),
    "/runs/{run_id}/progress": ("/runs/{run}/progress",),
    "/{place}/{key}/backtest/{job}": (f"{_JOURNEY}/backtest/{{backtest}}",),
}  # fmt: skip
"""By route: what pages ask for while somebody works or looks on."""

COUNTED: Mapping[str, tuple[str, ...]] = {
    "/edit/{kind}/{key}/condition/reach": tuple(
        f"/edit/{place}/condition/reach?at={at}" for place, at in _EDITS.items()
    ),
    "/journeys/{key}/entries/outlook": (f"{_JOURNEY}/entries/outlook",),
    "/journeys/{key}/publish/entering": (f"{_JOURNEY}/publish/entering",),
    "/rules/{key}/edit/findings": (f"{_RULES}/edit/findings",),
    "/rules/{key}/findings": (f"{_RULES}/findings", f"{_RULES}/findings?version=draft"),
}
"""By route: parts that count members or prove a table, which pages ask for by themselves, showing that they wait."""

FILES: Mapping[str, str] = {
    "/journeys/{key}/start/told": "asked for only while a start by hand waits",
    "/q/{code}": "what a customer's telephone opens; its code exists only once a channel is made",
    "/rules/{key}/draft/table": "a file to take away",
    "/rules/{key}/edit/file": "a file to take away",
    "/{place}/{key}/backtest/{job}/stores.csv": "a file to take away",
}
"""By route: why it is in none of the lists."""
