"""Which accepted events count for which source: written in the transaction that accepts them, and once for the past."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from engine.database.bulk import insert_rows, table_of
from engine.events.log import Logged, events_facts, plain_facts
from engine.fields.models import CountedEvent
from engine.fields.sources import Source

_TABLE = table_of(CountedEvent)


def count(session: Session, sources: Mapping[int, Source], events: Sequence[Logged]) -> None:
    """Judge events of members for these sources, by id, and keep what counts. One that was kept already stays."""
    concerned = {source.event for source in sources.values()}
    judged = [event for event in events if event.member_id is not None and event.type in concerned]
    facts = _facts(session, sources.values(), judged)
    rows = [
        row
        for number, source in sources.items()
        for event in judged
        if event.type == source.event and (row := _row(number, source, event, facts[event.seq]))
    ]
    insert_rows(session, _TABLE, rows, suffix="ON CONFLICT DO NOTHING")


def _facts(session: Session, sources: Iterable[Source], events: Sequence[Logged]) -> dict[int, dict[str, Any]]:
    """The events as rules see them; the records behind their references are read where a source looks at one."""
    if any(source.reads_records for source in sources):
        return events_facts(session, events)
    return {event.seq: plain_facts(event) for event in events}


def _row(number: int, source: Source, event: Logged, facts: Mapping[str, Any]) -> dict[str, object] | None:
    counts = source.judge(facts, event.time)
    if counts is None:
        return None
    return {
        "member_id": event.member_id,
        "source_id": number,
        "time": event.time,
        "seq": event.seq,
        "decided": counts.decided,
        "value": counts.value,
    }
