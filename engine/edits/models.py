"""Tables of edits: each change of a draft with what it did and how to take it back, and who looks at a draft now.

Commands and patches are kept as JSON text, as drafts are: jsonb would refuse U+0000.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal, TypeAlias

from sqlmodel import Field, SQLModel

from engine.database.columns import instant, long_text

Deed: TypeAlias = Literal["begin", "edit", "more", "undo", "redo", "end"]
State: TypeAlias = Literal["stands", "undone", "dropped"]


class DraftEdit(SQLModel, table=True):
    """What brought a draft to a revision: its beginning, an edit, typing that went on with edit `n` ("more"), or taking
    edit `n` back or doing it again. Of a draft that was deleted one row stays, its "end": the last revision it had.

    `forward` and `inverse` are patches from and to the document of the revision before. Of an edit, `state` tells
    whether it stands, was taken back, or was taken back and left behind by a later edit. `seat` tells two tabs of
    one person apart.
    """

    __tablename__ = "draft_edits"

    kind: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    revision: int = Field(primary_key=True)
    n: int
    deed: str
    by: str
    seat: str | None = None
    at: datetime = instant()
    command: str = long_text()
    forward: str = long_text()
    inverse: str = long_text()
    state: str = "stands"
    undone_at: datetime | None = instant(nullable=True)
    undone_by: str | None = None


class DraftPresence(SQLModel, table=True):
    """Who has a draft open, and when their page was heard of last."""

    __tablename__ = "draft_presence"

    kind: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    seat: str = Field(primary_key=True)
    by: str
    seen_at: datetime = instant()
