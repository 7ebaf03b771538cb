"""`ingest`: how many events the door takes in a second, beside mere INSERTs of the rows that this leaves.

Both write the same rows into the same tables: after each run of ours they are read, taken out, and put back by the
reference, one transaction for each batch.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any, TypeVar

import httpx
import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from bench.chain import Door, door_of, only
from bench.figures import BenchError, Budget, Figure, Report, paired
from bench.service import Service, durability, service
from rules.types import Json

JOURNEY = "bench-bulk"
"""Begins with orders: what no journey names is not queued, and would cost less."""
CLIENTS, BATCH = 4, 100
PAIRS, BATCHES = 5, 25
QUICK = (1, 10)
CUSTOMERS_SHARE = 5
"""One customer for so many events."""
TABLES = ("members", "identities", "events", "event_keys", "member_queue", "counted_events")
"""The tables that ingest writes for these events, in the order of their references."""

Rows = dict[str, list[dict[str, Any]]]
Statement = tuple[sql.Composed, list[dict[str, Any]]]
Item = TypeVar("Item")
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Batch:
    """One request: its body, and the source of its events, which no other batch has."""

    source: str
    body: bytes


def run(*, quick: bool = False) -> Report:
    """Measure. The router sleeps: what is measured is the door."""
    pairs, batches = QUICK if quick else (PAIRS, BATCHES)
    with service() as one, one.asleep("router"):
        door, url = door_of(database := one.database()), one.running.database_url
        only(database, JOURNEY)
        database.close()
        _post(one, [[one_batch("warm-up", client, 0, door)] for client in range(CLIENTS)])
        measured = [_pair(one, f"run-{number}", batches, door) for number in range(pairs)]
        settings = durability(url)
    figure = paired("events_per_second", "/s", measured, Budget("ratio", ">=", 0.3))
    return Report(
        [_with_floor(figure)],
        [
            f"{pairs} paired runs: {CLIENTS} clients, {batches} batches of {BATCH} orders each, 20 % of new customers",
            "a journey begins with orders, so that each customer is queued for routing",
            f"the reference INSERTs into {', '.join(TABLES)}",
            f"PostgreSQL: {settings}",
        ],
    )


def one_batch(name: str, client: int, number: int, door: Door, of: int = 1) -> Batch:
    """A batch of orders. Customers belong to one client each, so that the reference can keep the order."""
    source = f"bench/{name}/{client}/{number}"
    chance = random.Random(source)  # noqa: S311 - not a secret
    now = datetime.now(UTC).isoformat()
    customers = max(1, of * BATCH // CUSTOMERS_SHARE)
    events = [
        {
            "specversion": "1.0",
            "id": str(index),
            "source": source,
            "type": "order.paid",
            "subject": f"member:{name}-{client}-{chance.randrange(customers)}",
            "time": now,
            "data": {
                "order_no": f"{client}-{number}-{index}",
                "amount": 3980,
                "currency": "CNY",
                "store": door.store,
                "lines": [{"sku": "A-1001", "qty": 2, "amount": 3980}],
            },
        }
        for index in range(BATCH)
    ]
    return Batch(source, json.dumps(events).encode())


def _with_floor(figure: Figure) -> Figure:
    return replace(figure, budget=(*figure.budget, Budget("value", ">=", 1000)))


def _pair(one: Service, name: str, batches: int, door: Door) -> tuple[float, float]:
    """Events per second through the door, and by mere INSERTs."""
    work = [[one_batch(name, client, n, door, of=batches) for n in range(batches)] for client in range(CLIENTS)]
    events = CLIENTS * batches * BATCH
    url = one.running.database_url
    before = _sizes(url)
    ours = events / _post(one, work)
    check(before, _sizes(url))
    rows = _take_out(url, name, work)
    with psycopg.connect(url, autocommit=True) as connection:
        for table in reversed(TABLES):
            connection.execute(f"VACUUM ANALYZE {table}".encode())
    theirs = events / _insert(url, rows)
    return ours, theirs


def _post(one: Service, work: Sequence[Sequence[Batch]]) -> float:
    """Send everything, each client its own; the seconds until the last answer."""
    headers = {
        "Authorization": f"Bearer {one.secrets['api_key']}",
        "Content-Type": "application/cloudevents-batch+json",
    }

    def client(own: Sequence[Batch]) -> None:
        with httpx.Client(base_url=one.url, headers=headers, timeout=60) as http:
            for batch in own:
                answer = http.post("/api/v1/events", content=batch.body)
                if answer.status_code != 202 or answer.json()["accepted"] != BATCH:
                    raise BenchError(f"a batch was answered {answer.status_code}: {answer.text[:300]}")

    began = time.monotonic()
    _each(work, client)
    return time.monotonic() - began


def _take_out(url: str, name: str, work: Sequence[Sequence[Batch]]) -> list[list[list[Statement]]]:
    """The INSERTs that put the rows of each batch back; they are in no table afterwards.

    Members belong to the batch that named them first.
    """
    with psycopg.connect(url) as connection:
        sources = {"sources": f"bench/{name}/%"}
        rows = {table: [row for (row,) in connection.execute(_ROWS[table], sources)] for table in TABLES}
        _delete(connection, rows)
    batches = by_batch(rows)
    return [[_statements(batches[batch.source]) for batch in own] for own in work]


def _delete(connection: psycopg.Connection, rows: Rows) -> None:
    """Take the rows out of their tables, those that refer to others first."""
    members, seqs = [row["id"] for row in rows["members"]], [row["seq"] for row in rows["events"]]
    for query, ids in (
        (b"DELETE FROM counted_events WHERE member_id = ANY(%s)", members),
        (b"DELETE FROM member_queue WHERE member_id = ANY(%s)", members),
        (b"DELETE FROM event_keys WHERE seq = ANY(%s)", seqs),
        (b"DELETE FROM events WHERE seq = ANY(%s)", seqs),
        (b"DELETE FROM identities WHERE member_id = ANY(%s)", members),
        (b"DELETE FROM members WHERE id = ANY(%s)", members),
    ):
        connection.execute(query, (ids,))


def by_batch(rows: Rows) -> dict[str, Rows]:
    """Rows by the source of their events."""
    source_of: dict[int, str] = {}
    first: dict[int, str] = {}
    for event in sorted(rows["events"], key=itemgetter("seq")):
        source_of[event["seq"]] = event["source"]
        first.setdefault(event["member_id"], event["source"])
    found: dict[str, Rows] = {source: {table: [] for table in TABLES} for source in source_of.values()}
    for event in rows["events"]:
        found[event["source"]]["events"].append(event)
    for table in ("event_keys", "counted_events"):
        for row in rows[table]:
            found[source_of[row["seq"]]][table].append(row)
    for table, name in (("members", "id"), ("identities", "member_id"), ("member_queue", "member_id")):
        for row in rows[table]:
            found[first[row[name]]][table].append(row)
    return found


def _statements(rows: Rows) -> list[Statement]:
    """The INSERTs of one batch, one for each table, with the rows that each is executed for."""
    return [
        (_INSERT.format(table=sql.Identifier(table), names=_names(some[0]), values=_values(some[0])), _adapted(some))
        for table, some in rows.items()
        if some
    ]


def _names(row: Mapping[str, Any]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, row))


def _values(row: Mapping[str, Any]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Placeholder, row))


def _adapted(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{name: _adapted_value(name, value) for name, value in row.items()} for row in rows]


def _adapted_value(name: str, value: Json) -> object:
    return Jsonb(value) if isinstance(value, dict) or (name == "value" and value is not None) else value


def _insert(url: str, work: Sequence[Sequence[Sequence[Statement]]]) -> float:
    """Put the rows back, one transaction for each batch; the seconds that took."""

    def client(own: Sequence[Sequence[Statement]]) -> None:
        with psycopg.connect(url) as connection:
            for batch in own:
                for query, rows in batch:
                    connection.cursor().executemany(query, rows)
                connection.commit()

    began = time.monotonic()
    _each(work, client)
    return time.monotonic() - began


def _each(items: Sequence[Item], do: Callable[[Item], Answer]) -> list[Answer]:
    """Do it for all at once, each in a thread of its own."""
    with ThreadPoolExecutor(len(items)) as threads:
        return list(threads.map(do, items))


def _sizes(url: str) -> dict[str, int]:
    """How many rows each table has."""
    with psycopg.connect(url) as connection:
        names = [name for (name,) in connection.execute(_NAMES)]
        return {name: _number(connection, f'SELECT count(*) FROM "{name}"') for name in names}  # noqa: S608 - ours


def check(before: Mapping[str, int], after: Mapping[str, int]) -> None:
    """Both must write into the same tables: the reference is as dear as it says, and no cheaper than ingest."""
    written = {name for name in after if after[name] != before.get(name)}
    if unknown := sorted(written - set(TABLES)):
        raise BenchError(f"ingest writes into tables that the reference leaves out: {', '.join(unknown)}")
    if idle := sorted(set(TABLES) - written):
        raise BenchError(f"ingest has left alone what it is measured with: {', '.join(idle)}")


def _number(connection: psycopg.Connection, query: str) -> int:
    [number] = connection.execute(query.encode()).fetchone() or [0]
    return int(number)


_NAMES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
_MEMBERS = "SELECT member_id FROM events WHERE source LIKE %(sources)s"
_MINE = {
    "members": f"id IN ({_MEMBERS})",
    "identities": f"member_id IN ({_MEMBERS})",
    "events": "source LIKE %(sources)s",
    "event_keys": "seq IN (SELECT seq FROM events WHERE source LIKE %(sources)s)",
    "member_queue": f"member_id IN ({_MEMBERS})",
    "counted_events": f"member_id IN ({_MEMBERS})",
}
_ROWS = {one: f"SELECT to_jsonb({one}) FROM {one} WHERE {mine}".encode() for one, mine in _MINE.items()}  # noqa: S608 - ours
_INSERT = sql.SQL("INSERT INTO {table} ({names}) VALUES ({values})")
