"""What can be wrong about edits.

DefinitionError
├── StaleRevisionError
│   └── ClashError          somebody else changed the same place since the author looked
├── KeyTakenError           a draft that should have been the first of its key was not
├── NothingToUndoError      no edit of this draft stands
└── NothingToRedoError      no edit was taken back, or one was made since
"""

from __future__ import annotations

from engine.definitions.errors import DefinitionError, StaleRevisionError
from engine.edits.conflicts import Clash


class ClashError(StaleRevisionError):
    """The command was not carried out: somebody else changed the same place, and left another value."""

    def __init__(self, current: int, clash: Clash) -> None:
        super().__init__(current, by=clash.by, at=clash.at)
        self.clash = clash


class KeyTakenError(DefinitionError):
    """There is something under this key already."""

    def __init__(self, what: str) -> None:
        super().__init__(f"There is {what} already. Choose another key.")


class NothingToUndoError(DefinitionError):
    """There is no edit to take back."""

    def __init__(self, what: str) -> None:
        super().__init__(f"There is nothing to undo: no edit of the draft of {what} stands.")


class NothingToRedoError(DefinitionError):
    """There is no edit to do again."""

    def __init__(self, what: str) -> None:
        super().__init__(f"There is nothing to redo: no edit of the draft of {what} was undone since the last one.")
