"""One house for all cases: an application on one database, with a prover, and one without."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Annotated

import pytest
from pydantic import BaseModel, ConfigDict, Field

from engine.clock import FixedClock
from engine.database.connection import Database
from engine.journeys.catalogue import ActivityType
from engine.journeys.context import Proofs
from engine.secrets.keyring import KeyRing, new_key
from rules.proofs.solver import Z3Prover
from tests.conftest import copied_database
from tests.ui.finding_codes.house import House
from tests.ui.sample import PASSWORD, sample
from tests.ui.visitor import Visitor, visiting
from ui.app import create_app
from ui.definitions.findings import Findings
from ui.dependencies import Dependencies
from workflows.activities.registry import catalogue_of
from workflows.service.plug_ins import installed_activities


class OfferParams(BaseModel):
    """What the made-up push takes."""

    model_config = ConfigDict(extra="forbid")

    text: Annotated[str, Field(max_length=100)] = "9.9"


OFFER = ActivityType(
    "test.offer",
    {"zh": "限时优惠", "en": "An offer of an hour"},
    OfferParams,
    contact="push",
    expires_within=timedelta(hours=1),
)
"""A push that is worthless after an hour; none of ours is."""


@pytest.fixture(scope="module")
def house(server_url: str, template: str) -> Iterator[House]:
    """The small chain, in two applications on one database."""
    keys, clock = KeyRing.from_text(new_key()), FixedClock(datetime(2026, 1, 7, 2, tzinfo=UTC))
    catalogue = {**catalogue_of(installed_activities()), OFFER.name: OFFER}
    with copied_database(server_url, template) as url:
        database = Database(url, pool_size=5, application="test")
        sample(database, keys, clock)
        deps = Dependencies(database, clock, keys, catalogue, proofs=Proofs(Z3Prover(), seconds=600))
        without = replace(deps, proofs=Proofs(None), findings=Findings())
        with visiting(create_app(deps)) as proving, visiting(create_app(without)) as believing:
            for visitor in (proving, believing):
                _sign_in(visitor)
            yield House(deps, proving, believing)
        database.close()


def _sign_in(visitor: Visitor) -> None:
    answer = visitor.post("/sign-in", data={"username": "admin", "password": PASSWORD})
    assert answer.status_code == 303
