"""The side panel of the journey editor: the form of one node, or of one part of the journey's settings."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import HTMLResponse

from engine.edits.store import editable
from ui.forms.panels import PARTS, NodePanel, Part, PartPanel, node_panel, part_panel
from ui.pages.form_ground import Workplace, workplace
from ui.pages.prose import paragraphs
from ui.pages.visit import Key, Visiting

router = APIRouter()


@router.get("/journeys/{key}/edit/panel")
def show(
    visit: Visiting,
    key: Key,
    node: Annotated[str, Query(max_length=200)] = "",
    part: Part = "settings",
    waits: Annotated[str, Query(pattern="^(for|until|instant)?$")] = "",
) -> HTMLResponse:
    """The fragment that stands beside the canvas, with what the checks find at its fields."""
    with visit.begin() as session:
        written = editable(session, "journey", key).text
    findings = visit.deps.findings.of(visit.deps, "journey", key, written)
    with visit.begin() as session:
        place = workplace(visit, session, "journey", key, findings=findings)
        return visit.render("forms/_panel.html", panel_context(place, node, part, waits))


def panel_context(place: Workplace, node: str, part: Part = "settings", waits: str = "") -> dict[str, object]:
    """What the template of the panel shows: the node if there is one, else the part of the settings."""
    panel: NodePanel | PartPanel | None = None
    if node:
        panel = node_panel(place.document, node, place.ground.catalogue, place.ground.speech, waits)
    activity = panel.activity if isinstance(panel, NodePanel) else None
    doc = (
        (activity.doc_zh or activity.doc)
        if activity and place.visit.language == "zh"
        else activity.doc
        if activity
        else ""
    )
    return {
        "form": place,
        "node": panel,
        "missing": node if node and panel is None else "",
        "part": part_panel(place.document, part, place.ground.speech) if not node else None,
        "parts": PARTS,
        "doc": paragraphs(doc) if doc else [],
        "asked_waits": waits,
    }
