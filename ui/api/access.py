"""Access: API keys, users, and the audit. For keys that are bound to no place."""

from datetime import datetime
from typing import Annotated

from fastapi import Depends, Path, Query, Response
from sqlalchemy.orm import Session

from engine.access import audit, sessions, store
from engine.access.models import ApiKey, AuditEntry, User
from engine.access.passwords import hash_password
from engine.access.roles import Place
from engine.access.tokens import new_key
from rules.types import Json
from ui.api.access_answers import (
    AuditLine,
    AuditList,
    KeyAnswer,
    KeyBody,
    KeyList,
    NewKeyAnswer,
    UserAnswer,
    UserBody,
    UserList,
)
from ui.http.auth import Caller, require
from ui.http.conditional import IfMatch, demand_match, etag_of
from ui.http.idempotency import NOT_KEPT
from ui.http.lists import LARGEST, IdCursor, KeyCursor, Limit, cursor_after, page
from ui.http.problems import Conflict, FieldError, Forbidden, NotFound, Unprocessable
from ui.http.routing import api_router

router = api_router(tags=["Access"])

KeyId = Annotated[int, Path(ge=1, le=LARGEST)]
UserName = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]


def _keeper(caller: Annotated[Caller, Depends(require("access"))]) -> Caller:
    """A caller who sees the whole chain: a key of one store makes no keys for others."""
    if caller.stores != "*":
        raise Forbidden("This API key is bound to a place; access is given by keys that are not.")
    return caller


Keeper = Annotated[Caller, Depends(_keeper)]


def _full_keeper(caller: Keeper) -> Caller:
    """A caller who may do everything: an administrator can, so nobody else makes one."""
    if not caller.holder.may("full"):
        raise Forbidden("Users are written by keys of full scope: an administrator may do more than this key.")
    return caller


@router.post("/api-keys", status_code=201)
def make_key(caller: Keeper, body: KeyBody, response: Response) -> NewKeyAnswer:
    """Make a key. It can do no more than the key that makes it. Nothing keeps its value: repeating this is 409."""
    response.headers["Cache-Control"] = NOT_KEPT
    beyond = {scope for scope in body.scopes if not caller.holder.may(scope)}
    if beyond:
        raise Forbidden(f"Your own API key lacks {', '.join(sorted(beyond))}; it cannot give them away.")
    value, now = new_key(), caller.now()
    with caller.begin() as session:
        place = _place(session, body.region, body.store)
        made = store.add_key(session, body.name, value, body.scopes, now=now, place=place)
        after: dict[str, object] = {"scopes": made.scopes, "region": body.region, "store": body.store}
        audit.record(session, caller.actor, "key.created", f"key/{made.name}", now=now, after=after)
        return NewKeyAnswer(**_key(session, made).model_dump(), key=value)


@router.get("/api-keys")
def list_keys(caller: Keeper, limit: Limit = 50, cursor: IdCursor = None) -> KeyList:
    """The keys that work."""
    with caller.begin() as session:
        found = store.page_of_keys(session, after=cursor or 0, limit=limit + 1)
        shown, more = page(found, limit, lambda key: str(key.id))
        return KeyList(items=[_key(session, key) for key in shown], next=more)


@router.delete("/api-keys/{key_id}", status_code=204)
def revoke_key(caller: Keeper, key_id: KeyId) -> Response:
    """End a key at once."""
    now = caller.now()
    with caller.begin() as session:
        found = session.get(ApiKey, key_id)
        if found is None or not store.revoke_key(session, key_id, now=now):
            raise NotFound(f"There is no API key {key_id} that works.")
        audit.record(session, caller.actor, "key.revoked", f"key/{found.name}", now=now)
    return Response(status_code=204)


@router.get("/users")
def list_users(caller: Keeper, limit: Limit = 50, cursor: KeyCursor = None) -> UserList:
    """The users by name."""
    with caller.begin() as session:
        found = store.page_of_users(session, after=cursor or "", limit=limit + 1)
        shown, more = page(found, limit, lambda user: cursor_after(user.name))
        return UserList(items=[_user(session, user) for user in shown], next=more)


@router.get("/users/{name}")
def read_user(caller: Keeper, name: UserName, response: Response) -> UserAnswer:
    """One user."""
    with caller.begin() as session:
        found = store.user_named(session, name)
        if found is None:
            raise NotFound(f"There is no user {name!r}.")
        answer = _user(session, found)
    response.headers["ETag"] = etag_of(answer)
    return answer


@router.put("/users/{name}", responses={201: {"model": UserAnswer}})
def write_user(
    caller: Annotated[Caller, Depends(_full_keeper)],
    name: UserName,
    body: UserBody,
    response: Response,
    if_match: IfMatch = None,
) -> UserAnswer:
    """Make or change a user. A new password, or being made inactive, signs them out everywhere."""
    now = caller.now()
    with caller.begin() as session:
        place, found = _place(session, body.region, body.store), store.user_named(session, name)
        before = _user(session, found) if found else None
        demand_match(if_match, before)
        if found is None:
            found = _new_user(session, name, body, place, now)
            response.status_code = 201
        else:
            _change(session, found, body, place)
        answer = _user(session, found)
        after = _plain(answer) | ({"password": "set"} if body.password else {})
        was = _plain(before) if before else None
        audit.record(session, caller.actor, "user.written", f"user/{name}", now=now, before=was, after=after)
    response.headers["ETag"] = etag_of(answer)
    return answer


@router.get("/audit")
def read_audit(
    caller: Keeper,
    actor: str | None = None,
    target: Annotated[str | None, Query(alias="object")] = None,
    limit: Limit = 50,
    cursor: IdCursor = None,
) -> AuditList:
    """Who changed what, newest first."""
    with caller.begin() as session:
        found = audit.page(session, actor=actor, target=target, before=cursor, limit=limit + 1)
    shown, more = page(found, limit, lambda entry: str(entry.id))
    return AuditList(items=[_line(entry) for entry in shown], next=more)


def _place(session: Session, region: str | None, store_key: str | None) -> Place:
    place = store.place_named(session, region, store_key)
    if place is None:
        unknown = "/store" if store_key and store.place_named(session, None, store_key) is None else "/region"
        raise Unprocessable("There is no such place.", errors=[FieldError(unknown, "name one that exists")])
    return place


def _new_user(session: Session, name: str, body: UserBody, place: Place, now: datetime) -> User:
    if body.password is None:
        raise Unprocessable("A new user needs a password.", errors=[FieldError("/password", "give one")])
    user = store.add_user(
        session, name, body.password.get_secret_value(), body.role, now=now, title=body.title, place=place
    )
    user.active = body.active
    return user


def _change(session: Session, user: User, body: UserBody, place: Place) -> None:
    was_admin, is_admin = user.role == "admin" and user.active, body.role == "admin" and body.active
    if was_admin and not is_admin and not store.other_admins(session, user.id):
        raise Conflict("This is the last active administrator; make another one first.")
    user.role, user.active, user.title = body.role, body.active, body.title or user.title
    user.region_id, user.store_id = place.region_id, place.store_id
    if body.password is not None:
        user.password_hash = hash_password(body.password.get_secret_value())
    if body.password is not None or not body.active:
        sessions.close_all_sessions(session, user.id)


def _key(session: Session, key: ApiKey) -> KeyAnswer:
    region, store_key = store.names_of(session, Place(key.region_id, key.store_id))
    return KeyAnswer(
        id=str(key.id),
        name=key.name,
        scopes=key.scopes,
        region=region,
        store=store_key,
        created_at=key.created_at,
        used_at=key.used_at,
    )


def _user(session: Session, user: User) -> UserAnswer:
    region, store_key = store.names_of(session, Place(user.region_id, user.store_id))
    return UserAnswer(
        name=user.name,
        title=user.title,
        role=user.role,
        region=region,
        store=store_key,
        active=user.active,
        created_at=user.created_at,
    )


def _plain(user: UserAnswer) -> dict[str, Json]:
    """A user as the audit keeps them: not what they are called."""
    return user.model_dump(mode="json", include={"role", "region", "store", "active"})


def _line(entry: AuditEntry) -> AuditLine:
    return AuditLine(
        id=str(entry.id),
        at=entry.at,
        actor=entry.actor,
        action=entry.action,
        object=entry.object,
        before=entry.before,
        after=entry.after,
    )
