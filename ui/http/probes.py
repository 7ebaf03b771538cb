"""`/livez` and `/readyz`: open to all, and they say nothing but whether we run and whether we can work."""

from fastapi import APIRouter, Request

from engine.database.readiness import NotReadyError, demand_ready
from ui.dependencies import dependencies
from ui.http.problems import Unavailable

router = APIRouter()


@router.get("/livez")
async def livez() -> dict[str, str]:
    """This process runs."""
    return {"status": "ok"}


@router.get("/readyz")
def readyz(request: Request) -> dict[str, str]:
    """The database answers and its schema is ours or newer; if not, the answer is 503."""
    try:
        demand_ready(dependencies(request).database)
    except NotReadyError as error:
        raise Unavailable("Not ready.") from error
    return {"status": "ok"}
