"""What an author may put into a journey, in groups, each with a title and one line that says what it does."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from engine.definitions.listing import Listed
from engine.events.types import EVENT_TYPES
from engine.journeys.catalogue import ActivityType, Catalogue
from rules.types import Json
from ui.messages import LANGUAGES, Language, text
from ui.words import wording


@dataclass(frozen=True)
class Offer:
    """One thing to insert: `add` and `ports` are those of the command, `search` what it is also found by."""

    kind: str
    title: str
    does: str
    add: Mapping[str, Json]
    ports: tuple[str, ...] = ()
    search: str = ""


@dataclass(frozen=True)
class Group:
    """Offers that belong together."""

    title: str
    offers: tuple[Offer, ...]


def palette(
    catalogue: Catalogue, rulesets: Sequence[Listed], journeys: Sequence[Listed], language: Language
) -> tuple[Group, ...]:
    """All that can be inserted; groups without anything are left out."""
    reaching = [each for each in catalogue.values() if each.contact != "none"]
    others = [each for each in catalogue.values() if each.contact == "none"]
    groups = (
        ("flow", _flow(language)),
        ("reach", (_activity(each, language) for each in reaching)),
        ("do", (_activity(each, language) for each in others)),
        ("wait", _events(language)),
        ("decide", (_ruleset(each, language) for each in rulesets)),
        ("journey", (_journey(each, language) for each in journeys)),
    )
    made = [Group(text(language, f"canvas.group.{name}"), tuple(offers)) for name, offers in groups]
    return tuple(group for group in made if group.offers)


def _flow(language: Language) -> Iterator[Offer]:
    for kind in ("wait", "delay", "choice", "split", "end"):
        title = text(language, f"node.{kind}")
        yield Offer(kind, title, text(language, f"canvas.does.{kind}"), {"type": kind}, search=_words(kind))


def _words(kind: str) -> str:
    """What else people may look for when they mean this kind of node, in both languages."""
    return " ".join([kind, *(text(language, f"canvas.words.{kind}") for language in LANGUAGES)])


def _activity(type_: ActivityType, language: Language) -> Offer:
    doc = type_.doc_zh if language == "zh" else type_.doc
    add: dict[str, Json] = {"type": "activity", "activity": type_.name}
    title = wording.title(type_.titles, language, type_.name)
    words = " ".join([type_.name, *type_.titles.values(), *type_.words.values()])
    return Offer("activity", title, _first_line(doc), add, type_.outcomes, words)


def _events(language: Language) -> Iterator[Offer]:
    """A wait for each type of event that the engine knows."""
    for each in EVENT_TYPES.values():
        port = each.type.rpartition(".")[2].replace(".", "_")
        add: dict[str, Json] = {"type": "wait", "for": [{"on": each.type, "port": port}]}
        title = text(language, "does.wait", events=wording.event(each.type, language))
        words = " ".join([_words("wait"), each.type, *each.titles.values()])
        yield Offer("wait", title, each.type, add, search=words)


def _ruleset(shown: Listed, language: Language) -> Offer:
    title = wording.title(shown.title, language, shown.key)
    add: dict[str, Json] = {"type": "decide", "ruleset": shown.key, "save": shown.key.replace("-", "_")}
    return Offer("decide", title, shown.key, add, search=_words("decide"))


def _journey(shown: Listed, language: Language) -> Offer:
    title = wording.title(shown.title, language, shown.key)
    add: dict[str, Json] = {"type": "journey", "journey": shown.key, "mode": "start"}
    return Offer("journey", title, shown.key, add, search=_words("journey"))


def _first_line(doc: str) -> str:
    return next((line.strip() for line in doc.splitlines() if line.strip()), "")
