"""Beginning a journey, and letting its draft go."""

from fastapi import APIRouter
from starlette.responses import HTMLResponse, Response

from engine.journeys.editing.beginning import empty_journey
from ui.pages import beginning
from ui.pages.beginning import Asked, Ground, Named, Sent
from ui.pages.editing import Base
from ui.pages.visit import Authoring, Key, Visiting

router = APIRouter()

JOURNEY = Ground("journey", "journeys", lambda: empty_journey("", {}), beginning.read_json, ".json,application/json")


@router.get("/journeys/new")
def show_form(visit: Visiting, asked: Asked) -> HTMLResponse:
    """The form; `template` and `from` choose what to start from."""
    return beginning.show_form(visit, JOURNEY, asked)


@router.get("/journeys/new/key")
def show_key(visit: Visiting, named: Named) -> HTMLResponse:
    """The fragment with the key that these names suggest."""
    return beginning.show_key(visit, JOURNEY, named)


@router.post("/journeys/new")
def begin(visit: Authoring, sent: Sent) -> Response:
    """Keep the first draft and lead to its desk, or say what is wrong and keep what was written."""
    return beginning.begin(visit, JOURNEY, sent)


@router.post("/journeys/{key}/edit/discard")
def discard(visit: Authoring, key: Key, base: Base = None) -> Response:
    """Throw the draft away; what was published stays."""
    return beginning.discard(visit, JOURNEY, key, base)
