"""JOURNEYS.md, Meaning 5 to 7: effects, quiet hours, failure. Each test states one sentence of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engine.journeys.deadlines import Pause
from engine.journeys.effects import SPREAD
from engine.journeys.operators import NOT_LIVE, NOT_STUCK, objection
from engine.journeys.state import Alert, Failure, Operator, Outcome
from tests.engine.journeys.world import Host, Run, activity, at, event, plan_of, wait

MESSAGE = {"text": "hi"}
QUIET = {"max_age": "P1Y", "quiet_hours": {"from": "21:30", "to": "08:30"}}
NIGHT = "PT13H"
"""23:00 in Shanghai."""


def test_an_effect_happens_once_under_the_key_of_its_node_and_visit() -> None:
    nodes = {
        "note": activity("note", ports={"done": "again"}),
        "again": wait("custom.b", timeout="PT1H", ports={"got": "note"}),
    }
    run = Run(plan_of(nodes))
    run.turn("PT0S")
    run.turn("PT1M", event(101, "custom.b"), event(102, "custom.b"))
    assert list(run.host.performed) == ["note:1", "note:2", "note:3"]


def test_an_outcome_of_another_effect_than_the_present_one_changes_nothing() -> None:
    run = Run(plan_of({"one": activity("call", MESSAGE)}), settle_at_once=False)
    run.turn("PT0S")
    before = run.state
    run.turn("PT0S", outcome=Outcome("one:7"))
    assert run.state == before


def test_a_declared_outcome_is_a_port() -> None:
    plan = plan_of({"one": activity("coupon.issue", {"batch": "B"}, ports={"sold_out": "late"})})
    for port, outcome in (("done", "finished"), ("sold_out", "late")):
        run = Run(plan, Host(results={"coupon.issue": [Outcome("", port)]}))
        run.turn("PT0S")
        assert run.outcome == outcome


def test_save_keeps_the_result() -> None:
    run = Run(plan_of({"one": activity("note", save="it")}), Host(results={"note": [Outcome("", result={"id": "7"})]}))
    run.turn("PT0S")
    assert run.state.vars == {"it": {"id": "7"}}


def test_facts_are_read_anew_after_each_local_effect() -> None:
    nodes = {
        "note": activity("note", ports={"done": "ask"}),
        "ask": {
            "type": "choice",
            "cases": [{"when": {"==": [{"var": "member.friend"}, True]}, "port": "friend"}],
            "ports": {"friend": "end", "else": "late"},
        },
    }

    class Befriending(Host):
        def perform(self, effect):
            self.facts_ = {"member": {"friend": True}}
            return super().perform(effect)

    run = Run(plan_of(nodes), Befriending())
    run.turn("PT0S")
    assert run.outcome == "finished"


# Quiet hours


def test_quiet_hours_hold_for_push_alone() -> None:
    run = Run(plan_of({"one": activity("call", MESSAGE)}, policies=QUIET))
    run.turn(NIGHT)
    assert run.outcome == "finished"


def test_a_push_leaves_through_quiet_if_that_port_is_connected() -> None:
    run = Run(plan_of({"one": activity("push", MESSAGE, ports={"quiet": "late"})}, policies=QUIET))
    run.turn(NIGHT)
    assert (run.outcome, run.asked) == ("late", {})


def test_a_push_is_deferred_to_the_end_of_the_quiet_time_spread_over_30_minutes() -> None:
    run = Run(plan_of({"one": activity("push", {"text": "{{member.nickname}}"})}, policies=QUIET))
    wake_at = run.turn(NIGHT).wake_at
    assert wake_at is not None
    assert at("PT22H30M") <= wake_at < at("PT22H30M") + SPREAD
    assert run.state.status == "waiting"
    run.host.facts_ = {"member": {"nickname": "known by now"}}
    run.turn(wake_at)
    assert run.asked["one:1"].params == {"text": "known by now"}
    assert run.outcome == "finished"


def test_a_deferred_push_that_wakes_in_the_next_quiet_time_is_deferred_again() -> None:
    run = Run(plan_of({"one": activity("push", MESSAGE)}, policies=QUIET))
    run.turn(NIGHT)
    run.turn("P1DT13H")
    assert len(run.lines("deferred")) == 2
    assert run.asked == {}


def test_goal_and_exits_act_while_a_push_is_deferred() -> None:
    run = Run(plan_of({"one": activity("push", MESSAGE)}, policies=QUIET, goal={"on": "custom.b"}))
    run.turn(NIGHT)
    run.turn("PT14H", event(101, "custom.b", "PT14H"))
    assert (run.outcome, run.asked) == ("goal", {})


# Failure


def test_only_failures_of_the_type_use_up_the_retry_and_each_waits_longer() -> None:
    run = Run(plan_of({"one": activity("note", ports={"error": "late"})}), Host(results={"note": [Failure("no")] * 3}))
    assert run.turn("PT0S").wake_at == at("PT1S")
    assert run.turn("PT1S").wake_at == at("PT3S")
    run.turn("PT3S")
    assert (run.outcome, run.host.failed) == ("late", {"one:1": 3})


def test_a_local_effect_that_succeeds_later_goes_on() -> None:
    run = Run(
        plan_of({"one": activity("note")}), Host(results={"note": [Failure("no", retry_after=timedelta(hours=2))]})
    )
    assert run.turn("PT0S").wake_at == at("PT2H")
    run.turn("PT2H")
    assert run.outcome == "finished"


def test_the_node_overrides_the_retry_of_the_type() -> None:
    plan = plan_of({"one": activity("note", ports={"error": "late"}, retry={"attempts": 1})})
    run = Run(plan, Host(results={"note": [Failure("no")]}))
    run.turn("PT0S")
    assert run.outcome == "late"


def test_when_retries_are_used_up_and_error_is_not_connected_the_run_is_stuck() -> None:
    run = Run(plan_of({"one": activity("call", MESSAGE)}), Host(results={"call": [Failure("refused", "no")]}))
    run.turn("PT0S")
    assert run.state.status == "stuck"
    assert run.state.stuck is not None
    assert (run.state.stuck.reason, run.state.stuck.message) == ("failed", "refused: no")
    assert Alert("stuck", "one", {"reason": "failed", "message": "refused: no"}) in run.commands


def test_an_operators_retry_keeps_the_visit_and_so_the_key() -> None:
    run = Run(plan_of({"one": activity("call", MESSAGE)}), Host(results={"call": [Failure("refused")]}))
    run.turn("PT0S")
    run.turn("PT1H", operators=[Operator("retry", by="ops")])
    assert run.outcome == "finished"
    assert list(run.asked) == ["one:1"]
    assert run.asked["one:1"].again is True


def test_an_operators_retry_grants_all_attempts_anew() -> None:
    run = Run(plan_of({"one": activity("note")}), Host(results={"note": [Failure("no")] * 4}))
    for now in ("PT0S", "PT1M", "PT2M"):
        run.turn(now)
    assert run.state.status == "stuck"
    assert run.turn("PT3M", operators=[Operator("retry")]).wake_at == at("PT3M1S")


def test_an_operator_skips_by_choosing_a_port() -> None:
    plan = plan_of({"one": activity("coupon.issue", {"batch": "B"}, ports={"sold_out": "late"})})
    run = Run(plan, Host(results={"coupon.issue": [Failure("no", final=True)]}))
    run.turn("PT0S")
    run.turn("PT1H", operators=[Operator("skip", port="sold_out")])
    assert run.outcome == "late"


def test_an_operator_ends_a_run_wherever_it_stands() -> None:
    run = Run(plan_of({"one": wait("custom.b", timeout="PT1H")}))
    run.turn("PT0S")
    run.turn("PT1M", operators=[Operator("exit", outcome="removed")])
    assert (run.outcome, run.state.status) == ("removed", "exited")


def test_an_unknown_outcome_is_for_an_operator_even_where_error_is_connected() -> None:
    plan = plan_of({"one": activity("call", MESSAGE, ports={"error": "late"})})
    run = Run(plan, Host(results={"call": [Failure("unknown-outcome")]}))
    run.turn("PT0S")
    assert run.state.stuck is not None
    assert run.state.stuck.reason == "unknown-outcome"


@pytest.mark.parametrize(
    "params",
    [
        {"text": {"$": {"var": "member.nickname"}}},
        {"text": "{{member.nickname}}"},
    ],
)
@pytest.mark.parametrize(("ports", "outcome"), [({"error": "late"}, "late"), ({}, None)])
def test_a_required_param_that_is_unknown_fails_the_node_without_a_call_and_without_retry(
    params, ports, outcome
) -> None:
    run = Run(plan_of({"one": activity("call", params, ports=ports)}), Host({"member": {}}))
    assert run.turn("PT0S").effect is None
    assert (run.outcome, run.asked) == (outcome, {})


def test_an_expression_that_errs_fails_the_node_without_a_call() -> None:
    run = Run(
        plan_of({"one": activity("call", {"text": {"$": {"var": "member.nickname"}}}, ports={"error": "late"})}),
        Host({"member": {"nickname": 7}}),
    )
    run.turn("PT0S")
    assert (run.outcome, run.asked) == ("late", {})
    assert run.lines("failed")[0].detail["code"] == "expression-error"


def test_an_optional_param_that_is_unknown_is_left_out() -> None:
    attachments = [{"kind": "group_qr", "chat": {"$": {"var": "member.nickname"}}}]
    run = Run(plan_of({"one": activity("call", {"text": "x", "attachments": attachments})}))
    run.turn("PT0S")
    assert run.asked["one:1"].params == {"text": "x"}


def test_computed_params_that_the_model_refuses_fail_the_node() -> None:
    plan = plan_of({"one": activity("call", {"text": {"$": {"var": "member.points"}}}, ports={"error": "late"})})
    run = Run(plan, Host({"member": {"points": 7}}))
    run.turn("PT0S")
    assert run.outcome == "late"
    assert run.lines("failed")[0].detail["code"] == "bad-params"


@pytest.mark.parametrize(("tier", "port"), [("gold", "gold"), ("silver", "else"), (None, "unsure"), (7, "unsure")])
def test_a_choice_takes_on_unknown_when_none_is_true_and_one_was_unknown(tier, port) -> None:
    nodes = {
        "one": {
            "type": "choice",
            "cases": [{"when": {"==": [{"var": "member.tier"}, "gold"]}, "port": "gold"}],
            "on_unknown": "unsure",
            "ports": {"gold": "end", "unsure": "late", "else": "end"},
        }
    }
    run = Run(plan_of(nodes), Host({"member": {"tier": tier}}))
    run.turn("PT0S")
    assert run.lines("left")[0].port == port
    assert run.lines("left")[0].reads == {"member.tier": tier}


def test_an_error_in_a_condition_is_not_true_and_is_recorded_and_alerted() -> None:
    nodes = {"one": wait({"on": "custom.b", "when": {"<": [{"var": "event.n"}, 5]}, "port": "got"}, timeout="PT1H")}
    run = Run(plan_of(nodes))
    run.turn("PT1M", event(101, "custom.b", n="three"))
    assert run.state.status == "waiting"
    alerts = [each for each in run.commands if isinstance(each, Alert)]
    assert [(each.reason, each.detail["condition"]) for each in alerts] == [
        ("condition-error", "/nodes/one/for/0/when")
    ]
    assert [line.kind for line in run.lines("failed")] == ["failed"]


def test_an_instant_that_is_unknown_leaves_the_run_stuck_until_an_operator_retries() -> None:
    run = Run(plan_of({"one": {"type": "delay", "until": {"var": "member.due"}, "ports": {"done": "end"}}}))
    run.turn("PT0S")
    assert run.state.status == "stuck"
    run.host.facts_ = {"member": {"due": at("PT2H").isoformat()}}
    assert run.turn("PT1H", operators=[Operator("retry")]).wake_at == at("PT2H")
    run.turn("PT2H")
    assert (run.outcome, run.path) == ("finished", ["one", "end"])


def test_an_instant_that_has_passed_is_now() -> None:
    run = Run(plan_of({"one": {"type": "delay", "until": {"var": "member.due"}, "ports": {"done": "end"}}}))
    run.host.facts_ = {"member": {"due": at("PT1H").isoformat()}}
    run.turn("PT2H")
    assert run.outcome == "finished"


@pytest.mark.parametrize(
    ("operator", "forbidden"),
    [
        (Operator("retry"), False),
        (Operator("skip", port="done"), False),
        (Operator("skip", port="nowhere"), True),
        (Operator("skip"), True),
        (Operator("exit"), False),
    ],
)
def test_a_command_that_the_state_forbids_is_objected_to_and_changes_nothing(operator, forbidden) -> None:
    run = Run(plan_of({"one": activity("call", MESSAGE)}), Host(results={"call": [Failure("no")]}))
    run.turn("PT0S")
    assert (objection(run.plan, run.state, operator) is not None) is forbidden
    before = run.state
    run.turn("PT0S", operators=[operator])
    assert (run.state == before) is forbidden


def test_only_what_is_stuck_can_be_retried_and_nothing_that_has_ended_can_be_exited() -> None:
    run = Run(plan_of({"one": wait("custom.b", timeout="PT1H")}))
    run.turn("PT0S")
    assert objection(run.plan, run.state, Operator("retry")) == NOT_STUCK
    assert objection(run.plan, run.state, Operator("exit")) is None
    run.turn("PT2H")
    assert objection(run.plan, run.state, Operator("exit")) == NOT_LIVE


def test_an_outcome_that_arrives_while_paused_is_kept_and_the_next_node_entered_afterwards() -> None:
    run = Run(plan_of({"one": activity("call", MESSAGE, save="said")}), settle_at_once=False)
    run.turn("PT0S")
    run.pauses = [Pause(at("PT1M"))]
    run.turn("PT2M", outcome=Outcome("one:1", result={"id": "7"}))
    assert (run.path, run.state.vars) == (["one"], {"said": {"id": "7"}})
    run.pauses = [Pause(at("PT1M"), at("PT3M"), "hold")]
    run.turn("PT3M")
    assert run.outcome == "finished"
