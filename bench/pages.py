"""`pages`: how long the service takes to answer with a page, and what a first visit to it weighs.

One signed-in operator looks at every page in turn, of a chain with 1,000 stores, all of their members, 200 journeys,
and tens of thousands of runs of one of them; and at every part that pages ask for while somebody works. The time is
from the request to the last byte, on loopback: what the server takes, and a little more. The weight is that of the
page and of every style and script that it names, as they come to a browser that knows none of them.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx
from sqlalchemy import text

from bench.addresses import COUNTED, FIRST, PAGES, PARTS, RULESET
from bench.chain import publish_text
from bench.crowd import PATIENCE, crowd, one_inside
from bench.figures import BenchError, Budget, Figure, Report, quantile
from bench.service import Service, service
from bench.tables import table
from engine.database.connection import Database
from engine.library.shelf import find_template

STORES, MEMBERS, JOURNEYS, LOOKS, ROWS, RUNS = 1_000, 100_000, 200, 30, 500, 50_000
QUICK = (40, 5_000, 5, 3, 50, 2_000)
FEW = 5
"""Looks at a part that counts or proves: it has a budget of its own."""
_ASSET = re.compile(r"""(?:href|src)="(/static/[^"]+\.(?:css|js)[^"]*)\"""")


@dataclass(frozen=True)
class Looked:
    """A page that was looked at again and again: the times in milliseconds, and the bytes of a first visit."""

    address: str
    took: list[float]
    weight: int

    @property
    def longest(self) -> float:
        """The longest time: what is made anew now and then shows here."""
        return max(self.took)

    @property
    def p95(self) -> float:
        """The time that 95 of 100 looks did not exceed."""
        return quantile(self.took, 0.95)


def run(*, quick: bool = False) -> Report:
    """Measure."""
    stores, members, journeys, looks, rows, runs = QUICK if quick else (STORES, MEMBERS, JOURNEYS, LOOKS, ROWS, RUNS)
    with service() as one:
        database = one.database()
        _people(database, stores, members)
        _publish(database, journeys, rows)
        run = one_inside(one, database, FIRST)
        crowd(database, run, runs)
        counted = _counted(database)
        with _signed_in(one) as client:
            known = _known(database, client, run)
            pages, parts, waited = (
                [_look(client, each.format(**known), n) for several in listed.values() for each in several]
                for listed, n in ((PAGES, looks), (PARTS, looks), (COUNTED, min(looks, FEW)))
            )
        database.close()
    slowest, heaviest = max(pages, key=lambda each: each.p95), max(pages, key=lambda each: each.weight)
    part, longest = max(parts, key=lambda each: each.p95), max(waited, key=lambda each: each.p95)
    stall = max(*pages, *parts, key=lambda each: each.longest)
    return Report(
        [
            Figure("page_p95", slowest.p95, "ms", (Budget("value", "<=", 150),), note=slowest.address),
            Figure("part_p95", part.p95, "ms", (Budget("value", "<=", 150),), note=part.address),
            Figure("counted_p95", longest.p95, "ms", (), note=longest.address),
            Figure("longest_look", stall.longest, "ms", (), note=stall.address),
            Figure("page_bytes", heaviest.weight, "B", (Budget("value", "<=", 200_000),), note=heaviest.address),
        ],
        [
            f"{counted}; each page and part looked at {looks} times, one after the other",
            *_lines("pages", pages),
            *_lines("parts of pages", parts),
            *_lines("parts that count or prove, awaited with a sign of progress", waited),
        ],
    )


def _people(database: Database, stores: int, members: int) -> None:
    """More stores like those of the chain, and more members like theirs, each the friend of somebody."""
    with database.begin() as session:
        for statement in _MORE:
            session.connection().execute(text(statement), {"stores": stores, "members": members})


def _publish(database: Database, journeys: int, rows: int) -> None:
    """Publish journeys that differ in name alone, and a ruleset of so many rows, each with a draft."""
    first = find_template("journey", FIRST)
    if first is None:
        raise BenchError(f"the library has no journey {FIRST}")
    document = first.document
    copies = {f"copy-{number:03}": {**document, "key": f"copy-{number:03}"} for number in range(1, journeys)}
    for key, copy in copies.items():
        publish_text(database, "journey", key, json.dumps(copy, ensure_ascii=False))
    publish_text(database, "ruleset", RULESET, json.dumps({**table(rows), "key": RULESET}, ensure_ascii=False))


def _counted(database: Database) -> str:
    with database.begin() as session:
        stores, members, journeys, rows, runs = session.connection().execute(_COUNTED).one()
    return f"{stores:,} stores, {members:,} members, {journeys} journeys, {runs:,} runs, a ruleset of {rows} rows"


def _known(database: Database, client: httpx.Client, run: int) -> dict[str, str]:
    """What addresses name: a run, its member and store, a job of many runs, a backtest that is done."""
    with database.begin() as session:
        member, store = session.connection().execute(_ABOUT, {"run": run}).one()
    asked = {"run": str(run), "whom": "named", "action": "pause", "deadlines": "hold", "sure": "true"}
    job = _made(client.post(f"/journeys/{FIRST}/runs/bulk", data=asked)).rpartition("/")[2]
    today = datetime.now(UTC).date().isoformat()
    backtest = _made(client.post(f"/journeys/{FIRST}/backtest", data={"from": today, "to": today})).rpartition("=")[2]
    _until_done(database, [int(job), int(backtest)])
    return {"run": str(run), "member": str(member), "store": str(store), "job": job, "backtest": backtest}


def _until_done(database: Database, jobs: list[int]) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with database.begin() as session:
            states = session.connection().execute(_STATES, {"jobs": jobs}).scalars().all()
        if set(states) == {"done"}:
            return
        time.sleep(0.2)
    raise BenchError(f"jobs are not done: {states}")


def _made(answer: httpx.Response) -> str:
    """Where a form led to."""
    if answer.status_code != httpx.codes.SEE_OTHER:
        raise BenchError(f"{answer.request.url} answers {answer.status_code}")
    return answer.headers["location"]


@contextmanager
def _signed_in(one: Service) -> Iterator[httpx.Client]:
    headers = {"Accept-Encoding": "gzip", "Sec-Fetch-Site": "same-origin"}
    with httpx.Client(base_url=one.url, headers=headers, timeout=60) as client:
        answer = client.post("/sign-in", data={"username": "admin", "password": one.secrets["admin_password"]})
        if answer.status_code != httpx.codes.SEE_OTHER:
            raise BenchError(f"nobody can sign in: {answer.status_code}")
        yield client


def _look(client: httpx.Client, address: str, looks: int) -> Looked:
    page, size = _asked(client, address)
    assets = {match.group(1) for match in _ASSET.finditer(page)}
    weight = size + sum(_asked(client, asset)[1] for asset in assets)
    return Looked(address, [_timed(client, address) for _ in range(looks)], weight)


def _asked(client: httpx.Client, address: str) -> tuple[str, int]:
    """The text of an answer, and its bytes as they came."""
    answer = client.get(address)
    if not answer.is_success and not answer.is_redirect:  # who is signed in is led on from where one signs in
        raise BenchError(f"{address} answers {answer.status_code}")
    return answer.text, answer.num_bytes_downloaded


def _timed(client: httpx.Client, address: str) -> float:
    began = time.perf_counter()
    _asked(client, address)
    return 1e3 * (time.perf_counter() - began)


def _lines(name: str, looked: list[Looked]) -> Iterator[str]:
    yield f"{name}, p95 and longest:"
    for each in sorted(looked, key=lambda one: -one.p95):
        yield f"{each.p95:7.1f} ms {each.longest:7.1f} ms  {each.weight / 1e3:6.1f} kB  {each.address}"


_ABOUT = text("""
SELECT runs.member_id, stores.key FROM runs JOIN stores ON stores.id = runs.store_id WHERE runs.id = :run""")
_STATES = text("SELECT state FROM jobs WHERE id = ANY(:jobs)")
_MORE = (
    """
INSERT INTO stores (key, title, region_id, brand, ownership, price_kind, mode, address, details, is_test)
SELECT 'B' || lpad(n::text, 4, '0'), title, region_id, brand, ownership, price_kind, mode, address, details, is_test
FROM generate_series((SELECT count(*) + 1 FROM stores), :stores) AS n
JOIN (SELECT row_number() OVER (ORDER BY id) - 1 AS place, * FROM stores) AS like_this
    ON place = n % (SELECT count(*) FROM stores)""",
    """
WITH known AS (SELECT row_number() OVER (ORDER BY id) - 1 AS place, * FROM members),
     homes AS (SELECT row_number() OVER (ORDER BY id) - 1 AS place, id FROM stores)
INSERT INTO members (created_at, is_staff, attributes, personal_enc, store_id, owner_id, first_channel_id,
    last_channel_id)
SELECT created_at, is_staff, attributes, personal_enc, homes.id, owner_id, first_channel_id, last_channel_id
FROM generate_series((SELECT count(*) + 1 FROM members), :members) AS n
JOIN known ON known.place = n % (SELECT count(*) FROM known)
JOIN homes ON homes.place = n % (SELECT count(*) FROM homes)""",
    """
INSERT INTO relations (associate_id, member_id, full_at, store_id)
SELECT (SELECT min(id) FROM associates WHERE active), members.id, members.created_at, members.store_id
FROM members WHERE NOT EXISTS (SELECT FROM relations WHERE relations.member_id = members.id)""",
    "ANALYZE",
)
_COUNTED = text("""
SELECT (SELECT count(*) FROM stores), (SELECT count(*) FROM members),
       (SELECT count(*) FROM live WHERE kind = 'journey'),
       (SELECT json_array_length(document::json -> 'rows') FROM versions WHERE kind = 'ruleset' AND key = 'bench-rows'),
       (SELECT count(*) FROM runs)
""")
