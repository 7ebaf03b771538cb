"""Laws of forms: what is shown and sent back unchanged changes nothing, and nothing of a document is out of sight."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules.pointers import step_of
from rules.types import Json
from tests.ui.forms.documents import disturbed, journeys
from ui.forms.deeds import Ground, command_for
from ui.forms.fields import Field
from ui.forms.journeys import journey_shape, refining, texts_without_hint
from ui.forms.panels import PARTS, NodePanel, node_panel, part_panel
from ui.forms.posting import Sent, as_browsers_send, otherwise_text
from ui.forms.speech import Speech
from ui.messages import Language
from workflows.activities.registry import catalogue_of, load_activities

CATALOGUE: Final = catalogue_of(load_activities())
LANGUAGES: Final = st.sampled_from(["zh", "en"])
APART = ("/schema", "/key", "/tests", "/policies/pressure")
"""What stands on no panel: it is told elsewhere, or reserved."""


def panels(document: dict[str, Any], speech: Speech) -> Iterator[Field]:
    for part in PARTS:
        yield from part_panel(document, part, speech).fields
    for node_id in document["nodes"] if isinstance(document.get("nodes"), dict) else ():
        panel = node_panel(document, node_id, CATALOGUE, speech)
        if isinstance(panel, NodePanel):
            yield from (*panel.about, *panel.fields, *panel.unknown)


def sent_back(field: Field, language: Language) -> Sent:
    """What a browser sends for a field that nobody touched."""
    mode = field.kind if field.modes else None
    if field.kind == "expression":
        texts = (*(as_browsers_send(source) for source in field.chosen.sources), "")
        return Sent(mode, texts, as_browsers_send(otherwise_text(field.chosen, language)))
    return Sent(mode, (as_browsers_send(field.text).replace("\n", "\r\n"),))


def changes(document: dict[str, Any], language: Language) -> list[tuple[str, Any]]:
    """The commands that sending every field back would give: none, if the law holds."""
    ground = Ground(document, journey_shape(), Speech(language), CATALOGUE, refining(CATALOGUE))
    found: list[tuple[str, Any]] = []
    for field in panels(document, ground.speech):
        for leaf in field.leaves():
            command = command_for(ground, "set", leaf.pointer, sent_back(leaf, language))
            if command is not None:
                found.append((leaf.pointer, command))
    return found


@given(document=journeys(CATALOGUE), language=LANGUAGES)
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
def test_sending_every_field_back_changes_nothing(document: dict[str, Any], language: Language) -> None:
    assert changes(document, language) == []


@given(document=disturbed(CATALOGUE), language=LANGUAGES)
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
def test_sending_every_field_back_changes_nothing_whatever_stands_where(
    document: dict[str, Any], language: Language
) -> None:
    assert changes(document, language) == []


@given(document=disturbed(CATALOGUE))
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
def test_nothing_of_a_node_or_a_setting_is_out_of_sight(document: dict[str, Any]) -> None:
    shown = {leaf.pointer for field in panels(document, Speech("zh")) for leaf in field.leaves()}
    hidden = [place for place in scalars(document, "") if not _seen(place, document, shown)]
    assert hidden == []


def scalars(value: Json, pointer: str) -> Iterator[str]:
    """The places of a document that hold something of their own."""
    items: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    below = [(f"{pointer}/{step_of(str(key))}", item) for key, item in items]
    if not below and value not in (None, {}, []):
        yield pointer
    for place, item in below:
        yield from scalars(item, place)


def _seen(place: str, document: dict[str, Any], shown: set[str]) -> bool:
    """Whether a field shows the place; what is not a journey's at all has the JSON view."""
    steps = place.split("/")[1:]
    if place.startswith(APART) or steps[0] not in journey_shape().properties:
        return True
    if steps[0] == "nodes" and (len(steps) < 3 or steps[2] in {"type", "ports"} or not _is_plain(document, steps[1])):
        return True
    constant = steps[-1] in {"type", "kind", "list"}
    return constant or any("/".join(["", *steps[:length]]) in shown for length in range(1, len(steps) + 1))


def _is_plain(document: dict[str, Any], step: str) -> bool:
    """Whether a node is one, and no delay: that shows the one of its two forms that counts."""
    nodes = document["nodes"]
    node = nodes.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(nodes, dict) else None
    return isinstance(node, dict) and node.get("type") != "delay"


def test_every_text_of_the_format_says_how_people_write_it() -> None:
    tests = ("Expected", "Given.", "Happening.", "Test.", "Then.", "WaitingAt.")
    assert [place for place in texts_without_hint() if not place.startswith(tests)] == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_part_of_the_format_has_a_name(language: Language) -> None:
    document: dict[str, Any] = {"nodes": {type_: {"type": type_} for type_ in NODE_TYPES}}
    fields = [leaf for field in panels(document, Speech(language)) for leaf in field.leaves()]
    assert fields
    assert [leaf.pointer for leaf in fields if leaf.title == leaf.name] == []


NODE_TYPES = ("wait", "delay", "choice", "split", "activity", "decide", "task", "journey", "end")
