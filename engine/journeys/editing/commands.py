"""The commands that change the picture of a journey, as they come from pages and the API.

A command names nodes and ports, never positions; `editing.apply` carries it out on any document.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from rules.documents.values import Title
from rules.types import Json

MOST_PORTS = 30


class EditCommand(BaseModel):
    """What all of them share: nothing unknown."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class InsertAfter(EditCommand):
    """Put a new node on the way out of a port. `add` needs a `type`; what else is missing gets a sensible value.

    The ports that the type needs, and `ports`, lead on to where the way led before. `also` are further ports of the
    node that will lead to the new one.
    """

    command: Literal["insert_after"]
    node: str
    port: str
    also: tuple[str, ...] = Field(default=(), max_length=MOST_PORTS)
    add: dict[str, Json]
    ports: tuple[str, ...] = Field(default=(), max_length=MOST_PORTS)
    id: str | None = None


class InsertStart(EditCommand):
    """Put a new node before the first one; with `entry` only for the entry of that index."""

    command: Literal["insert_start"]
    add: dict[str, Json]
    ports: tuple[str, ...] = Field(default=(), max_length=MOST_PORTS)
    entry: int | None = Field(default=None, ge=0)
    id: str | None = None


class Delete(EditCommand):
    """Take a node out; its ways in lead on to where its main port led."""

    command: Literal["delete"]
    node: str


class DeleteBranch(EditCommand):
    """Take out all that only this way leads to; the port leads on to where the branch came back to the others."""

    command: Literal["delete_branch"]
    node: str
    port: str


class Duplicate(EditCommand):
    """A copy of a node, right behind it; with `branch`, of all that only it leads to, which nothing leads to yet."""

    command: Literal["duplicate"]
    node: str
    branch: bool = False


class MoveBranch(EditCommand):
    """Take a branch from one port to another; it leads on to where that one led."""

    command: Literal["move_branch"]
    node: str
    port: str
    to_node: str
    to_port: str


class Connect(EditCommand):
    """Let a port lead to a node."""

    command: Literal["connect"]
    node: str
    port: str
    to: str


class Disconnect(EditCommand):
    """Let a port lead nowhere."""

    command: Literal["disconnect"]
    node: str
    port: str


class SetParams(EditCommand):
    """Write the params of an activity or task, or the facts of a decision."""

    command: Literal["set_params"]
    node: str
    params: dict[str, Json]


class RenameNode(EditCommand):
    """Give a node another id, everywhere it is named."""

    command: Literal["rename_node"]
    node: str
    to: str


class LabelStage(EditCommand):
    """Make a node begin a stage of the funnel, or no longer; with `title` it is called so."""

    command: Literal["label_stage"]
    node: str
    stage: str | None
    title: Title | None = None


JourneyCommand: TypeAlias = (
    InsertAfter
    | InsertStart
    | Delete
    | DeleteBranch
    | Duplicate
    | MoveBranch
    | Connect
    | Disconnect
    | SetParams
    | RenameNode
    | LabelStage
)
"""Every command on the picture of a journey."""

AnyJourneyCommand = Annotated[JourneyCommand, Field(discriminator="command")]
"""The same, told apart by `command`."""
