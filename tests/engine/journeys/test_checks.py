# ruff: noqa: E501 - in a table of cases each case reads best as one line
"""Every code of a finding: a document that has it, at the place where it stands, and that nothing else is said."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from engine.events.types import EVENT_TYPES
from engine.journeys.check import check
from engine.journeys.context import CheckContext, LiveJourney
from engine.journeys.parse import parse
from engine.journeys.plan import compile_plan
from engine.journeys.report import run_tests
from engine.members.fields import base_fields
from tests.engine.journeys.hook import HOOK_CATALOGUE
from tests.engine.journeys.world import CATALOGUE, CONTEXT, EVENTS, FIELDS, activity, codes, document, wait

SEED = Path(__file__).parents[3] / "engine" / "library" / "journeys" / "hook-coupon.json"


def base() -> dict[str, Any]:
    """A document without any finding."""
    return document(
        {
            "one": wait({"on": "custom.b", "port": "got", "save": "it"}, timeout="PT1H", ports={"got": "call"}),
            "call": activity(
                "call", {"text": {"$": {"default": [{"var": "member.nickname"}, "you"]}}}, ports={"done": "two"}
            ),
            "two": {
                "type": "choice",
                "cases": [{"when": {"==": [{"var": "vars.it.n"}, 1]}, "port": "yes"}],
                "ports": {"yes": "three", "else": "end"},
            },
            "three": {
                "type": "split",
                "arms": [{"port": "a", "share_bp": 4000}, {"port": "b", "share_bp": 6000}],
                "ports": {"a": "four", "b": "end"},
            },
            "four": {"type": "delay", "for": "P1D", "ports": {"done": "end"}},
        },
        title="Test",
        tests=[{"name": "t", "when": [{"at": "PT0S", "on": "custom.a"}], "then": {"outcome": "late"}}],
    )


def changed(path: str, value: Any = ...) -> dict[str, Any]:
    """The base with the value at a JSON pointer set, or taken out."""
    found = base()
    holder: Any = found
    *steps, last = path.removeprefix("/").split("/")
    for step in steps:
        holder = holder[int(step)] if isinstance(holder, list) else holder[step]
    if value is ...:
        del holder[last]
    elif isinstance(holder, list):
        holder[int(last)] = value
    else:
        holder[last] = value
    return found


def found(source: Any, context: CheckContext = CONTEXT) -> list[tuple[str, str]]:
    return [(each.code, each.pointer) for each in check(source, context)]


def test_a_sound_document_has_no_findings() -> None:
    assert found(base()) == []


@pytest.mark.parametrize(
    ("path", "value", "pointer"),
    [
        ("/colour", "red", "/colour"),
        ("/schema", "waystation/journey@2", "/schema"),
        ("/key", "Not a key", "/key"),
        ("/key", 7, "/key"),
        ("/entry", {}, "/entry"),
        ("/entry/0", 7, "/entry/0"),
        ("/entry/0/on", "scanned", "/entry/0/on"),
        ("/entry/0/wen", True, "/entry/0/wen"),
        ("/title", {"zh": "a", "fr": "b"}, "/title/fr"),
        ("/policies/max_age", "45 days", "/policies/max_age"),
        ("/policies/max_age", "P1000Y", "/policies/max_age"),
        ("/policies/time_zone", "Mars/Base", "/policies/time_zone"),
        ("/policies/maximum", 1, "/policies/maximum"),
        ("/policies/reentry", {"mode": "sometimes"}, "/policies/reentry/mode"),
        ("/policies/quiet_hours", {"from": "21:30", "to": "25:00"}, "/policies/quiet_hours/to"),
        ("/policies/quiet_hours", {"from": "21:30"}, "/policies/quiet_hours"),
        ("/policies/holdout", {"share_bp": True}, "/policies/holdout/share_bp"),
        ("/policies/holdout", {"share_bp": 10_001}, "/policies/holdout/share_bp"),
        ("/fields", {"event.x": {"type": "colour"}}, "/fields/event.x/type"),
        ("/goal", {"on": "custom.c", "outcome": "x"}, "/goal/outcome"),
        ("/exits", [{"on": "custom.c", "port": "x"}], "/exits/0/port"),
        ("/nodes/one/timeout", "PT", "/nodes/one/timeout"),
        ("/nodes/one/timeout", "-PT1H", "/nodes/one/timeout"),
        ("/nodes/one/timeout", 60, "/nodes/one/timeout"),
        ("/nodes/one/for", [], "/nodes/one/for"),
        ("/nodes/one/for/0/prt", "x", "/nodes/one/for/0/prt"),
        ("/nodes/one/since", "birth", "/nodes/one/since"),
        ("/nodes/one/stage", "no spaces", "/nodes/one/stage"),
        ("/nodes/four/type", "nap", "/nodes/four/type"),
        ("/nodes/four/type", ..., "/nodes/four"),
        ("/nodes/four/for", ..., "/nodes/four"),
        ("/nodes/four/until", {"time": "10:00"}, "/nodes/four"),
        ("/nodes/three/arms/0/share_bp", "40%", "/nodes/three/arms/0/share_bp"),
        ("/nodes/call/retry", {"attempts": 0}, "/nodes/call/retry/attempts"),
        ("/nodes/call/retry", {"max": "P1M"}, "/nodes/call/retry/max"),
        ("/nodes/bad id", {"type": "end", "outcome": "x"}, "/nodes/bad id"),
        ("/nodes/two/ports/no way", "end", "/nodes/two/ports/no way"),
        ("/nodes/two/ports/yes", 7, "/nodes/two/ports/yes"),
        ("/tests/0/then/outcom", "x", "/tests/0/then/outcom"),
        ("/tests/0/when/0/at", "soon", "/tests/0/when/0/at"),
        ("/tests/0/when/0", {"activity": "call"}, "/tests/0/when/0"),
        ("/tests/0/when/0", {"on": "custom.a"}, "/tests/0/when/0"),
        ("/tests/0/given", {"now": "2026-01-07T10:00:00"}, "/tests/0/given/now"),
        ("/note", "a\0b", "/note"),
        ("/nodes/call/params/text", 2**53 + 1, "/nodes/call/params/text"),
        ("/nodes/call/params/text", float("inf"), "/nodes/call/params/text"),
    ],
)  # fmt: skip
def test_schema_finds_an_unknown_key_a_wrong_type_a_bad_duration_key_or_id(path, value, pointer) -> None:
    assert found(changed(path, value)) == [("schema", pointer)]


@pytest.mark.parametrize(
    ("path", "first", "others"),
    [
        ("/nodes/one/next", "title", ["`ports`", "`for`", "`timeout`"]),
        ("/nodes/one/port", "ports", ["`stage`"]),
        ("/nodes/one/for/0/wen", "when", ["`on`", "`port`", "`save`"]),
        ("/entry/0/ons", "on", ["`when`", "`start`"]),
        ("/policies/reentry", "cooldown", ["`mode`"]),
        ("/policies/quiet_hours", "from", ["`to`"]),
        ("/gaol", "goal", ["`nodes`", "`policies`"]),
        ("/tests", "given", ["`when`", "`then`"]),
    ],
)
def test_where_a_key_is_unknown_those_that_there_are_are_named_nearest_first(
    path: str, first: str, others: list[str]
) -> None:
    wrong = {
        "/policies/reentry": {"mode": "once", "cooldwn": "P1D"},
        "/policies/quiet_hours": {"from": "21:00", "to": "08:00", "form": 1},
        "/tests": [{"name": "x", "givn": {}}],
    }
    told = [each.message for each in check(changed(path, wrong.get(path, "x")), CONTEXT) if each.code == "schema"]
    named = [(f"here. There are `{first}`, " in one["en"], f"这里可用：“{first}”、" in one["zh"]) for one in told]
    assert named == [(True, True)]
    assert all(other in told[0]["en"] for other in others)


def test_of_params_that_a_type_does_not_know_its_own_are_named() -> None:
    source = changed("/nodes/call", activity("call", {"txet": "x"}))
    told = [each.message["en"] for each in check(source, CONTEXT) if each.code == "bad-params"]
    assert any("There is no key `txet` here. There are `text`" in one for one in told)


@pytest.mark.parametrize("source", [None, 7, "x", [], [{}], True])
def test_what_is_no_object_is_no_journey(source) -> None:
    assert found(source) == [("schema", "")]


def test_every_missing_key_is_found() -> None:
    assert sorted(each.message["en"] for each in check({}, CONTEXT)) == [
        f"The key `{key}` is missing." for key in ("entry", "key", "nodes", "schema", "start")
    ]


def test_more_than_150_nodes_or_256_kb_are_schema_findings() -> None:
    many = base()
    many["nodes"] |= {f"n{i}": {"type": "end", "outcome": "x"} for i in range(150)}
    assert ("schema", "/nodes") in found(many)
    assert ("schema", "") in found(changed("/note", "x" * 300_000))


def test_nesting_without_end_is_a_schema_finding() -> None:
    deep: Any = {}
    for _ in range(400):
        deep = {"and": [deep]}
    assert codes(check(changed("/nodes/two/cases/0/when", deep), CONTEXT)) == ["unused-value", "schema"]


STOCK = {"type": "activity", "activity": "stock", "ports": {"done": "end"}}
SPIN = {
    "type": "choice",
    "cases": [{"when": {"==": [{"var": "event.n"}, 1]}, "port": "x"}],
    "ports": {"x": "four", "else": "two"},
}
FLASH = {"type": "activity", "activity": "flash", "params": {"text": "x"}, "ports": {"done": "end"}}


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("/start", "nowhere", [("unknown-node", "/start")] + [("unreachable-node", f"/nodes/{x}") for x in ("call", "end", "four", "late", "one", "three", "two")]),
        ("/entry/0/start", "nowhere", [("unknown-node", "/entry/0/start")]),
        ("/nodes/four/ports/done", "edn", [("unknown-node", "/nodes/four/ports/done")]),
        ("/nodes/four/ports/later", "end", [("unknown-port", "/nodes/four/ports/later")]),
        ("/nodes/end/ports", {"done": "late"}, [("unknown-port", "/nodes/end/ports/done")]),
        ("/nodes/call/ports/quiet", "end", [("unknown-port", "/nodes/call/ports/quiet")]),
        ("/nodes/two/ports/else", ..., [("missing-port", "/nodes/two/ports")]),
        ("/nodes/one/timeout", ..., [("test-failed", "/tests/0"), ("unknown-port", "/nodes/one/ports/timeout")]),
        ("/nodes/four/ports", {}, [("dead-end", "/nodes/four"), ("missing-port", "/nodes/four/ports")]),
        ("/nodes/four/ports", ..., [("dead-end", "/nodes/four"), ("missing-port", "/nodes/four")]),
        ("/nodes/four/ports/done", "four", [("dead-end", "/nodes/four")]),
        ("/nodes/spare", {"type": "end", "outcome": "x"}, [("unreachable-node", "/nodes/spare")]),
        ("/nodes/two/ports/else", "call", [("hot-loop", "/nodes/call")]),
        ("/nodes/four", SPIN, [("hot-loop", "/nodes/four")]),
        ("/nodes/four", {"type": "delay", "for": "PT0S", "ports": {"done": "two"}}, [("hot-loop", "/nodes/four")]),
        ("/policies/max_age", ..., []),
        ("/nodes/three/arms/0/share_bp", 4001, [("bad-split", "/nodes/three/arms")]),
        ("/nodes/call/activity", "cal", [("unknown-activity", "/nodes/call/activity")]),
        ("/nodes/call/params", {}, [("bad-params", "/nodes/call/params")]),
        ("/nodes/call/params", ..., [("bad-params", "/nodes/call")]),
        ("/nodes/call/params/subject", "x", [("bad-params", "/nodes/call/params/subject")]),
        ("/nodes/call/params/text", 7, [("bad-params", "/nodes/call/params/text")]),
        ("/nodes/call/params/attachments", [{"kind": "qr", "chat": 7}], [("bad-params", "/nodes/call/params/attachments/0/chat")]),
        ("/nodes/call/params/attachments", [{"kind": "qr"}], [("bad-params", "/nodes/call/params/attachments/0")]),
        ("/nodes/call/params/text", "{{member.nickname}}", [("maybe-missing", "/nodes/call/params/text")]),
        ("/nodes/call/params/text", "{{member.age}}", [("unknown-field", "/nodes/call/params/text")]),
        ("/nodes/call/params/text", {"$": {"var": "vars.it.n"}}, [("maybe-missing", "/nodes/call/params/text")]),
        ("/nodes/call/params/text", {"$": {"var": "vars.that.n"}}, [("unknown-field", "/nodes/call/params/text/$/var")]),
        ("/nodes/two/cases/0/when", {"==": [{"var": "vars.it.m"}, 1]}, [("unknown-field", "/nodes/two/cases/0/when/==/0/var")]),
        ("/nodes/two/cases/0/when", {"==": [{"var": "vars.it.n"}, "x"]}, [("type-mismatch", "/nodes/two/cases/0/when/==/1")]),
        ("/nodes/two/cases/0/when", {"==": [{"var": "member.friend"}, True]}, [("unused-value", "/nodes/one/for/0/save")]),
        ("/nodes/two/cases/0/when", {"var": "vars.it.n"}, [("type-mismatch", "/nodes/two/cases/0/when")]),
        ("/nodes/two/cases/0/when", {"same": [1, {"var": "vars.it.n"}]}, [("schema", "/nodes/two/cases/0/when")]),
        ("/entry/0/when", {"==": [{"var": "vars.it.n"}, 1]}, [("unknown-field", "/entry/0/when/==/0/var")]),
        ("/entry/0/when", {"==": [{"var": "run.id"}, "1"]}, [("unknown-field", "/entry/0/when/==/0/var")]),
        ("/entry/0/when", {"==": [{"var": "event.welcome_code"}, "1"]}, [("unknown-field", "/entry/0/when/==/0/var")]),
        ("/nodes/four", {"type": "delay", "until": {"var": "member.tier"}, "ports": {"done": "end"}}, [("type-mismatch", "/nodes/four/until")]),
        ("/nodes/four", {"type": "delay", "until": {"time": "10"}, "ports": {"done": "end"}}, [("schema", "/nodes/four/until/time")]),
        ("/nodes/four", STOCK, [("bad-subject", "/nodes/four/activity")]),
        ("/subject", "store", [("bad-subject", "/nodes/call/activity"), ("not-available", "/subject")]),
        ("/entry/0", {"list": True}, [("test-failed", "/tests/0")]),
        ("/entry/0", {"becomes": {"==": [{"var": "member.tier"}, "gold"]}, "check": "P1D"}, [("test-failed", "/tests/0")]),
        ("/nodes/four", {"type": "decide", "ruleset": "r", "save": "zone", "ports": {"done": "end"}}, [("unused-value", "/nodes/four/save")]),
        ("/nodes/four", {"type": "task", "task": "t", "assign": {"to": "store"}, "ports": {"done": "end", "overdue": "end"}}, [("not-available", "/nodes/four")]),
        ("/nodes/four", {"type": "journey", "journey": "j", "mode": "call", "ports": {"done": "end"}}, []),
        ("/nodes/four", {"type": "journey", "journey": "j", "mode": "wait", "ports": {"done": "end"}}, [("schema", "/nodes/four/mode")]),
        ("/nodes/four", {"type": "journey", "journey": "j", "mode": "call", "ports": {"error": "end"}}, [("missing-port", "/nodes/four/ports")]),
        ("/goal", {"on": "custom.unheard"}, [("unknown-event", "/goal/on")]),
        ("/nodes/one/for/0/on", "contact.addded", [("unknown-event", "/nodes/one/for/0/on"), ("unknown-field", "/nodes/two/cases/0/when/==/0/var")]),
        ("/tests/0/then/outcome", "finished", [("test-failed", "/tests/0")]),
        ("/policies/pressure", {"anything": 1}, []),
        ("/policies/holdout", {"share_bp": 500}, []),
    ],
)  # fmt: skip
def test_each_code_is_found_at_its_place_and_nothing_else_is_said(path, value, expected) -> None:
    assert sorted(found(changed(path, value))) == sorted(expected)


def test_a_wait_without_timeout_in_a_journey_without_max_age_is_endless() -> None:
    source = changed("/policies", {})
    del source["nodes"]["one"]["timeout"]
    del source["nodes"]["one"]["ports"]["timeout"]
    del source["nodes"]["late"]
    source["tests"] = []
    assert found(source) == [("endless-wait", "/nodes/one")]


def test_a_push_that_expires_before_quiet_hours_end_needs_its_quiet_port() -> None:
    source = changed("/nodes/four", FLASH)
    assert found(source) == []
    source["policies"]["quiet_hours"] = {"from": "21:30", "to": "08:30"}
    assert found(source) == [("expires-in-quiet", "/nodes/four")]
    source["nodes"]["four"]["ports"]["quiet"] = "late"
    assert found(source) == []


def test_references_are_judged_where_they_can_be_looked_up() -> None:
    source = changed(
        "/nodes/call/params/attachments",
        [{"kind": "qr", "chat": "gone"}, {"kind": "qr", "chat": {"$": {"var": "store.title"}}}],
    )
    source["nodes"]["four"] = activity("coupon.issue", {"batch": "HOOK"}, ports={"sold_out": "late"})
    there = CheckContext(
        CATALOGUE, FIELDS, EVENTS, references=lambda kind, key: (kind, key) == ("coupon-batch", "HOOK")
    )
    assert found(source) == []
    assert found(source, there) == [("unknown-reference", "/nodes/call/params/attachments/0/chat")]


@pytest.mark.parametrize(
    ("when", "other", "overlaps"),
    [
        (None, None, True),
        ({"==": [{"var": "event.n"}, 1]}, None, True),
        ({"==": [{"var": "event.n"}, 1]}, {"==": [{"var": "event.n"}, 1]}, True),
        ({"==": [{"var": "event.n"}, 1]}, {"==": [{"var": "event.n"}, 2]}, False),
    ],
)
def test_another_live_journey_that_takes_the_same_people_is_shown(when, other, overlaps) -> None:
    source = base()
    source["tests"] = []
    if when is not None:
        source["entry"][0]["when"] = when
    live = [LiveJourney("other", (("custom.a", other),)), LiveJourney("test", (("custom.a", None),))]
    context = CheckContext(CATALOGUE, FIELDS, EVENTS, live=live)
    assert found(source, context) == ([("entry-overlap", "/entry/0")] if overlaps else [])


def test_a_working_day_beyond_the_published_holidays_is_shown() -> None:
    source = changed(
        "/nodes/four", {"type": "delay", "until": {"time": "10:00", "working_day": True}, "ports": {"done": "end"}}
    )
    for year, expected in ((2026, []), (2030, [("unknown-holidays", "/nodes/four/until")])):
        context = CheckContext(CATALOGUE, FIELDS, EVENTS, now=datetime(year, 6, 1, tzinfo=UTC))
        assert found(source, context) == expected


def test_an_event_that_the_journey_sends_itself_is_known() -> None:
    source = changed("/goal", {"on": "custom.mine"})
    source["nodes"]["four"] = {
        "type": "activity",
        "activity": "event.emit",
        "params": {"type": "custom.mine"},
        "ports": {"done": "end"},
    }
    assert ("unknown-event", "/goal/on") not in found(source)


def test_a_finding_hides_no_other() -> None:
    source = base()
    source["nodes"]["one"]["timeout"] = "an hour"
    source["nodes"]["two"]["cases"][0]["when"] = {"==": [{"var": "member.age"}, 1]}
    source["nodes"]["three"]["arms"][0]["share_bp"] = 1
    source["nodes"]["four"] = {"type": "nap", "ports": {"done": "gone"}}
    source["nodes"]["spare"] = {"type": "activity", "activity": "nothing", "ports": {"done": "gone"}}
    source["colour"] = "red"
    assert sorted(found(source)) == sorted(
        [
            ("schema", "/colour"), ("schema", "/nodes/one/timeout"), ("schema", "/nodes/four/type"),
            ("unknown-field", "/nodes/two/cases/0/when/==/0/var"), ("bad-split", "/nodes/three/arms"),
            ("unused-value", "/nodes/one/for/0/save"),
            ("unknown-activity", "/nodes/spare/activity"), ("unknown-node", "/nodes/spare/ports/done"),
            ("unreachable-node", "/nodes/spare"),
        ]
    )  # fmt: skip


def test_a_broken_declaration_explains_the_conditions_that_use_it() -> None:
    source = changed("/fields", {"event.score": {"type": "number"}})
    source["nodes"]["two"]["cases"][0]["when"] = {
        "and": [{"<": [{"var": "event.score"}, 5]}, {"==": [{"var": "vars.it.n"}, 1]}]
    }
    assert found(source) == [("schema", "/fields/event.score/type")]


def test_a_document_declares_fields_that_the_catalogue_does_not_know() -> None:
    source = changed("/fields", {"event.score": {"type": "integer", "optional": True}})
    source["nodes"]["two"]["cases"][0]["when"] = {
        "and": [{"<": [{"var": "event.score"}, 5]}, {"<": [{"var": "vars.it.score"}, 5]}]
    }
    assert found(source) == []


def test_messages_are_in_both_languages_and_a_failed_test_shows_the_difference() -> None:
    failed = check(changed("/tests/0/then/outcome", "finished"), CONTEXT)[0]
    assert failed.example == {}
    assert "结果应为 “finished”，实际是 “late”" in failed.message["zh"]
    assert "outcome should be `finished` and is `late`" in failed.message["en"]
    assert failed.to_json()["severity"] == "error"
    for source in (changed("/start", "nowhere"), changed("/key", "?"), changed("/nodes/call/params", {})):
        assert all(
            each.message.keys() == {"zh", "en"} and all(each.message.values()) for each in check(source, CONTEXT)
        )


def test_whole_numbers_count_as_integers_however_they_are_written() -> None:
    assert found(changed("/nodes/three/arms/0/share_bp", 4000.0)) == []


def test_checking_changes_nothing() -> None:
    source = changed("/nodes/four/type", "nap")
    before = copy.deepcopy(source)
    check(source, CONTEXT)
    assert source == before


def test_the_seeded_journey_has_no_errors_and_its_tests_visit_every_port() -> None:
    source = json.loads(SEED.read_text(encoding="utf-8"))
    context = CheckContext(HOOK_CATALOGUE, base_fields(), {name: each.fields for name, each in EVENT_TYPES.items()})
    findings = check(source, context)
    assert set(codes(findings)) == {"maybe-missing", "unused-value"}
    journey, _ = parse(source)
    assert journey is not None
    report = run_tests(compile_plan(source, context.catalogue, context.fields, context.events), journey.tests)
    assert all(visited for _, _, visited in report.coverage)


def test_a_failed_test_tells_effects_by_the_words_of_their_types() -> None:
    source = changed("/tests/0/then", {"effects": [{"activity": "coupon.issue", "params": {"batch": "OTHER"}}]})
    [failed] = [each for each in check(source, CONTEXT) if each.code == "test-failed"]
    assert failed.message == {
        "zh": "测试“t”没有通过：动作应为 发券（batch：“OTHER”），实际是 无。",
        "en": "The test `t` failed: the actions should be Issue (batch: `OTHER`) and are nothing.",
    }
