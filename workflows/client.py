"""The connection to Temporal, and how a run's execution is started and woken.

Three ways, one id per run; none of them carries content, since PostgreSQL is the truth about a run:

    start     a new run's execution; a second call changes nothing
    wake      a signal to a live one, which is started first if it is missing; a closed one stays closed
    recreate  for the sweeper: like `wake`, and a closed execution of a run that still lives begins anew
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from temporalio.client import Client
from temporalio.common import Priority, WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.envconfig import ClientConfig
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.runtime import Runtime

from engine.secrets.keyring import KeyRing
from workflows.codec import data_converter
from workflows.journey import JourneyWorkflow
from workflows.position import JOURNEYS_QUEUE, Position

TASK_TIMEOUT = timedelta(seconds=5)
"""How soon another worker takes over a workflow task of one that was killed; a welcome must go out within 20 s."""


URGENT = Priority(priority_key=1)


class NoTemporalError(Exception):
    """No address of a Temporal server is configured."""


async def connect(
    keys: KeyRing, *, profile: str | None = None, address: str | None = None, runtime: Runtime | None = None
) -> Client:
    """Connect as Temporal's own convention says: TEMPORAL_ADDRESS and its kin, or a profile in its TOML file.

    `address` wins over both; `runtime` is the process's own if it measures Temporal's library. Raises NoTemporalError
    when none of them names a server.
    """
    config = ClientConfig.load_client_connect_config(profile)
    if address:
        config["target_host"] = address
    if not config.get("target_host"):
        raise NoTemporalError("no Temporal server is configured: set TEMPORAL_ADDRESS, for example 127.0.0.1:7233")
    return await Client.connect(**config, data_converter=data_converter(keys), runtime=runtime)


@dataclass(frozen=True)
class Execution:
    """The execution of one run: its id in Temporal, and where it begins if it must be started.

    `urgent` puts its tasks before those of others, for its whole life: bulk work must not keep a customer waiting.
    """

    workflow_id: str
    position: Position
    urgent: bool = False


async def start(client: Client, execution: Execution) -> None:
    """Start the execution of a new run. One that runs or has run already is left alone."""
    with suppress(WorkflowAlreadyStartedError):
        await client.start_workflow(
            JourneyWorkflow.run,
            execution.position,
            id=execution.workflow_id,
            task_queue=JOURNEYS_QUEUE,
            task_timeout=TASK_TIMEOUT,
            priority=URGENT if execution.urgent else Priority.default,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        )


async def wake(client: Client, execution: Execution) -> None:
    """Tell an execution to look again. If it has closed, its last turn took what there was, or the sweeper will see."""
    with suppress(WorkflowAlreadyStartedError):
        await _signal(client, execution, WorkflowIDReusePolicy.REJECT_DUPLICATE)


async def recreate(client: Client, execution: Execution) -> None:
    """Tell the execution of a live run to look again, whether Temporal runs it, has closed it or never heard of it."""
    await _signal(client, execution, WorkflowIDReusePolicy.ALLOW_DUPLICATE)


async def _signal(client: Client, execution: Execution, reuse: WorkflowIDReusePolicy) -> None:
    await client.start_workflow(
        JourneyWorkflow.run,
        execution.position,
        id=execution.workflow_id,
        task_queue=JOURNEYS_QUEUE,
        task_timeout=TASK_TIMEOUT,
        id_reuse_policy=reuse,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        start_signal="wake",
    )
