"""ETags and `If-Match`: a write that was made from an older state is refused with 412."""

import hashlib
from typing import Annotated

from fastapi import Header
from pydantic import BaseModel

from ui.http.problems import Stale

IfMatch = Annotated[
    str | None,
    Header(description="The ETag of what you read: a newer state gives 412. Without it the last write wins."),
]


def etag_of(view: BaseModel) -> str:
    """The ETag of a record: it changes with anything that a writer writes, and not with what `grows` by itself."""
    shown = view.model_dump_json(by_alias=True, exclude=set(getattr(view, "grows", ())))
    return f'"{hashlib.sha256(shown.encode()).hexdigest()[:16]}"'


def demand_match(if_match: str | None, current: BaseModel | None) -> None:
    """Raises Stale unless `if_match` is absent or names the current state; `*` asks only that there is one."""
    if if_match is None:
        return
    wanted = {part.strip().removeprefix("W/") for part in if_match.split(",")}
    if current is None or not ({"*", etag_of(current)} & wanted):
        raise Stale("This was changed since you read it. Read it again, and repeat your change on what you find.")


def revision_tag(revision: int) -> str:
    """The ETag of a draft."""
    return f'"{revision}"'


def revisions_in(if_match: str | None) -> frozenset[str] | None:
    """The revisions that a header names; what is no entity tag matches nothing."""
    if if_match is None:
        return None
    return frozenset(tag.strip().removeprefix("W/").strip('"') for tag in if_match.split(","))
