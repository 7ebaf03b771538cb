"""Quiet hours and what activity types declare: only a push is held back, and one that would expire by then is found."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict
from sqlalchemy.orm import Session

from engine.journeys.catalogue import ActivityType, Contact
from engine.journeys.check import check
from engine.journeys.context import CheckContext
from engine.members.fields import base_fields
from tests.workflows.world import journey
from workflows.activities.registry import Effect, Result, activity_type, catalogue_of, load_activities

INSTALLED = catalogue_of(load_activities())
NIGHT = {"from": "21:30", "to": "08:30"}


class Params(BaseModel):
    """None."""

    model_config = ConfigDict(extra="forbid")


def offer(contact: Contact, expires_within: timedelta | None) -> ActivityType:
    """A type as a plug-in would bring it."""

    @activity_type("tested.offer", title={"zh": "优惠", "en": "Offer"}, contact=contact, expires_within=expires_within)
    def made(_session: Session, _params: Params, _effect: Effect) -> Result:
        """Offer something."""
        return Result()

    return made.type


def found(type_: ActivityType, *, quiet_hours: dict[str, str] | None, ports: tuple[str, ...] = ()) -> list[str]:
    """The codes of findings about quiet hours in a journey of this one activity."""
    node: dict[str, Any] = {
        "type": "activity",
        "activity": type_.name,
        "params": dict(type_.example),
        "ports": dict.fromkeys(("done", *type_.outcomes, *ports), "over"),
    }
    nodes = {"act": node, "over": {"type": "end", "outcome": "over"}}
    made = journey(start="act", entry=[{"on": "contact.scanned"}], nodes=nodes, exits=[])
    made["policies"] = {"max_age": "P1D", **({"quiet_hours": quiet_hours} if quiet_hours else {})}
    context = CheckContext(catalogue={**INSTALLED, type_.name: type_}, fields=base_fields())
    return [one.code for one in check(made, context) if one.code in {"expires-in-quiet", "unknown-port"}]


@pytest.mark.parametrize("name", [name for name, one in INSTALLED.items() if one.contact != "push"])
def test_what_is_no_push_may_happen_at_night(name: str) -> None:
    """The welcome answers the customer; messages to staff and calls of systems are no contact with them."""
    assert found(INSTALLED[name], quiet_hours=NIGHT) == []


@pytest.mark.parametrize(
    ("contact", "expires_within", "quiet_hours", "ports", "codes"),
    [
        ("push", timedelta(hours=1), NIGHT, (), ["expires-in-quiet"]),
        ("push", timedelta(hours=10, minutes=59), NIGHT, (), ["expires-in-quiet"]),
        ("push", timedelta(hours=11), NIGHT, (), []),
        ("push", timedelta(hours=1), NIGHT, ("quiet",), []),
        ("push", timedelta(hours=1), None, (), []),
        ("push", None, NIGHT, (), []),
        ("reply", timedelta(seconds=20), NIGHT, (), []),
        ("none", timedelta(hours=1), NIGHT, (), []),
        ("reply", None, NIGHT, ("quiet",), ["unknown-port"]),
    ],
)
def test_a_push_that_would_be_worthless_in_the_morning_needs_a_way_out(
    contact: Contact,
    expires_within: timedelta | None,
    quiet_hours: dict[str, str] | None,
    ports: tuple[str, ...],
    codes: list[str],
) -> None:
    assert found(offer(contact, expires_within), quiet_hours=quiet_hours, ports=ports) == codes
