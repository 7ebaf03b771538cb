"""One action on many runs of a journey: chosen in the list or by its filter, tried first, then done as a job."""

from typing import Annotated, Literal
from urllib.parse import parse_qsl

from fastapi import APIRouter, Form
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response

from engine.jobs.bulk import MOST_NAMED, SAMPLE, Action, Bulk, Preview, create_bulk, preview
from engine.runs.commands import Deadlines
from ui.http.lists import LARGEST
from ui.http.problems import Unprocessable
from ui.pages.journeys import find
from ui.pages.runs import Chosen, filter_of
from ui.pages.visit import Key, Visit, Visiting

router = APIRouter()

_NOBODY = Preview(0, ())


class Asked(BaseModel):
    """What the form says. `whom`: the runs that are ticked, or all that fit the filter of the list (`query`).

    `port` counts for skip and `deadlines` for resume alone; `sure` once what would come of it was shown.
    """

    model_config = ConfigDict(extra="ignore")

    action: Action
    whom: Literal["named", "filter"] = "named"
    run: list[Annotated[int, Field(ge=1, le=LARGEST)]] = Field(default_factory=list, max_length=MOST_NAMED)
    query: str = Field("", max_length=1_000)
    port: str = Field("", max_length=64)
    deadlines: Deadlines = "hold"
    sure: bool = False


@router.post("/journeys/{key}/runs/bulk")
def act(visit: Visiting, key: Key, asked: Annotated[Asked, Form()]) -> Response:
    """What would come of it; once the operator is sure, the job that does it."""
    with visit.operate() as session:
        shown = find(session, key)
        bulk = _bulk(visit, session, key, asked)
        if bulk is not None and asked.sure:
            job = create_bulk(session, bulk, by=visit.actor, now=visit.now(), stores=visit.viewer.stores)
            return RedirectResponse(f"/jobs/{job.id}", 303)
        found = _NOBODY if bulk is None else preview(session, bulk, by=visit.actor, now=visit.now())
    return visit.render("runs/bulk.html", {"shown": shown, "asked": asked, "found": found, "sample": SAMPLE})


def _bulk(visit: Visit, session: Session, key: str, asked: Asked) -> Bulk | None:
    """What is asked for; None where it can concern no run."""
    port = asked.port if asked.action == "skip" else None
    deadlines: Deadlines = asked.deadlines if asked.action == "resume" else "hold"
    if asked.whom == "named":
        return Bulk(asked.action, ids=asked.run, port=port, deadlines=deadlines) if asked.run else None
    chosen = filter_of(session, visit, key, _chosen(asked.query))
    return Bulk(asked.action, filter=chosen, port=port, deadlines=deadlines) if chosen else None


def _chosen(query: str) -> Chosen:
    try:
        return Chosen.model_validate(dict(parse_qsl(query)))
    except ValidationError as error:
        raise Unprocessable("This filter cannot be read. Go back to the list and filter anew.") from error
