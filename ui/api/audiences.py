"""Audiences: how many members a condition is true of, and some of them."""

from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import Depends
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from engine.audiences.asking import audience_fields, audience_rule
from engine.audiences.counting import Counting
from rules.documents.values import Path, Zone
from rules.types import Declaration
from rules.zones import HOME_ZONE
from ui.http.auth import Caller, require
from ui.http.routing import api_router

router = api_router(tags=["Audiences"], takes_rules=True)

Reader = Annotated[Caller, Depends(require("members"))]


class AudienceBody(BaseModel):
    """A condition on `member.*`, on `store.*` of their home store and on `associate.*` of their owner."""

    model_config = ConfigDict(extra="forbid")

    condition: JsonValue
    fields: dict[Path, Declaration] = Field(
        default_factory=dict, max_length=200, description="Attributes that the catalogue lacks, by path"
    )
    sample: int = Field(10, ge=0, le=200, strict=True, description="How many ids to name")
    time_zone: Zone = HOME_ZONE


class AudienceCount(BaseModel):
    """How many members in sight the condition is true of, those left out of whom it is unknown.

    Not `exact`: an estimate, since it holds what the database cannot decide for too many. `sample` says nothing of the
    others, and is the same for the same members.
    """

    members: int
    exact: bool
    sample: list[str]


@router.post("/audiences/count")
def count(caller: Reader, body: AudienceBody) -> AudienceCount:
    """Count the members in sight of whom a condition is true. Personal fields cannot be asked about."""
    with caller.begin() as session:
        fields = audience_fields(session, body.fields)
        rule = audience_rule(session, body.condition, fields)
        counting = Counting(session, caller.deps.keys, fields, caller.now(), ZoneInfo(body.time_zone))
        found = counting.members(rule, sample=body.sample)
    return AudienceCount(members=found.number, exact=found.exact, sample=[str(one) for one in found.sample])
