"""What operators do on the pages: pause, resume, retry, skip and end a run; pause, resume and retire a journey.

Each form leads back to its page, which shows what became of it.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Form
from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse

from engine.definitions import life
from engine.runs import commands
from engine.runs.commands import Deadlines, Order
from ui.pages.runs import RunId
from ui.pages.visit import Key, Visit, Visiting

router = APIRouter()

Action = Callable[[Session, str, datetime], object]


@router.post("/runs/{run_id}/pause")
def pause_run(visit: Visiting, run_id: RunId) -> RedirectResponse:
    """Let the run stand still."""
    return _on_run(visit, run_id, lambda session, by, now: commands.pause(session, run_id, by=by, now=now))


@router.post("/runs/{run_id}/resume")
def resume_run(visit: Visiting, run_id: RunId, deadlines: Annotated[Deadlines, Form()] = "hold") -> RedirectResponse:
    """Let the run go on."""
    return _on_run(
        visit, run_id, lambda session, by, now: commands.resume(session, run_id, deadlines=deadlines, by=by, now=now)
    )


@router.post("/runs/{run_id}/retry")
def retry_run(visit: Visiting, run_id: RunId) -> RedirectResponse:
    """Try again what is stuck, under the same key."""
    return _order(visit, run_id, Order("retry"))


@router.post("/runs/{run_id}/skip")
def skip_run(visit: Visiting, run_id: RunId, port: Annotated[str, Form(max_length=64)]) -> RedirectResponse:
    """Leave the node that is stuck through a port."""
    return _order(visit, run_id, Order("skip", port=port))


@router.post("/runs/{run_id}/exit")
def end_run(visit: Visiting, run_id: RunId) -> RedirectResponse:
    """End the run."""
    return _order(visit, run_id, Order("exit"))


@router.post("/journeys/{key}/pause")
def pause_journey(visit: Visiting, key: Key) -> RedirectResponse:
    """Let all runs of the journey stand still, and nobody enter."""
    return _on_journey(visit, key, lambda session, by, now: life.pause(session, key, by=by, now=now))


@router.post("/journeys/{key}/resume")
def resume_journey(visit: Visiting, key: Key, deadlines: Annotated[Deadlines, Form()] = "hold") -> RedirectResponse:
    """Let the journey go on."""
    return _on_journey(
        visit, key, lambda session, by, now: life.resume(session, key, deadlines=deadlines, by=by, now=now)
    )


@router.post("/journeys/{key}/retire")
def retire_journey(visit: Visiting, key: Key) -> RedirectResponse:
    """Let nobody in any more; runs finish."""
    return _on_journey(visit, key, lambda session, by, now: life.retire(session, key, by=by, now=now))


def _order(visit: Visit, run_id: int, order: Order) -> RedirectResponse:
    return _on_run(visit, run_id, lambda session, by, now: commands.give(session, run_id, order, by=by, now=now))


def _on_run(visit: Visit, run_id: int, action: Action) -> RedirectResponse:
    with visit.operate() as session:
        action(session, visit.actor, visit.now())
    return RedirectResponse(f"/runs/{run_id}", 303)


def _on_journey(visit: Visit, key: str, action: Action) -> RedirectResponse:
    with visit.operate(whole_chain=True) as session:
        action(session, visit.actor, visit.now())
    return RedirectResponse(f"/journeys/{key}", 303)
