"""Commands on the picture of a journey, as pure functions from a document to a document.

They work on any JSON object, unfinished and broken ones too: what a command does not concern stays as it is, and a
command that cannot be carried out raises CommandError. Nothing is lost but what a command names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.journeys.editing.commands import (
    Connect,
    Delete,
    DeleteBranch,
    Disconnect,
    Duplicate,
    InsertAfter,
    InsertStart,
    JourneyCommand,
    LabelStage,
    MoveBranch,
    RenameNode,
    SetParams,
)  # fmt: skip
from engine.journeys.editing.nodes import (
    delete,
    duplicate,
    insert_after,
    insert_start,
    label_stage,
    rename,
    set_params,
)  # fmt: skip
from engine.journeys.editing.places import Document
from engine.journeys.editing.ways import connect, delete_branch, disconnect, move_branch
from rules.types import Json

_FUNCTIONS: Mapping[type[JourneyCommand], Callable[[Document, Any], dict[str, Json]]] = {
    InsertAfter: insert_after,
    InsertStart: insert_start,
    Delete: delete,
    DeleteBranch: delete_branch,
    Duplicate: duplicate,
    MoveBranch: move_branch,
    Connect: connect,
    Disconnect: disconnect,
    SetParams: set_params,
    RenameNode: rename,
    LabelStage: label_stage,
}


def apply(document: Document, command: JourneyCommand) -> dict[str, Json]:
    """The document after a command. The one that is given is never changed. Raises CommandError."""
    return _FUNCTIONS[type(command)](document, command)
