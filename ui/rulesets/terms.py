"""What holds for a ruleset beside its rows: its zone, its total, its named conditions and its promises, in words."""

from __future__ import annotations

from dataclasses import dataclass

from rules.tables.table import Promise, Table
from rules.tables.wording import Wording
from rules.words import said
from ui.messages import Language
from ui.rulesets.tables import field_name


@dataclass(frozen=True)
class Terms:
    """All of it in one language; conditions by name, promises by id, each with its sentence."""

    zone: str
    total: str
    conditions: list[tuple[str, str]]
    promises: list[tuple[str, str]]


def terms_of(table: Table, language: Language) -> Terms:
    """What holds for the ruleset."""
    wording = Wording(table, language)
    named = [name for name in table.document.conditions if name in table.conditions]
    return Terms(
        zone=table.zone.key,
        total=_total(wording),
        conditions=[(name, wording.speaker.say(table.conditions[name].tree)) for name in named],
        promises=[(each.id, _promise(each, wording)) for each in table.promises],
    )


def _total(wording: Wording) -> str:
    total = wording.table.document.total
    if total is None:
        return ""
    if total.exact is not None:
        return wording.words(f"{total.of} 合计恰好 {total.exact}", f"{total.of} sums to exactly {total.exact}")
    return wording.words(f"{total.of} 合计至多 {total.most}", f"{total.of} sums to at most {total.most}")


def _promise(promise: Promise, wording: Wording) -> str:
    """Which outputs stay the same, whatever the field is."""
    vary = field_name(promise.vary, wording.table.known, wording.language)
    same, among = wording.speaker.listed([*promise.same]), wording.speaker.either([said(one) for one in promise.among])
    told = wording.words(f"无论 {vary} 是 {among},{same} 都相同", f"{same}: the same whether {vary} is {among}")
    if promise.when is not None:
        told += wording.words("，只要 ", ", where ") + wording.speaker.say(promise.when.tree)
    if promise.unless is not None:
        told += wording.words("，除非 ", ", unless ") + wording.speaker.say(promise.unless.tree)
    return told
