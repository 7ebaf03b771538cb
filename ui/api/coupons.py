"""Coupons: batches with their figures, the coupons that were given out, and redeeming one at the till."""

import re
from datetime import datetime
from typing import Annotated, Literal

from fastapi import Depends, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from sqlalchemy.orm import Session

from engine.access import audit
from engine.coupons import store
from engine.coupons.errors import CouponError, CouponSpentError, CouponUnknownError
from engine.coupons.models import CouponBatch
from engine.coupons.redeem import redeem
from engine.coupons.store import LARGEST_STOCK, BatchCounts, HeldCoupon
from engine.database import retrying
from engine.members.lookup import find_member, store_key
from engine.organisation.views import KEY, Instant, Line, Title, Titles
from rules.duration import DurationError, parse_duration
from ui.http.auth import Caller, require
from ui.http.conditional import IfMatch, demand_match, etag_of
from ui.http.lists import KeyCursor, Limit, cursor_after, page
from ui.http.problems import Conflict, FieldError, Forbidden, NotFound, Unprocessable
from ui.http.routing import api_router

router = api_router(tags=["Coupons"])

Holder = Annotated[Caller, Depends(require("coupons"))]
_KEY = re.compile(KEY, re.ASCII)


def _duration(value: str) -> str:
    try:
        parse_duration(value)
    except DurationError as error:
        raise ValueError(str(error)) from error
    return value


class Money(BaseModel):
    """An amount in minor units (cents, fen)."""

    model_config = ConfigDict(extra="forbid")

    minor: int = Field(ge=0, le=2**53, strict=True)
    currency: str = Field(default="CNY", pattern="^[A-Z]{3}$")


class BatchBody(BaseModel):
    """A batch of coupons. They are valid for a time after they were issued, or until a day, or without end."""

    model_config = ConfigDict(extra="forbid")

    title: Titles
    stock: int = Field(ge=0, le=LARGEST_STOCK, strict=True)
    value: Money
    valid_for: Annotated[str, AfterValidator(_duration)] | None = None
    valid_until: Instant | None = None
    per_member: int | None = Field(default=None, ge=1, le=1000, strict=True)
    hook: bool = Field(default=False, strict=True, description="Counts in the figure of hook coupons (A10)")

    @model_validator(mode="after")
    def _one_end(self) -> "BatchBody":
        if self.valid_for is not None and self.valid_until is not None:
            raise ValueError("give `valid_for` or `valid_until`, not both")
        return self


class BatchAnswer(BaseModel):
    """A batch with its figures: `left` is what can still be issued."""

    key: str
    title: Title
    stock: int
    value: Money
    valid_for: str | None
    valid_until: datetime | None
    per_member: int | None
    hook: bool
    issued: int
    claimed: int
    redeemed: int
    expired: int
    left: int


class BatchList(BaseModel):
    """A part of a list."""

    items: list[BatchAnswer]
    next: str | None


class CouponItem(BaseModel):
    """A coupon that was given out."""

    code: str
    batch: str
    member: str
    status: Literal["issued", "claimed", "redeemed", "expired"]
    issued_at: datetime | None
    claimed_at: datetime | None
    redeemed_at: datetime | None
    expires_at: datetime | None


class CouponList(BaseModel):
    """A part of a list."""

    items: list[CouponItem]
    next: str | None


class RedeemBody(BaseModel):
    """Where, and with which order."""

    model_config = ConfigDict(extra="forbid")

    store: str | None = Field(default=None, pattern=f"^{KEY}$")
    order_no: Line | None = None


@router.get("/coupon-batches")
def list_batches(caller: Holder, limit: Limit = 50, cursor: KeyCursor = None) -> BatchList:
    """All batches, by key."""
    with caller.deps.database.begin() as session:
        found = store.list_batches(session, after=cursor or "", limit=limit + 1)
        figures = store.counts(session, [batch.id for batch in found])
    shown, more = page(found, limit, lambda batch: cursor_after(batch.key))
    return BatchList(items=[_answer(batch, figures.get(batch.id, BatchCounts())) for batch in shown], next=more)


@router.get("/coupon-batches/{key}")
def read_batch(caller: Holder, key: str, response: Response) -> BatchAnswer:
    """One batch with its figures."""
    with caller.deps.database.begin() as session:
        found = _shown(session, key)
    if found is None:
        raise NotFound(f"There is no coupon batch {key!r}.")
    response.headers["ETag"] = etag_of(found)
    return found


@router.put("/coupon-batches/{key}", responses={201: {"model": BatchAnswer}})
def put_batch(caller: Holder, key: str, body: BatchBody, response: Response, if_match: IfMatch = None) -> BatchAnswer:
    """Make or replace a batch; codes are made up to its stock. Less stock than was given out is 409."""
    if caller.stores != "*":
        raise Forbidden("Coupon batches hold for the whole chain: this key is bound to a region or store.")
    if not _KEY.fullmatch(key):
        raise Unprocessable("This key cannot be used.", errors=[FieldError("key", f"Keys match {KEY}.")])
    try:
        with caller.begin() as session:
            answer, created = _written(session, caller, key, body, if_match)
    except CouponError as error:
        raise Conflict(str(error)) from error
    response.headers["ETag"] = etag_of(answer)
    response.status_code = 201 if created else 200
    return answer


@router.get("/coupons")
def list_coupons(
    caller: Holder,
    batch: str | None = None,
    member: str | None = None,
    status: Literal["issued", "claimed", "redeemed", "expired"] | None = None,
    limit: Limit = 50,
    cursor: KeyCursor = None,
) -> CouponList:
    """The coupons in sight that were given out, by code."""
    with caller.begin() as session:
        holder = None if member is None else find_member(session, caller.deps.keys, member)
        if member is not None and holder is None:
            return CouponList(items=[], next=None)
        found = store.list_coupons(
            session, batch=batch, member_id=holder, status=status, after=cursor or "", limit=limit + 1
        )
    shown, more = page(found, limit, lambda coupon: cursor_after(coupon.code))
    return CouponList(items=[_item(coupon) for coupon in shown], next=more)


@router.post("/coupons/{code}/redeem")
def redeem_coupon(caller: Holder, code: str, body: RedeemBody | None = None) -> CouponItem:
    """Redeem a coupon; a till may call this instead of sending `coupon.redeemed`."""
    given = body or RedeemBody()
    place = _place(caller, given.store)

    def work(session: Session) -> HeldCoupon | None:
        redeem(session, code, keys=caller.deps.keys, now=caller.now(), store=place, order_no=given.order_no)
        return store.coupon_of_code(session, code)

    try:
        found = retrying.run(caller.deps.database, work)
    except CouponUnknownError as error:
        raise NotFound(str(error)) from error
    except CouponSpentError as error:
        raise Conflict(str(error)) from error
    if found is None:
        raise NotFound(f"There is no coupon {code!r}.")
    return _item(found)


def _written(
    session: Session, caller: Caller, key: str, body: BatchBody, if_match: str | None
) -> tuple[BatchAnswer, bool]:
    store.lock_key(session, key)
    before = _shown(session, key)
    demand_match(if_match, before)
    batch = store.batch_named(session, key, lock=True) or CouponBatch(
        key=key, title={}, stock=0, value=0, created_at=caller.now()
    )
    batch.title, batch.value, batch.currency = body.title.model_dump(), body.value.minor, body.value.currency
    batch.valid_for, batch.valid_until = body.valid_for, body.valid_until
    batch.per_member, batch.hook = body.per_member, body.hook
    session.add(batch)
    store.set_stock(session, batch, body.stock)
    session.flush()
    answer = _answer(batch, store.counts(session, [batch.id]).get(batch.id, BatchCounts()))
    audit.record(
        session,
        caller.actor,
        "coupon-batch.created" if before is None else "coupon-batch.changed",
        f"coupon-batch/{key}",
        now=caller.now(),
        before=None if before is None else before.model_dump(mode="json"),
        after=answer.model_dump(mode="json"),
    )
    return answer, before is None


def _shown(session: Session, key: str) -> BatchAnswer | None:
    batch = store.batch_named(session, key)
    return None if batch is None else _answer(batch, store.counts(session, [batch.id]).get(batch.id, BatchCounts()))


def _answer(batch: CouponBatch, figures: BatchCounts) -> BatchAnswer:
    return BatchAnswer(
        key=batch.key,
        title=Title(**batch.title),
        stock=batch.stock,
        value=Money(minor=batch.value, currency=batch.currency),
        valid_for=batch.valid_for,
        valid_until=batch.valid_until,
        per_member=batch.per_member,
        hook=batch.hook,
        issued=figures.issued,
        claimed=figures.claimed,
        redeemed=figures.redeemed,
        expired=figures.expired,
        left=batch.stock - figures.issued,
    )


def _item(coupon: HeldCoupon) -> CouponItem:
    shown = {name: getattr(coupon, name) for name in CouponItem.model_fields if name != "member"}
    return CouponItem(**shown, member=str(coupon.member_id))


def _place(caller: Caller, named: str | None) -> str | None:
    """The store of the redemption: the one that is named, within the key's scope, else the key's own."""
    if caller.stores == "*":
        return named
    with caller.begin() as session:
        own = [store_key(session, one) for one in caller.stores]
    if named is None and len(own) == 1:
        return own[0]
    if named not in own:
        raise Forbidden("This key may only redeem at its own stores: name one of them in `store`.")
    return named
