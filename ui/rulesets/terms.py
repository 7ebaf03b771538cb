"""What holds for a ruleset beside its rows: its zone, its total, its named conditions and its promises, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rules.tables.table import Promise, Table
from rules.tables.wording import Wording
from rules.types import Json, Title
from rules.words import said
from rules.writing import summed
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
    name = _names(wording).get(total.of, total.of)
    kind = next((each.kind for each in wording.table.outputs if each.key == total.of), "")
    whole = summed(total.whole, kind)
    if total.exact is not None:
        return wording.words(f"{name} 合计恰好 {whole}", f"{name} sums to exactly {whole}")
    return wording.words(f"{name} 合计至多 {whole}", f"{name} sums to at most {whole}")


def _names(wording: Wording) -> dict[str, str]:
    """What the outputs are called, by key."""
    return dict(zip((each.key for each in wording.table.document.outputs), wording.output_names, strict=True))


def _called(value: Json, titles: Mapping[str, Title], language: Language) -> str:
    title = titles.get(value) if isinstance(value, str) else None
    return said(value) if title is None else title.model_dump()[language]


def _promise(promise: Promise, wording: Wording) -> str:
    """Which outputs stay the same, whatever the field is."""
    vary = field_name(promise.vary, wording.table.known, wording.language)
    known, names = wording.table.known.get(promise.vary), _names(wording)
    titles = known.titles if known is not None else {}
    among = wording.speaker.either([_called(one, titles, wording.language) for one in promise.among])
    same = wording.speaker.listed([names.get(one, one) for one in promise.same])
    told = wording.words(f"无论 {vary} 是 {among}，{same} 都相同", f"{same}: the same whether {vary} is {among}")
    if promise.when is not None:
        told += wording.words("，只要 ", ", where ") + wording.speaker.say(promise.when.tree)
    if promise.unless is not None:
        told += wording.words("，除非 ", ", unless ") + wording.speaker.say(promise.unless.tree)
    return told
