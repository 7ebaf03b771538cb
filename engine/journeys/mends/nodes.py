"""Mends within nodes: waits without an end, shares that do not sum, cases nobody takes, values nobody reads."""

from __future__ import annotations

from engine.journeys.editing.rough import main_successor, targets_of
from engine.journeys.findings import Finding
from engine.journeys.mends.mending import Patient, Told, end_after, member, mend, put, take, way
from rules.documents.commands import Mend
from rules.documents.pointers import steps_of
from rules.pointers import pointer_of
from rules.types import Json

_TIME, _AGE, _ALL = "P7D", "P45D", 10_000


def endless_wait(patient: Patient, finding: Finding) -> list[Mend]:
    """Give the wait a time, or every run an age."""
    node, at = patient.node_of(finding.pointer)
    timed = put(f"{finding.pointer}/timeout", _TIME)
    leads = [] if "timeout" in targets_of(at) else [end_after(node, "timeout", "timed_out")]
    offers = [mend("最多等 7 天，之后结束", "Wait for at most 7 days, then end", timed, *leads)]
    policies = patient.document.get("policies", {})
    if isinstance(policies, dict):
        aged = member(patient.document, "/policies", "max_age", _AGE)
        offers.append(mend("整个旅程最长停留 45 天", "Let nobody stay longer than 45 days", aged))
    return offers


def bad_split(patient: Patient, finding: Finding) -> list[Mend]:
    """Share out evenly, in the same proportions, or give the rest to the last arm."""
    arms = patient.value(finding.pointer)
    items = [arm for arm in arms if isinstance(arm, dict)] if isinstance(arms, list) else []
    if not isinstance(arms, list) or not items or len(items) != len(arms):
        return []
    shares = [_share(arm.get("share_bp")) for arm in items]
    total = sum(shares)
    offers = []
    if total > 0 and len(items) > 1:
        scaled = [share * _ALL // total for share in shares]
        offers.append(
            _shared("按现有比例调整到 100%", "Keep the proportions, sum to 100 %", finding.pointer, items, scaled)
        )
    even = [_ALL // len(items)] * len(items)
    offers.append(_shared("平均分配", "Share out evenly", finding.pointer, items, even))
    return offers


def _shared(zh: str, en: str, pointer: str, arms: list[dict[str, Json]], shares: list[int]) -> Mend:
    """The arms with these shares; the first takes what rounding left over."""
    first, *others = shares
    told = [first + _ALL - sum(shares), *others]
    both = " / ".join(f"{share / 100:g}%" for share in told)
    value: list[Json] = [{**arm, "share_bp": share} for arm, share in zip(arms, told, strict=True)]
    return mend(f"{zh}({both})", f"{en} ({both})", put(pointer, value))


def _share(value: Json) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _ALL else 0


def hidden_case(patient: Patient, finding: Finding) -> list[Mend]:
    """Ask it before the others, or take it away."""
    steps = steps_of(finding.pointer)
    first = mend("移到最前面", "Ask it first", {"command": "move", "pointer": pointer_of(steps[:4]), "to": 0})
    return [first, *_without_case(patient, finding)]


def impossible_condition(patient: Patient, finding: Finding) -> list[Mend]:
    """Take the case away; what else never holds is for a person to correct."""
    return _without_case(patient, finding)


def _without_case(patient: Patient, finding: Finding) -> list[Mend]:
    """Without a case, and without its way where no other case takes it."""
    steps = steps_of(finding.pointer)
    if len(steps) != 5 or steps[2] != "cases" or not steps[3].isdecimal():
        return []
    node, at = patient.node_of(finding.pointer)
    cases = at.get("cases")
    ports = [case.get("port") if isinstance(case, dict) else None for case in cases] if isinstance(cases, list) else []
    index = int(steps[3])
    port = ports[index] if index < len(ports) else None
    commands: list[Told] = [take(pointer_of(steps[:4]))]
    others = [*ports[:index], *ports[index + 1 :], at.get("on_unknown"), "else"]
    if isinstance(port, str) and port in targets_of(at) and port not in others:
        commands.append({"command": "disconnect", "node": node, "port": port})
    return [mend("删除这个分支条件", "Take this case away", *commands)]


def expires_in_quiet(patient: Patient, finding: Finding) -> list[Mend]:
    """During quiet hours, go on without it or end."""
    node, at = patient.node_of(finding.pointer)
    on = main_successor(node, at)
    offers = [mend("免打扰时段内结束旅程", "End the journey in quiet hours", end_after(node, "quiet", "quiet"))]
    if on in patient.nodes:
        zh, en = f"免打扰时段内不发送，直接到“{on}”", f"In quiet hours skip it and go on to `{on}`"
        offers.insert(0, mend(zh, en, way(node, "quiet", str(on))))
    return offers


def unused_value(patient: Patient, finding: Finding) -> list[Mend]:
    """Do not save it; a decision has to save what it decided."""
    steps = steps_of(finding.pointer)
    if steps[0] == "nodes" and len(steps) == 3 and patient.nodes.get(steps[1], {}).get("type") == "decide":
        return []
    return [mend("不保存它", "Do not save it", take(finding.pointer))]


def bad_subject(patient: Patient, finding: Finding) -> list[Mend]:
    """Take the node out, or make the journey one of members."""
    node, _ = patient.node_of(finding.pointer)
    return [*_of_members(patient), *_without_node(patient, node)]


def not_available(patient: Patient, finding: Finding) -> list[Mend]:
    """Without what this release cannot do: a journey of members, or one without the node."""
    if finding.pointer == "/subject":
        return _of_members(patient)
    node, _ = patient.node_of(finding.pointer)
    return _without_node(patient, node)


def _of_members(patient: Patient) -> list[Mend]:
    if patient.document.get("subject") in {None, "member"}:
        return []
    return [mend("改成会员的旅程", "Make it a journey of members", put("/subject", "member"))]


def _without_node(patient: Patient, node: str) -> list[Mend]:
    if len(patient.nodes) < 2:
        return []
    return [mend("删除这个节点", "Delete this node", {"command": "delete", "node": node})]
