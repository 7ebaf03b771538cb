"""The kinds of jobs that a worker does; one line for each. See `engine.jobs` for what a kind is made of."""

from __future__ import annotations

from collections.abc import Mapping

from engine.fields import past
from engine.jobs import bulk
from engine.jobs.kinds import BACKTEST, BULK, IMPORT, MIGRATE, PAST, SYNC
from engine.jobs.pages import Prepare, within
from engine.organisation.importing import applying
from engine.trying import backtests
from workflows.migrating import Migrating
from workflows.sync import Asking, Sync
from workflows.sync_contacts import contacts
from workflows.sync_directory import directory
from workflows.sync_groups import groups


def job_kinds(asking: Asking, migrating: Migrating) -> Mapping[str, Prepare]:
    """How a page of each kind is prepared."""
    sync = Sync(asking, {"directory": directory, "contacts": contacts, "groups": groups})
    return {
        BULK: within(bulk.page(asking.clock)),
        SYNC: sync.prepare,
        PAST: within(past.page(asking.clock, asking.keys)),
        IMPORT: within(applying.page(asking.clock, asking.keys)),
        MIGRATE: migrating.prepare,
        BACKTEST: within(backtests.page(asking.clock, asking.keys, migrating.plans)),
    }
