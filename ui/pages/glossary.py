"""The glossary: what every word of these pages means."""

from fastapi import APIRouter
from starlette.responses import HTMLResponse

from ui.pages.visit import Visiting
from ui.words.glossary import TERMS

router = APIRouter()


@router.get("/glossary")
def show(visit: Visiting) -> HTMLResponse:
    """All terms, chapter by chapter."""
    return visit.render("glossary.html", {"chapters": TERMS})
