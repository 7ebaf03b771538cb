"""The chain: regions, stores, associates, customer groups and channels, by key.

Whoever is bound to a region or a store sees and changes what belongs to its stores; regions and stores themselves are
changed by keys of the whole chain only.
"""

import re
from collections.abc import Callable
from typing import Annotated, Generic, TypeVar

from fastapi import Depends, Response
from pydantic import BaseModel
from sqlalchemy.orm import Session

from engine.organisation import nouns, store, views
from engine.organisation.errors import OrganisationError
from engine.organisation.nouns import BodyT, Noun, RowT, ViewT
from engine.organisation.recorded import write_recorded
from ui.http.auth import Caller, require
from ui.http.conditional import IfMatch, demand_match, etag_of
from ui.http.lists import KeyCursor, Limit, cursor_after, page
from ui.http.problems import FieldError, Forbidden, NotFound, Unprocessable
from ui.http.routing import api_router

router = api_router(tags=["The chain"])

Chain = Annotated[Caller, Depends(require("chain"))]
Item = TypeVar("Item", bound=BaseModel)
_KEY = re.compile(views.KEY, re.ASCII)


class Page(BaseModel, Generic[Item]):
    """A part of a list; `next` is the value for `cursor`, or null at its end."""

    items: list[Item]
    next: str | None


@router.get("/regions")
def list_regions(caller: Chain, limit: Limit = 50, cursor: KeyCursor = None) -> Page[views.Region]:
    """All regions, by key."""
    return _page(caller, nouns.REGIONS, limit, cursor)


@router.get("/regions/{key}")
def read_region(caller: Chain, key: str, response: Response) -> views.Region:
    """One region."""
    return _read(caller, nouns.REGIONS, key, response)


@router.put("/regions/{key}", responses={201: {"model": views.Region}})
def put_region(
    caller: Chain, key: str, body: views.RegionBody, response: Response, if_match: IfMatch = None
) -> views.Region:
    """Make or replace a region."""
    return _put(caller, nouns.REGIONS, key, body, response, if_match)


@router.get("/stores")
def list_stores(caller: Chain, limit: Limit = 50, cursor: KeyCursor = None) -> Page[views.Store]:
    """The stores in sight, by key."""
    return _page(caller, nouns.STORES, limit, cursor)


@router.get("/stores/{key}")
def read_store(caller: Chain, key: str, response: Response) -> views.Store:
    """One store."""
    return _read(caller, nouns.STORES, key, response)


@router.put("/stores/{key}", responses={201: {"model": views.Store}})
def put_store(
    caller: Chain, key: str, body: views.StoreBody, response: Response, if_match: IfMatch = None
) -> views.Store:
    """Make or replace a store."""
    return _put(caller, nouns.STORES, key, body, response, if_match)


@router.get("/associates")
def list_associates(caller: Chain, limit: Limit = 50, cursor: KeyCursor = None) -> Page[views.Associate]:
    """The associates in sight, by key."""
    return _page(caller, nouns.ASSOCIATES, limit, cursor)


@router.get("/associates/{key}")
def read_associate(caller: Chain, key: str, response: Response) -> views.Associate:
    """One associate."""
    return _read(caller, nouns.ASSOCIATES, key, response)


@router.put("/associates/{key}", responses={201: {"model": views.Associate}})
def put_associate(
    caller: Chain, key: str, body: views.AssociateBody, response: Response, if_match: IfMatch = None
) -> views.Associate:
    """Make or replace an associate."""
    return _put(caller, nouns.ASSOCIATES, key, body, response, if_match)


@router.get("/group-chats")
def list_group_chats(caller: Chain, limit: Limit = 50, cursor: KeyCursor = None) -> Page[views.Chat]:
    """The customer groups in sight, by id."""
    return _page(caller, nouns.CHATS, limit, cursor)


@router.get("/group-chats/{chat_id}")
def read_group_chat(caller: Chain, chat_id: str, response: Response) -> views.Chat:
    """One customer group."""
    return _read(caller, nouns.CHATS, chat_id, response)


@router.put("/group-chats/{chat_id}", responses={201: {"model": views.Chat}})
def put_group_chat(
    caller: Chain, chat_id: str, body: views.ChatBody, response: Response, if_match: IfMatch = None
) -> views.Chat:
    """Make or replace a customer group."""
    return _put(caller, nouns.CHATS, chat_id, body, response, if_match)


@router.get("/channels")
def list_channels(caller: Chain, limit: Limit = 50, cursor: KeyCursor = None) -> Page[views.Channel]:
    """The channels in sight, by key."""
    found = _page(caller, nouns.CHANNELS, limit, cursor)
    return Page(items=[_with_url(caller, item) for item in found.items], next=found.next)


@router.get("/channels/{key}")
def read_channel(caller: Chain, key: str, response: Response) -> views.Channel:
    """One channel, with its codes."""
    return _with_url(caller, _read(caller, nouns.CHANNELS, key, response))


@router.put("/channels/{key}", responses={201: {"model": views.Channel}})
def put_channel(
    caller: Chain, key: str, body: views.ChannelBody, response: Response, if_match: IfMatch = None
) -> views.Channel:
    """Make or replace a channel. Its `state`, and so its printed code, never changes."""
    return _with_url(caller, _put(caller, nouns.CHANNELS, key, body, response, if_match))


def _with_url(caller: Caller, channel: views.Channel) -> views.Channel:
    base = caller.deps.public_url.rstrip("/")
    return channel.model_copy(update={"url": f"{base}/q/{channel.state}"})


def _page(caller: Caller, noun: Noun[RowT, BodyT, ViewT], limit: int, cursor: str | None) -> Page[ViewT]:
    with caller.begin() as session:
        found = list(store.read_list(session, caller.deps.keys, noun, after=cursor or "", limit=limit + 1))
    shown, more = page(found, limit, lambda view: cursor_after(str(getattr(view, noun.key))))
    return Page(items=list(shown), next=more)


def _read(caller: Caller, noun: Noun[RowT, BodyT, ViewT], key: str, response: Response) -> ViewT:
    with caller.begin() as session:
        found = store.read(session, caller.deps.keys, noun, key)
    if found is None:
        raise NotFound(f"There is no {noun.name} {key!r}.")
    response.headers["ETag"] = etag_of(found)
    return found


def _put(
    caller: Caller, noun: Noun[RowT, BodyT, ViewT], key: str, body: BodyT, response: Response, if_match: str | None
) -> ViewT:
    if not _KEY.fullmatch(key):
        raise Unprocessable("This key cannot be used.", errors=[FieldError("key", f"Keys match {views.KEY}.")])
    _demand_scope(caller, noun, key, body)
    written = _refusing(lambda session: _write(caller, session, noun, key, body, if_match), caller)
    response.headers["ETag"] = etag_of(written.view)
    response.status_code = 201 if written.before is None else 200
    return written.view


def _write(
    caller: Caller, session: Session, noun: Noun[RowT, BodyT, ViewT], key: str, body: BodyT, if_match: str | None
) -> store.Written[ViewT]:
    store.lock(session, noun, key)
    demand_match(if_match, store.read(session, caller.deps.keys, noun, key))
    return write_recorded(session, caller.deps.keys, noun, key, body, by=caller.actor, now=caller.now())


def _refusing(work: Callable[[Session], store.Written[ViewT]], caller: Caller) -> store.Written[ViewT]:
    try:
        with caller.begin() as session:
            return work(session)
    except OrganisationError as error:
        errors = [FieldError(error.pointer, str(error))]
        raise Unprocessable("The record cannot be written; see errors.", errors=errors) from error


def _demand_scope(caller: Caller, noun: Noun[RowT, BodyT, ViewT], key: str, body: BodyT) -> None:
    """A key with a place writes records of its own stores, neither taking others' nor giving its own away."""
    if caller.stores == "*":
        return
    if noun.name in {"region", "store"}:
        raise Forbidden("Regions and stores are changed by keys of the whole chain only.")
    if getattr(body, "store", None) is None:
        raise Forbidden("This key may only write records of its own stores: name one of them in `store`.")
    with caller.deps.database.begin() as session:
        exists = store.read(session, caller.deps.keys, noun, key) is not None
        known = store.read(session, caller.deps.keys, nouns.STORES, str(getattr(body, "store", ""))) is not None
    with caller.begin() as session:
        own = store.read(session, caller.deps.keys, noun, key) is not None
        place = store.read(session, caller.deps.keys, nouns.STORES, str(getattr(body, "store", ""))) is not None
    if (exists and not own) or (known and not place):
        raise Forbidden("This belongs to a store that is beyond the scope of this key.")
