"""Files of the chain: how they are read, what is wrong with thirty lines, and what the good ones make."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.clock import FixedClock
from engine.database.connection import Database
from engine.jobs import store
from engine.jobs.kinds import IMPORT
from engine.jobs.models import Job
from engine.jobs.pages import within
from engine.organisation.importing import applying
from engine.organisation.importing.applying import create_import
from engine.organisation.importing.checking import Checked, check
from engine.organisation.importing.lines import FileError, Line, Wrong
from engine.organisation.importing.reading import read
from tests.engine.chain import Chain
from workflows.job_pages import JobPages

GOOD: list[dict[str, Any]] = [
    {"kind": "channel", "key": "till", "title": "收银台", "channel_kind": "pos", "store": "N1", "associates": ["ann"]},
    {"kind": "group_chat", "chat_id": "wrX", "title": "群", "store": "N1", "owner": "ann", "hosts": ["ann"]},
    {"kind": "associate", "key": "ann", "name": "Ann", "store": "N1", "wecom_userid": "ann-wecom"},
    {"kind": "store", "key": "N1", "title": {"zh": "新店", "en": "New"}, "region": "north-coast", "city": "X"},
    {"kind": "region", "key": "north-coast", "title": "北岸", "parent": "north"},
    {"kind": "region", "key": "north", "title": "北"},
]


def jsonl(*records: object) -> bytes:
    return "\n".join(one if isinstance(one, str) else json.dumps(one) for one in records).encode()


def checked(chain: Chain, content: bytes) -> Checked:
    with chain.database.begin() as session:
        return check(session, read(content))


def wrongs(chain: Chain, content: bytes) -> list[tuple[int, str | None, str]]:
    return [(one.n, one.field, one.message["en"]) for one in checked(chain, content).wrong]


def apply(chain: Chain, content: bytes, clock: FixedClock) -> Job:
    """Check, ask for the job, do all its pages."""
    with chain.database.begin() as session:
        found = check(session, read(content))
        job = create_import(session, chain.keys, found, by="user:op", now=clock.now()).id
    pages = JobPages(chain.database, clock, {IMPORT: within(applying.page(clock, chain.keys))})
    while not asyncio.run(pages.turn(job)):
        pass
    with chain.database.begin() as session:
        return store.find(session, job)


def test_lines_are_applied_whatever_their_order(chain: Chain, clock: FixedClock) -> None:
    job = apply(chain, jsonl(*GOOD), clock)
    assert (job.state, job.done, job.total, job.failed) == ("done", 6, 6, 0)
    assert chain.rows("SELECT kind FROM channels WHERE key = 'till'") == [("pos",)]
    assert chain.rows("""
        SELECT a.key, s.key, r.key, p.key FROM associates a JOIN stores s ON s.id = a.store_id
        JOIN regions r ON r.id = s.region_id JOIN regions p ON p.id = r.parent_id WHERE a.key = 'ann'
    """) == [("ann", "N1", "north-coast", "north")]
    assert chain.rows("SELECT h.chat_id FROM chats h JOIN associates a ON a.id = h.owner_id WHERE a.key = 'ann'") == [
        ("wrX",)
    ]
    assert chain.rows("SELECT count(*) FROM job_parts") == [(0,)]
    audited = chain.rows("SELECT action, actor FROM audit WHERE object = 'associate/ann'")
    assert audited == [("associate.created", "user:op")]


def test_a_file_that_is_applied_twice_changes_nothing_the_second_time(chain: Chain, clock: FixedClock) -> None:
    content = jsonl(*GOOD)
    apply(chain, content, clock)
    before = chain.rows("SELECT key, title, region_id, details FROM stores ORDER BY id")
    assert apply(chain, content, clock).failed == 0
    assert chain.rows("SELECT key, title, region_id, details FROM stores ORDER BY id") == before


def test_names_of_people_lie_sealed(chain: Chain, clock: FixedClock) -> None:
    with chain.database.begin() as session:
        found = check(session, read(jsonl({"kind": "associate", "key": "z", "name": "Zofia", "store": "S1"})))
        create_import(session, chain.keys, found, by="user:op", now=clock.now())
    [(sealed,)] = chain.rows("SELECT content_enc FROM job_parts")
    assert b"Zofia" not in bytes(sealed)
    assert "Zofia" not in str(chain.rows("SELECT args, cursor FROM jobs"))


BAD_LINES: list[tuple[str | dict[str, Any], str | None]] = [
    ("not json", None),
    ('{"kind": "region"', None),
    ("[1, 2]", None),
    ("17", None),
    ('{"kind": "region", "kind": "store"}', None),
    ('{"kind": "region", "key": "r", "title": NaN}', None),
    ({"key": "r", "title": "x"}, "kind"),
    ({"kind": "planet", "key": "r"}, "kind"),
    ({"kind": "region", "title": "x"}, "key"),
    ({"kind": "region", "key": "", "title": "x"}, "key"),
    ({"kind": "region", "key": "Ä", "title": "x"}, "key"),
    ({"kind": "region", "key": "x" * 65, "title": "x"}, "key"),
    ({"kind": "region", "key": True, "title": "x"}, "key"),
    ({"kind": "region", "key": "r1"}, "title"),
    ({"kind": "region", "key": "r2", "title": ""}, "title.zh"),
    ({"kind": "region", "key": "r3", "title": {"zh": "x"}}, "title.en"),
    ({"kind": "region", "key": "r4", "title": "a\u0007b"}, "title"),
    ({"kind": "region", "key": "r5", "title": "x", "colour": "red"}, "colour"),
    ({"kind": "region", "key": "r6", "title": "x", "parent": "nowhere"}, "parent"),
    ({"kind": "region", "key": "r7", "title": "x", "parent": "r7"}, "parent"),
    ({"kind": "store", "key": "s1", "title": "x"}, "region"),
    ({"kind": "store", "key": "s2", "title": "x", "region": "nowhere"}, "region"),
    ({"kind": "store", "key": "s3", "title": "x", "region": "east", "ownership": "mine"}, "ownership"),
    ({"kind": "store", "key": "s4", "title": "x", "region": "east", "location": {"lat": 91, "lon": 0}}, "location.lat"),
    ({"kind": "store", "key": "s5", "title": "x", "region": "r5"}, "region"),
    ({"kind": "associate", "key": "a1", "name": "x"}, "store"),
    ({"kind": "associate", "key": "a2", "name": "x", "store": "nowhere"}, "store"),
    ({"kind": "associate", "key": "a3", "name": "x", "store": "S1", "wecom_userid": "wecom-lin"}, "wecom_userid"),
    ({"kind": "associate", "key": "a4", "name": "x", "store": "S1", "capacity": -1}, "capacity"),
    ({"kind": "associate", "key": "a5", "name": "x", "store": "S1", "active": "perhaps"}, "active"),
    ({"kind": "group_chat", "chat_id": "w1", "title": "x"}, "store"),
    ({"kind": "group_chat", "chat_id": "w2", "title": "x", "store": "S1", "owner": "nobody"}, "owner"),
    ({"kind": "group_chat", "chat_id": "w3", "title": "x", "store": "S1", "hosts": ["lin", "nobody"]}, "hosts.1"),
    ({"kind": "channel", "key": "c0", "title": "x"}, "channel_kind"),
    ({"kind": "channel", "key": "c1", "title": "x", "channel_kind": "link", "associates": "lin"}, "associates"),
    ({"kind": "channel", "key": "c2", "title": "x", "channel_kind": "link", "hours": {"days": "never"}}, "hours"),
]


@pytest.mark.parametrize(("line", "field"), BAD_LINES)
def test_a_bad_line_is_told_by_number_and_field_with_its_remedy(
    chain: Chain, line: str | dict[str, Any], field: str | None
) -> None:
    fine = {"kind": "region", "key": "fine", "title": "x"}
    found = wrongs(chain, jsonl(fine, "", line, {**fine, "key": "fine2"}))
    assert found
    assert {n for n, _, _ in found} == {3}
    assert found[0][1] is None if field is None else any((told or "").startswith(field) for _, told, _ in found)
    assert all(len(message) > 10 for _, _, message in found)


@pytest.mark.parametrize(
    ("content", "fields"),
    [
        (b"kind,key,title.zh,title.en,region\nstore,s1,x,,nowhere\n", ["title.en", "region"]),
        (b"kind,key,title,region,wecom_userid\nassociate,,x,nowhere,\n", ["title", "region", "key", "name", "store"]),
        (b"kind,key,name,store,wecom_userid\nassociate,a,,nowhere,wecom-lin\n", ["name", "wecom_userid", "store"]),
        (b"kind,key,title\nplanet,,x\n", ["kind", "key"]),
        (b'{"kind": "region", "key": "r", "title": "a\\u0007b", "parent": "b\\u0007"}', ["title", "parent"]),
    ],
)
def test_all_that_is_wrong_with_a_line_is_told_at_once(chain: Chain, content: bytes, fields: list[str]) -> None:
    assert [field for _, field, _ in wrongs(chain, content)] == fields


def test_a_job_counts_lines_and_tells_of_each_all_that_is_wrong(chain: Chain) -> None:
    found = checked(chain, b"kind,key,title.zh,region\nstore,s1,x,nowhere\nregion,r,,\n")
    first, second = found.findings()
    assert (first.subject, second.subject) == ("line 2", "line 3")
    assert first.message["zh"].startswith("title.en：缺少这个必填字段，请补上；region：没有 region 'nowhere'")
    assert first.message["en"].startswith("title.en: A store needs this field: give it. region: There is no region")


def test_a_line_that_is_wrong_takes_nothing_from_one_that_is_right(chain: Chain) -> None:
    account = {"kind": "associate", "store": "S1", "wecom_userid": "one"}
    found = checked(chain, jsonl({**account, "key": "a"}, {**account, "key": "b", "name": "x"}))
    assert [line.n for line in found.good] == [2]
    assert [(one.n, one.field) for one in found.wrong] == [(1, "name"), (1, "wecom_userid")]


def test_all_bad_lines_of_a_file_are_told_at_once_and_keep_nothing_from_being_told(chain: Chain) -> None:
    lines = [{"kind": "region", "key": "fine", "title": "x"}, *(line for line, _ in BAD_LINES)]
    found = wrongs(chain, jsonl(*lines))
    assert {n for n, _, _ in found} >= set(range(2, len(lines) + 1))


def test_a_channel_says_what_it_is(chain: Chain) -> None:
    """`kind` names the record, so the channel's own kind has another name in a file."""
    fine = {"kind": "channel", "key": "c", "title": "x", "channel_kind": "poster"}
    assert wrongs(chain, jsonl(fine)) == []
    [(_, field, message)] = wrongs(chain, jsonl({**fine, "channel_kind": "drum"}))
    assert field == "channel_kind"
    assert "poster" in message


def test_two_lines_of_one_record_and_of_one_account_are_refused(chain: Chain) -> None:
    region = {"kind": "region", "key": "r", "title": "x"}
    assert [n for n, _, _ in wrongs(chain, jsonl(region, region))] == [2]
    people = [{"kind": "associate", "key": key, "name": "x", "store": "S1", "wecom_userid": "one"} for key in "ab"]
    assert [(n, field) for n, field, _ in wrongs(chain, jsonl(*people))] == [(2, "wecom_userid")]


def test_regions_that_would_stand_below_each_other_are_refused(chain: Chain) -> None:
    loop = [{"kind": "region", "key": a, "title": "x", "parent": b} for a, b in (("a", "b"), ("b", "c"), ("c", "a"))]
    assert {(n, field) for n, field, _ in wrongs(chain, jsonl(*loop))} == {(1, "parent"), (2, "parent"), (3, "parent")}
    east = {"kind": "region", "key": "east", "title": "x", "parent": "under"}
    under = {"kind": "region", "key": "under", "title": "x", "parent": "east"}
    assert len(wrongs(chain, jsonl(east, under))) == 2


def test_what_refers_to_a_bad_line_is_bad_and_so_on(chain: Chain) -> None:
    content = jsonl(
        {"kind": "region", "key": "r"},
        {"kind": "store", "key": "s", "title": "x", "region": "r"},
        {"kind": "associate", "key": "a", "name": "x", "store": "s"},
        {"kind": "associate", "key": "b", "name": "x", "store": "S1"},
    )
    found = checked(chain, content)
    assert [(one.n, one.field) for one in found.wrong] == [(1, "title"), (2, "region"), (3, "store")]
    assert [line.n for line in found.good] == [4]


def test_a_long_row_of_regions_is_checked_in_one_walk(chain: Chain) -> None:
    """Each line hangs on the next: to look at all of them again for each took minutes."""
    row = [{"kind": "region", "key": f"r{n}", "title": "x", "parent": f"r{n + 1}"} for n in range(5_000)]
    assert {n for n, _, _ in wrongs(chain, jsonl(*row))} == set(range(1, 5_001))
    good = checked(chain, jsonl(*row, {"kind": "region", "key": "r5000", "title": "x"})).good
    assert [line.n for line in good] == list(range(5_001, 0, -1))


def test_a_file_may_name_more_records_than_a_statement_takes_parameters(chain: Chain) -> None:
    lines = [
        {"kind": "channel", "key": f"c{n}", "title": "x", "channel_kind": "link",
         "associates": [f"a{n}-{m}" for m in range(100)]}
        for n in range(660)
    ]  # fmt: skip
    assert len(wrongs(chain, jsonl(*lines))) == 66_000


def test_what_changed_since_the_check_is_an_error_of_the_job(chain: Chain, clock: FixedClock) -> None:
    content = jsonl({"kind": "associate", "key": "a", "name": "x", "store": "S1", "wecom_userid": "new"})
    with chain.database.begin() as session:
        job = create_import(session, chain.keys, check(session, read(content)), by="user:op", now=clock.now()).id
    apply(chain, jsonl({"kind": "associate", "key": "b", "name": "x", "store": "S1", "wecom_userid": "new"}), clock)
    pages = JobPages(chain.database, clock, {IMPORT: within(applying.page(clock, chain.keys))})
    assert asyncio.run(pages.turn(job)) is True
    with chain.database.begin() as session:
        [error] = store.errors_of(session, job)
    assert error.subject == "line 1"
    assert "wecom_userid" in error.message["en"]


ROWS: list[dict[str, str]] = [
    {"kind": "region", "key": "north", "title.zh": "北", "title.en": "North"},
    {"kind": "store", "key": "N1", "title.zh": "新店", "title.en": "New", "region": "north"},
    {"kind": "associate", "key": "ann", "name": 'Ann, the "first"; \tand', "store": "N1", "active": "是"},
    {"kind": "associate", "key": "hq", "name": "HQ", "active": "no"},
    {"kind": "group_chat", "key": "wrX", "title.zh": "群", "title.en": "Group", "store": "N1", "hosts": "ann;hq",
     "chat_kind": "vip"},
    {"kind": "channel", "key": "till", "title.zh": "收银台", "title.en": "Till", "channel_kind": "pos",
     "associates": "ann | hq"},
]  # fmt: skip


def as_csv(rows: list[dict[str, str]], delimiter: str = ",") -> str:
    """The rows as a spreadsheet writes them."""
    text = io.StringIO(newline="")
    columns = dict.fromkeys(name for row in rows for name in row)
    writer = csv.DictWriter(text, list(columns), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


@pytest.mark.parametrize("bom", ["", "\ufeff"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_csv_says_the_same(chain: Chain, clock: FixedClock, bom: str, delimiter: str) -> None:
    content = (bom + as_csv(ROWS, delimiter)).encode()
    assert wrongs(chain, content) == []
    assert apply(chain, content, clock).failed == 0
    assert chain.rows("SELECT key, active FROM associates WHERE key IN ('ann', 'hq') ORDER BY key") == [
        ("ann", True),
        ("hq", False),
    ]
    assert chain.rows("SELECT kind, cardinality(hosts) FROM chats WHERE chat_id = 'wrX'") == [("vip", 2)]
    assert chain.rows("SELECT kind, cardinality(associates) FROM channels WHERE key = 'till'") == [("pos", 2)]
    assert chain.rows("SELECT title ->> 'en' FROM stores WHERE key = 'N1'") == [("New",)]


@pytest.mark.parametrize("cell", ["[" * 50_000, "NaN", "{"])
def test_a_cell_that_is_no_json_is_refused_as_a_value(chain: Chain, cell: str) -> None:
    content = f"kind,key,title,channel_kind,hours\nchannel,c,x,link,{cell}\n"
    assert [(n, field) for n, field, _ in wrongs(chain, content.encode())] == [(2, "hours")]


def test_lines_of_a_csv_are_those_of_the_file(chain: Chain) -> None:
    rows = ["kind,key,title,region", 'store,a,"two', 'lines",east', "", "store,b,x,nowhere", "region,c,x,east"]
    found = wrongs(chain, "\n".join([*rows, "store,d,x,east,more"]).encode())
    assert [(n, field) for n, field, _ in found] == [(5, "region"), (6, "region"), (7, None)]


UNREADABLE: list[tuple[bytes, str]] = [
    (b"", "nothing in the file"),
    (b"\n\n", "nothing in the file"),
    ("kind,key,title\nregion,n,北岸\n".encode("gb18030"), "GB18030"),
    ("kind,key,title\nregion,n,北岸\n".encode("utf-16"), "UTF-16"),
    (b"\xff\x00\x81\x00\xff", "not UTF-8"),
    (b"name,store\nx,y\n", "kind and key"),
    (b"kind,key,key\n", "twice"),
    (b"kind,key,title,title.zh\n", "both 'title' and 'title.zh'"),
    (b"kind,key,title.en,title\nregion,n,N,\n", "both 'title' and 'title.en'"),
]


@pytest.mark.parametrize(("content", "told"), UNREADABLE)
def test_a_file_that_cannot_be_read_says_what_to_do(content: bytes, told: str) -> None:
    with pytest.raises(FileError, match=told) as caught:
        read(content)
    assert caught.value.text["zh"]


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_whatever_is_sent_is_read_or_refused_in_words(content: bytes) -> None:
    for form in (None, "csv", "jsonl"):
        with suppress(FileError):
            found = read(content, form)
            assert found
            assert all(isinstance(one, Line | Wrong) for one in found)


def test_a_large_file_is_applied_in_pages(database: Database, chain: Chain, clock: FixedClock) -> None:
    records = [{"kind": "region", "key": f"r{n}", "title": f"{n}"} for n in range(250)]
    job = apply(chain, jsonl(*records), clock)
    assert (job.done, job.cursor) == (250, {"page": 3})
    assert chain.rows("SELECT count(*) FROM regions WHERE key LIKE 'r%'") == [(250,)]
