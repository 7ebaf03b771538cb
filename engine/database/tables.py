"""All tables of the product, for migrations: importing this module fills `metadata`."""

from __future__ import annotations

from sqlmodel import SQLModel

import engine.access.models
import engine.alerts.models
import engine.coupons.models
import engine.decisions.models
import engine.definitions.models
import engine.edits.models
import engine.events.models
import engine.fields.models
import engine.funnel.models
import engine.jobs.models
import engine.members.models
import engine.occurrences.models
import engine.organisation.models
import engine.relations.models
import engine.retention.models
import engine.runs.models
import engine.seats.models
import engine.seeds.models
import engine.trying.models
import engine.wecom.models  # noqa: F401 - these imports register the tables

metadata = SQLModel.metadata
