"""The builder of one condition as its template reads it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import quote

from rules.compile import check_rule
from rules.operators.days import WEEKDAYS
from ui.conditions.bench import Bench
from ui.conditions.showing import Showing, World, pretty
from ui.conditions.troubles import Found
from ui.conditions.values import Entry
from ui.conditions.views import PartView
from ui.messages import Language, text
from ui.scope import GROUPS
from ui.words.choices import choice_of
from ui.words.naming import problem_told


@dataclass(frozen=True)
class Mistake:
    """What was typed and is no value, and why."""

    typed: str
    message: str


@dataclass(frozen=True)
class Editor:
    """The builder as a page shows it."""

    bench: Bench
    language: Language
    may_edit: bool
    opened: str | None = None
    focus: str = ""
    notice: str = ""
    typed: str | None = None
    mistakes: Mapping[str, Mistake] | None = None
    findings: Sequence[Found] = ()

    @cached_property
    def showing(self) -> Showing:
        """The look at the condition."""
        bench = self.bench
        problems = check_rule(bench.edited.whole, bench.fields, conditions=bench.conditions)
        told = (problem_told(each, bench.context) for each in problems)
        found = [*(Found(each) for each in told), *self.findings]
        world = World(bench.fields, bench.conditions, found, bench.zone, self.language)
        return Showing(bench.edited.tree, bench.at, world, self.opened)

    @cached_property
    def view(self) -> PartView:
        """The whole condition."""
        return self.showing.view()

    @property
    def scopes(self) -> list[list[list[str]]]:
        """The fields that parts may name, for the search: path, titles, kind and the name of the group."""
        names = {group: text(self.language, f"conditions.group_of.{group}") for group in GROUPS}
        self.view  # noqa: B018  making it finds the scopes
        return [
            [
                [each.path, each.title.zh, each.title.en, each.kind, names[each.group], each.search_words]
                for each in offered
            ]
            for offered in self.showing.scopes
        ]

    @property
    def id(self) -> str:
        return id_of(self.bench)

    @property
    def at(self) -> str:
        return self.bench.at

    @property
    def role(self) -> str:
        return self.bench.spot.role

    @property
    def is_open(self) -> bool:
        """Whether nobody has decided yet: a branch whose condition is still to be chosen."""
        return self.role == "case" and self.bench.condition is None

    @property
    def revision(self) -> int:
        return self.bench.revision

    @property
    def base(self) -> str:
        """The address of everything about the conditions of this definition."""
        return base_of(self.bench)

    @property
    def address(self) -> str:
        """The address of this one."""
        return f"{self.base}?at={quote(self.at, safe='')}"

    @property
    def json(self) -> str:
        """The condition to be read and changed as JSON; nothing where there is none."""
        return "" if self.bench.condition is None else pretty(self.bench.condition)

    @property
    def names(self) -> list[str]:
        """The named conditions to choose from; not the one that is edited."""
        own = self.at.removeprefix("/conditions/") if self.role == "named" else None
        return sorted(name for name in self.bench.conditions if name != own)

    def mistake_at(self, id_: str) -> Mistake | None:
        """What was typed at an operand and is no value."""
        return (self.mistakes or {}).get(id_)

    def option(self, entry: Entry, option: str) -> str:
        """What a value to choose is called."""
        if entry.widget == "weekdays":
            return WEEKDAYS[int(option) - 1].of(self.language)
        if option in {"true", "false"} and set(entry.options) <= {"true", "false"}:
            return text(self.language, f"conditions.value.{option}")
        return choice_of(entry.titles, option, self.language)


def id_of(bench: Bench) -> str:
    """The id of the element that shows a builder."""
    return f"cond-{hashlib.sha1(bench.at.encode(), usedforsecurity=False).hexdigest()[:10]}"


def base_of(bench: Bench) -> str:
    """The address of everything about the conditions of a definition."""
    return f"/edit/{bench.kind}/{bench.key}/condition"
