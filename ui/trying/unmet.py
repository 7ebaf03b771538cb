"""Why a test of a journey does not hold, each statement of it in a sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from engine.journeys.catalogue import Catalogue, worded
from engine.trying.titles import titles_of
from rules.documents.report import Difference, TestResult
from rules.types import Json
from rules.zones import HOME
from ui.messages import Language, text
from ui.words import effects, wording


@dataclass(frozen=True)
class Unmet:
    """Puts differences into the words of one language; `name` is what a node is called, `titles` what effects name."""

    name: Callable[[str], str]
    catalogue: Catalogue
    titles: effects.Titles
    language: Language

    def words(self, difference: Difference) -> str:
        """A difference as a sentence."""
        if difference.field == "entry":
            return text(self.language, "trying.diff.entry")
        if difference.field == "effects":
            expected, actual = _effects(difference.expected), _effects(difference.actual)
            wanted, came = (self._effects(each, expected) for each in (expected, actual))
            if missed := [each for each in expected if not any(_fits(each, other) for other in actual)]:
                values = {"missed": self._effects(missed, expected), "actual": came}
                return text(self.language, "trying.diff.missed", **values)
        else:
            wanted, came = (self._value(difference.field, each) for each in (difference.expected, difference.actual))
        what = text(self.language, f"trying.diff.{difference.field}")
        return text(self.language, "trying.diff", what=what, expected=wanted, actual=came)

    def _value(self, field: str, value: Json) -> str:
        match field, value:
            case _, None:
                return text(self.language, "trying.nothing")
            case "outcome", _:
                return wording.outcome(value, self.language)
            case "path", list(nodes):
                return " → ".join(self.name(str(node)) for node in nodes) or text(self.language, "trying.nothing")
            case "waiting_at", _:
                return self.name(str(value))
            case "deadline", str() if value.startswith(("P", "-P")):
                return text(self.language, "trying.later", length=wording.iso_duration(value, self.language))
            case "deadline", str():
                return _moment(value)
            case _:
                return wording.plain_json(value)

    def _effects(self, told: Sequence[Mapping[str, Json]], expected: Sequence[Mapping[str, Json]]) -> str:
        """Effects in their order; how something is worded is told where the test states it."""
        stated = {(each.get("activity"), name) for each in expected for name in _params(each)}
        said = [
            effects.effect(
                str(each.get("activity")),
                {name: value for name, value in _params(each).items() if self._matters(each, name, stated)},
                self.catalogue,
                self.titles,
                self.language,
            )
            for each in told
        ]
        return " → ".join(said) or text(self.language, "trying.nothing")

    def _matters(self, effect: Mapping[str, Json], name: str, stated: set[tuple[Json, str]]) -> bool:
        known = self.catalogue.get(str(effect.get("activity")))
        return (effect.get("activity"), name) in stated or known is None or name not in worded(known.params)


def sentences(
    session: Session,
    tests: Iterable[TestResult],
    name: Callable[[str], str],
    catalogue: Catalogue,
    language: Language,
) -> list[list[str]]:
    """What each test says of itself, nothing where it holds; `name` is what a node is called."""
    found = [test.differences for test in tests]
    sides = [side for each in found for one in each if one.field == "effects" for side in (one.expected, one.actual)]
    titles = titles_of(session, [_params(effect) for side in sides for effect in _effects(side)])
    unmet = Unmet(name, catalogue, titles, language)
    return [[unmet.words(one) for one in each] for each in found]


def _moment(written: str) -> str:
    """An instant in the chain's zone, to the second; as it is written if it is none."""
    try:
        return f"{datetime.fromisoformat(written).astimezone(HOME):%Y-%m-%d %H:%M:%S}"
    except ValueError:
        return written


def _effects(told: Json) -> list[Mapping[str, Json]]:
    return [each for each in told if isinstance(each, dict)] if isinstance(told, list) else []


def _fits(expected: Mapping[str, Json], actual: Mapping[str, Json]) -> bool:
    """Whether an effect is the one that is expected, whatever came before it."""
    given = _params(actual)
    same = all(name in given and given[name] == value for name, value in _params(expected).items())
    return same and expected.get("activity") == actual.get("activity")


def _params(effect: Mapping[str, Json]) -> Mapping[str, Json]:
    params = effect.get("params")
    return params if isinstance(params, dict) else {}
