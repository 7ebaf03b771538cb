"""Who stands behind a channel's code: its associates and backups, with how many friends each has."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from engine.organisation.models import Associate, Channel
from engine.relations.models import Relation
from engine.wecom.reception import Desk, Hours, Receiver


def read_desk(session: Session, channel: Channel) -> Desk:
    """The channel as far as receiving goes. Accounts without a WeCom userid cannot receive."""
    people = _people(session, [*channel.associates, *channel.backups])
    return Desk(
        associates=[people[one] for one in channel.associates if one in people],
        backups=[people[one] for one in channel.backups if one in people],
        hours=Hours.model_validate(channel.hours) if channel.hours else None,
        expires_at=channel.expires_at,
    )


def _people(session: Session, ids: Sequence[int]) -> dict[int, Receiver]:
    friends = (
        select(func.count())
        .select_from(Relation)
        .where(
            col(Relation.associate_id) == col(Associate.id),
            col(Relation.full_at).is_not(None),
            col(Relation.ended_at).is_(None),
        )
        .scalar_subquery()
    )
    statement = select(Associate, friends).where(col(Associate.id).in_(ids), col(Associate.wecom_userid).is_not(None))
    return {
        found.id: Receiver(
            found.wecom_userid or "", found.active and found.activated, count + found.friends_elsewhere, found.capacity
        )
        for found, count in session.execute(statement)
    }
