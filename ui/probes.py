"""`/livez` and `/readyz`: open to all, and they say nothing but whether we run and whether we can work."""

from fastapi import APIRouter, Request
from sqlalchemy import text

from ui.dependencies import dependencies

router = APIRouter()


@router.get("/livez")
async def livez() -> dict[str, str]:
    """This process runs."""
    return {"status": "ok"}


@router.get("/readyz")
def readyz(request: Request) -> dict[str, str]:
    """The database answers; if it does not, the answer is 503."""
    with dependencies(request).database.begin() as session:
        session.execute(text("SELECT 1"))
    return {"status": "ok"}
