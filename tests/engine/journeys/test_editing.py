"""What each command makes of a document, and what it refuses."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from pydantic import TypeAdapter

from engine.journeys.check import check
from engine.journeys.editing.apply import apply
from engine.journeys.editing.commands import AnyJourneyCommand, JourneyCommand
from rules.documents.commands import CommandError
from tests.engine.journeys.world import CONTEXT, activity, codes, document, wait

COMMANDS: TypeAdapter[JourneyCommand] = TypeAdapter(AnyJourneyCommand)


def done(source: dict[str, Any], command: str, **more: Any) -> dict[str, Any]:
    """The document after a command; the one before is as it was."""
    before = copy.deepcopy(source)
    after: dict[str, Any] = apply(source, COMMANDS.validate_python({"command": command, **more}))
    assert source == before
    return after


def refused(source: dict[str, Any], command: str, **more: Any) -> CommandError:
    with pytest.raises(CommandError) as caught:
        done(source, command, **more)
    assert caught.value.zh
    assert caught.value.en
    return caught.value


def ports(source: dict[str, Any]) -> dict[str, dict[str, str]]:
    return {key: node["ports"] for key, node in source["nodes"].items() if "ports" in node}


def road() -> dict[str, Any]:
    """one → pick, which parts into left (→ far → late) and right, both of which lead to join → end."""
    return document(
        {
            "one": wait("custom.b", timeout="PT1H", ports={"got": "pick"}),
            "pick": {
                "type": "choice",
                "cases": [{"when": {"==": [{"var": "member.friend"}, True]}, "port": "yes"}],
                "ports": {"yes": "left", "else": "right"},
            },
            "left": activity("coupon.issue", {"batch": "B"}, ports={"done": "join", "sold_out": "far"}),
            "far": {"type": "delay", "for": "P1D", "ports": {"done": "late"}},
            "right": {"type": "delay", "for": "P1D", "ports": {"done": "join"}, "stage": "slow"},
            "join": {"type": "delay", "for": "P1D", "ports": {"done": "end"}},
        },
        entry=[{"on": "custom.a"}, {"on": "contact.added", "start": "join"}],
        tests=[
            {
                "name": "t",
                "given": {"arms": {"pick": "yes", "join": "a"}},
                "when": [{"at": "PT1M", "on": "custom.b"}],
                "then": {
                    "path": ["one", "pick", "right", "join", "end"],
                    "effects": [{"activity": "coupon.issue", "node": "join"}],
                    "waiting_at": {"node": "join"},
                },
            }
        ],
    )


@pytest.mark.parametrize(
    ("add", "new_id", "led"),
    [
        ({"type": "wait"}, "wait_added", ["added", "timeout"]),
        ({"type": "wait", "for": [{"on": "group.joined", "port": "in"}]}, "wait_joined", ["in", "timeout"]),
        ({"type": "delay"}, "delay", ["done"]),
        ({"type": "choice"}, "choice", ["yes", "else"]),
        ({"type": "split"}, "split", ["a", "b"]),
        ({"type": "activity", "activity": "coupon.issue", "params": {"batch": "B"}}, "issue_coupon", ["done"]),
        ({"type": "activity", "activity": "wecom.send_welcome"}, "send_welcome", ["done"]),
        ({"type": "activity", "activity": "note"}, "note", ["done"]),
        ({"type": "decide", "ruleset": "price-zone"}, "decide_price_zone", ["done"]),
        ({"type": "task", "task": "invite"}, "invite", ["done", "overdue"]),
        ({"type": "journey", "journey": "win-back"}, "win_back", ["done"]),
    ],
)
def test_a_new_node_is_named_for_what_it_does_and_all_that_it_needs_leads_on(
    add: dict[str, Any], new_id: str, led: list[str]
) -> None:
    after = done(road(), "insert_after", node="pick", port="yes", add=add)
    assert after["nodes"][new_id]["ports"] == dict.fromkeys(led, "left")
    assert after["nodes"]["pick"]["ports"] == {"yes": new_id, "else": "right"}


@pytest.mark.parametrize("kind", ["wait", "delay", "split", "note", "end"])
def test_a_document_without_errors_has_none_after_an_insertion(kind: str) -> None:
    add = {"type": "activity", "activity": kind} if kind == "note" else {"type": kind}
    source = road()
    del source["tests"]
    assert codes(check(source, CONTEXT)) == []
    after = done(source, "insert_after", node="one", port="got", add=add)
    found = check(after, CONTEXT)
    assert [each.code for each in found if each.severity == "error"] == []


def test_a_new_branch_asks_for_its_condition() -> None:
    source = road()
    del source["tests"]
    after = done(source, "insert_after", node="one", port="got", add={"type": "choice"})
    found = [each for each in check(after, CONTEXT) if each.severity == "error"]
    assert [each.pointer for each in found] == ["/nodes/choice/cases/0/when"]
    assert "choose a condition" in found[0].message["en"]


def test_outcomes_that_are_named_lead_on_too() -> None:
    add = {"type": "activity", "activity": "coupon.issue", "params": {"batch": "B"}}
    after = done(road(), "insert_after", node="right", port="done", add=add, ports=["sold_out"])
    assert after["nodes"]["issue_coupon"]["ports"] == {"done": "join", "sold_out": "join"}


def test_several_ports_may_lead_to_the_new_node() -> None:
    source = road()
    source["nodes"]["left"]["ports"]["sold_out"] = "join"
    after = done(source, "insert_after", node="left", port="done", also=["sold_out"], add={"type": "delay"})
    assert after["nodes"]["left"]["ports"] == {"done": "delay", "sold_out": "delay"}
    assert after["nodes"]["delay"]["ports"] == {"done": "join"}
    assert (
        refused(source, "insert_after", node="left", port="done", also=["a b"], add={"type": "end"}).pointer == "/also"
    )


def test_behind_a_port_that_led_nowhere_the_new_node_leads_nowhere() -> None:
    source = road()
    del source["nodes"]["far"]["ports"]["done"]
    after = done(source, "insert_after", node="far", port="done", add={"type": "delay"})
    assert after["nodes"]["far"]["ports"] == {"done": "delay"}
    assert after["nodes"]["delay"]["ports"] == {}
    assert "missing-port" in codes(check(after, CONTEXT))


def test_ids_are_counted_up_and_can_be_chosen() -> None:
    after = done(road(), "insert_after", node="one", port="got", add={"type": "delay"})
    after = done(after, "insert_after", node="one", port="got", add={"type": "delay"})
    after = done(after, "insert_after", node="one", port="got", add={"type": "delay"}, id="a-while")
    assert {"delay", "delay_2", "a-while"} <= after["nodes"].keys()
    assert refused(after, "insert_after", node="one", port="got", add={"type": "delay"}, id="delay").pointer == "/id"
    assert refused(after, "insert_after", node="one", port="got", add={"type": "delay"}, id="a b").pointer == "/id"


def test_a_new_first_node_leads_to_the_one_before_for_all_entries_or_for_one() -> None:
    after = done(road(), "insert_start", add={"type": "delay"})
    assert after["start"] == "delay"
    assert after["nodes"]["delay"]["ports"] == {"done": "one"}
    after = done(road(), "insert_start", add={"type": "delay"}, entry=1)
    assert after["start"] == "one"
    assert after["entry"][1]["start"] == "delay"
    assert after["nodes"]["delay"]["ports"] == {"done": "join"}
    assert refused(road(), "insert_start", add={"type": "delay"}, entry=2).pointer == "/entry/2"


def test_the_first_node_of_an_empty_document() -> None:
    after = done({}, "insert_start", add={"type": "end"})
    assert after == {"nodes": {"done": {"type": "end", "outcome": "done"}}, "start": "done"}


def test_ways_into_a_deleted_node_lead_to_where_it_led() -> None:
    after = done(road(), "delete", node="join")
    assert "join" not in after["nodes"]
    assert after["nodes"]["left"]["ports"] == {"done": "end", "sold_out": "far"}
    assert after["nodes"]["right"]["ports"] == {"done": "end"}
    assert after["entry"][1]["start"] == "end"
    after = done(road(), "delete", node="one")
    assert after["start"] == "pick"
    assert done(road(), "delete", node="pick")["nodes"]["one"]["ports"]["got"] == "right", "the others of a choice"


def test_ways_into_a_deleted_end_lead_nowhere() -> None:
    after = done(road(), "delete", node="late")
    assert after["nodes"]["far"]["ports"] == {}
    assert after["nodes"]["one"]["ports"] == {"got": "pick"}


def test_a_node_that_leads_to_itself_is_closed_up_by_its_other_ways() -> None:
    source = road()
    source["nodes"]["left"]["ports"]["done"] = "left"
    assert done(source, "delete", node="left")["nodes"]["pick"]["ports"]["yes"] == "far"


def test_neither_the_last_node_nor_a_start_that_leads_nowhere_is_deleted() -> None:
    assert refused(road() | {"nodes": {"x": {"type": "end"}}}, "delete", node="x").pointer == "/nodes/x"
    assert refused(road() | {"start": "end"}, "delete", node="end").pointer == "/nodes/end"


def test_a_branch_is_deleted_as_far_as_it_belongs_to_nobody_else() -> None:
    after = done(road(), "delete_branch", node="pick", port="yes")
    assert road()["nodes"].keys() - after["nodes"].keys() == {"left", "far"}
    assert after["nodes"]["pick"]["ports"] == {"yes": "join", "else": "right"}
    after = done(road(), "delete_branch", node="left", port="sold_out")
    assert after["nodes"]["left"]["ports"] == {"done": "join", "sold_out": "late"}


def test_a_branch_that_only_leads_back_is_deleted_and_its_port_leads_nowhere() -> None:
    source = road()
    source["nodes"]["far"]["ports"]["done"] = "one"
    after = done(source, "delete_branch", node="left", port="sold_out")
    assert "far" not in after["nodes"]
    assert after["nodes"]["left"]["ports"] == {"done": "join"}


def test_a_branch_that_others_lead_to_is_not_deleted() -> None:
    assert refused(road(), "delete_branch", node="right", port="done").pointer == "/nodes/right/ports/done"
    assert refused(road(), "delete_branch", node="right", port="nothing").pointer == "/nodes/right/ports/nothing"


def test_a_copy_stands_right_behind_its_node_and_begins_no_stage() -> None:
    after = done(road(), "duplicate", node="right")
    assert after["nodes"]["right"]["ports"] == {"done": "right_2"}
    assert after["nodes"]["right_2"] == {"type": "delay", "for": "P1D", "ports": {"done": "join"}}
    after = done(road(), "duplicate", node="pick")
    assert after["nodes"]["pick"]["ports"] == {"yes": "left", "else": "pick_2"}
    after = done(road(), "duplicate", node="end")
    assert after["nodes"]["end_2"] == after["nodes"]["end"]


def test_a_copy_of_a_branch_leads_within_itself_and_out_to_the_same_places() -> None:
    after = done(road(), "duplicate", node="left", branch=True)
    assert ports(after)["left_2"] == {"done": "join", "sold_out": "far_2"}
    assert ports(after)["far_2"] == {"done": "late"}
    assert {key: node for key, node in after["nodes"].items() if key in road()["nodes"]} == road()["nodes"]
    after = done(road(), "duplicate", node="pick", branch=True)
    assert after["nodes"].keys() - road()["nodes"].keys() == {"pick_2", "left_2", "far_2", "right_2"}


def test_a_moved_branch_closes_up_behind_itself_and_leads_on_at_its_new_place() -> None:
    after = done(road(), "move_branch", node="pick", port="yes", to_node="join", to_port="done")
    assert ports(after)["pick"] == {"yes": "join", "else": "right"}
    assert ports(after)["join"] == {"done": "left"}
    assert ports(after)["left"] == {"done": "end", "sold_out": "far"}


def test_a_branch_that_others_lead_to_is_led_to_from_elsewhere() -> None:
    after = done(road(), "move_branch", node="right", port="done", to_node="far", to_port="done")
    assert ports(after)["right"] == {}
    assert ports(after)["far"] == {"done": "join"}


@pytest.mark.parametrize(
    ("to_node", "to_port"), [("far", "done"), ("left", "done"), ("pick", "yes"), ("end", "done"), ("nowhere", "x")]
)
def test_a_branch_is_not_moved_into_itself_or_behind_an_end(to_node: str, to_port: str) -> None:
    error = refused(road(), "move_branch", node="pick", port="yes", to_node=to_node, to_port=to_port)
    assert error.pointer.startswith(f"/nodes/{to_node}")


def test_ports_are_connected_and_disconnected() -> None:
    after = done(road(), "connect", node="far", port="done", to="one")
    assert ports(after)["far"] == {"done": "one"}
    assert ports(done(after, "disconnect", node="far", port="done"))["far"] == {}
    assert refused(road(), "connect", node="far", port="done", to="on").pointer == "/to"
    assert "`one`" in refused(road(), "connect", node="far", port="done", to="on").en
    assert refused(road(), "connect", node="far", port="no way", to="one").pointer == "/port"
    assert refused(road(), "connect", node="end", port="done", to="one").pointer == "/nodes/end"
    assert refused(road(), "disconnect", node="far", port="error").pointer == "/nodes/far/ports/error"


def test_params_are_set_where_there_are_any() -> None:
    assert done(road(), "set_params", node="left", params={"batch": "C"})["nodes"]["left"]["params"] == {"batch": "C"}
    decide = document({"d": {"type": "decide", "ruleset": "r", "save": "s", "ports": {"done": "end"}}})
    assert done(decide, "set_params", node="d", params={"x": 1})["nodes"]["d"]["facts"] == {"x": 1}
    assert refused(road(), "set_params", node="pick", params={}).pointer == "/nodes/pick"


def test_a_renamed_node_is_called_so_everywhere() -> None:
    after = done(road(), "rename_node", node="join", to="meet")
    assert list(after["nodes"]) == ["meet" if key == "join" else key for key in road()["nodes"]]
    assert "join" not in str(after)
    assert after["entry"][1]["start"] == "meet"
    then = after["tests"][0]["then"]
    assert (then["path"][3], then["effects"][0]["node"], then["waiting_at"]) == ("meet", "meet", {"node": "meet"})
    assert after["tests"][0]["given"]["arms"] == {"pick": "yes", "meet": "a"}
    assert done(road(), "rename_node", node="one", to="first")["start"] == "first"
    assert done(after, "rename_node", node="meet", to="join") == road()


def test_a_name_that_is_taken_or_cannot_be_is_refused() -> None:
    assert refused(road(), "rename_node", node="join", to="one").pointer == "/to"
    assert refused(road(), "rename_node", node="join", to="so nicht").pointer == "/to"
    assert done(road(), "rename_node", node="join", to="join") == road()


def test_a_stage_is_labelled_titled_and_taken_away() -> None:
    after = done(road(), "label_stage", node="join", stage="met", title="入群")
    assert after["nodes"]["join"]["stage"] == "met"
    assert after["nodes"]["join"]["title"] == {"zh": "入群", "en": "入群"}
    after = done(after, "label_stage", node="join", stage=None)
    assert "stage" not in after["nodes"]["join"]
    assert after["nodes"]["join"]["title"] == {"zh": "入群", "en": "入群"}
    assert refused(road(), "label_stage", node="join", stage="no spaces").pointer == "/stage"


@pytest.mark.parametrize(
    "source",
    [
        {"nodes": 7},
        {"nodes": {"x": 7}},
        {"nodes": {"x": {"type": "delay", "ports": []}}},
        {"nodes": {}},
        {},
    ],
)
def test_what_is_broken_is_told_and_left_alone(source: dict[str, Any]) -> None:
    assert refused(source, "insert_after", node="x", port="done", add={"type": "end"}).pointer.startswith("/nodes")
    assert refused(source, "disconnect", node="x", port="done").pointer.startswith("/nodes")


def test_a_draft_has_bounds() -> None:
    source = document({f"n{i}": {"type": "delay", "for": "P1D", "ports": {"done": "end"}} for i in range(298)})
    assert refused(source, "insert_start", add={"type": "delay"}).pointer == "/nodes"
    assert refused(source, "duplicate", node="n1").pointer == "/nodes"
    assert refused(source, "duplicate", node="n1", branch=True).pointer == "/nodes"


def test_nothing_is_inserted_that_has_no_type() -> None:
    assert refused(road(), "insert_start", add={}).pointer == "/add/type"
