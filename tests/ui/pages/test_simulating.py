"""The page that simulates a journey: who is tried, step by step, with every decision in words."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from engine.clock import FixedClock
from engine.database.connection import Database
from engine.edits.commands import parse
from engine.edits.store import edit, editable, put_draft
from engine.secrets.keyring import KeyRing
from tests.conftest import DAWN
from tests.ui.pages.test_pages import text_of
from tests.ui.sample import JOURNEY, Sample
from tests.ui.visitor import Visitor
from ui.app import Dependencies
from ui.trying.walks import Walk, WalkError, decode, encode
from workflows.activities.registry import catalogue_of, load_activities

PAGE = "/journeys/hook-coupon/simulate"


class Busy(FixedClock):
    """A clock at which something happens whenever anybody looks at it, such as another author's edit."""

    meanwhile: Callable[[], object] | None = None

    def now(self) -> datetime:
        if self.meanwhile is not None:
            self.meanwhile()
        return super().now()


@pytest.fixture
def clock() -> Busy:
    return Busy(DAWN)


@pytest.fixture
def deps(database: Database, keys: KeyRing, clock: FixedClock) -> Dependencies:
    return Dependencies(database, clock, keys, catalogue_of(load_activities()), demo=True)


def walk_of(answer: httpx.Response) -> str:
    assert answer.status_code == 303, text_of(answer)
    [packed] = parse_qs(urlsplit(answer.headers["location"]).query)["walk"]
    return packed


def begun(admin: Visitor, **sent: str) -> str:
    return walk_of(admin.post(PAGE, data={"on": "contact.scanned", "fact.event.channel.kind": "pos", **sent}))


def moved(admin: Visitor, walk: str, deed: str, **sent: str) -> str:
    return walk_of(admin.post(PAGE, data={"walk": walk, "do": deed, **sent}))


def seen(admin: Visitor, walk: str, lang: str = "en") -> str:
    return text_of(admin.get(f"{PAGE}?walk={walk}&lang={lang}"))


def stations(admin: Visitor, walk: str) -> list[str]:
    return re.findall(r'id="station-([\w-]+)"', admin.get(f"{PAGE}?walk={walk}").text)


def test_a_real_member_is_taken_as_they_are_with_what_the_event_tells(admin: Visitor, chain: Sample) -> None:
    facts = {"fact.member.friend": "true", "fact.store.title": "灯塔路店"}
    made_up, real = decode(begun(admin, **facts)), decode(begun(admin, member=f"#{chain.members[3]}", **facts))
    assert (made_up.given.member, made_up.given.store) == ({"friend": True}, {"title": "灯塔路店"})
    assert (real.given.member, real.given.store) == ({}, {})
    assert real.when[0].data == made_up.when[0].data == {"channel": {"kind": "pos"}}


def test_the_page_offers_members_who_would_enter_and_the_fields_that_the_journey_reads(admin: Visitor) -> None:
    page = admin.get(f"{PAGE}?lang=en").text
    assert "Members whom an entry fits" in page
    person, _, event = page.partition("What the entry event tells")
    assert 'name="fact.member.nickname"' in person.partition("Facts about the made-up person")[2]
    assert 'name="fact.event.channel.kind"' not in person
    assert re.search(r'name="fact.event.channel.kind">.*?value="pos" selected>Till code \(pos\)', event, re.DOTALL)


def test_a_made_up_member_is_walked_to_the_end(admin: Visitor) -> None:
    walk = begun(admin, **{"fact.member.nickname": "小林", "fact.store.title": "灯塔路店"})
    assert stations(admin, walk) == ["how", "wait_add"]
    walk = moved(admin, walk, "inject", on="contact.added", after="PT2M", **{"fact.event.welcome_code": "c1"})
    assert stations(admin, walk) == ["how", "wait_add", "welcome", "wait_join"]
    page = seen(admin, walk)
    assert "小林,欢迎加入灯塔路店福利群" in page
    assert "What the customer reads" in page
    walk = moved(admin, walk, "run")
    assert stations(admin, walk)[-1] == "not_joined"


def test_steps_go_on_and_back_one_node_at_a_time(admin: Visitor) -> None:
    walk = begun(admin)
    walk = moved(admin, walk, "back")
    assert stations(admin, walk) == ["how"]
    assert "On to the next wait" in seen(admin, walk)
    walk = moved(admin, walk, "step")
    assert stations(admin, walk) == ["how", "wait_add"]
    walk = moved(admin, walk, "step")
    assert stations(admin, walk)[2:] == ["invite"] or stations(admin, walk)[2:] == ["not_added"]


def test_back_takes_back_what_was_done_last_whatever_it_was(admin: Visitor) -> None:
    begin = begun(admin)
    walks = [begin]
    for deed, sent in (
        ("inject", {"on": "contact.added", "after": "PT2M", "fact.event.welcome_code": "c1"}),
        ("inject", {"on": "group.joined", "after": "PT1M"}),
        ("answer", {"activity": "coupon.issue", "nth": "0", "port": "sold_out"}),
        ("answer", {"activity": "coupon.issue", "nth": "0", "port": "done"}),
        ("run", {}),
    ):
        walks.append(moved(admin, walks[-1], deed, **sent))
    [*before, walk] = walks
    for earlier in reversed(before):
        walk = moved(admin, walk, "back")
        assert simplest(walk) == simplest(earlier)
    assert stations(admin, moved(admin, walk, "back")) == ["how"]


def simplest(packed: str) -> dict[str, Any]:
    return decode(packed).model_dump(exclude={"before"})


def test_a_deadline_is_jumped_to_and_an_event_may_still_come_before_it(admin: Visitor) -> None:
    walk = begun(admin)
    late = moved(admin, walk, "deadline")
    assert len(stations(admin, late)) > 2
    in_time = moved(admin, walk, "inject", on="contact.added", after="PT1M")
    assert "welcome" in stations(admin, in_time)


def test_a_decision_is_explained_in_both_languages(admin: Visitor) -> None:
    walk = begun(admin, **{"fact.member.friend": "false"})
    for lang, word in (("en", "not true"), ("zh", "不成立")):
        assert word in seen(admin, walk, lang)


def test_an_activity_may_end_otherwise(admin: Visitor) -> None:
    walk = begun(admin)
    walk = moved(admin, walk, "inject", on="contact.added", after="PT2M", **{"fact.event.welcome_code": "c1"})
    walk = moved(admin, walk, "inject", on="group.joined", after="PT1M")
    assert "wait_claim" in stations(admin, walk)
    walk = moved(admin, walk, "answer", activity="coupon.issue", nth="0", port="sold_out")
    assert stations(admin, walk)[-1] == "no_stock"


def test_a_real_member_is_named_by_id_and_masked(admin: Visitor, chain: Sample) -> None:
    answer = admin.post(
        PAGE, data={"on": "contact.scanned", "member": "phone:12000000002", "data": '{"channel": "E01-pos"}'}
    )
    walk = walk_of(answer)
    assert decode(walk).member == str(chain.members[2])
    assert "12000000002" not in answer.headers["location"]
    page = seen(admin, walk)
    assert "林小橙" not in page
    assert f"Member #{chain.members[2]}" in page
    assert "what is sent has them whole" in page


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ({"on": "contact.scanned", "member": "phone:19999999999"}, "no such member"),
        ({"on": "store.visited"}, "Choose an event"),
        ({"on": "contact.scanned", "fact.member.friend": "perhaps"}, "does not fit"),
        ({"on": "contact.scanned", "data": "[]"}, "no JSON object"),
        ({"on": "contact.scanned", "now": "noon"}, "does not fit"),
        ({"walk": "nonsense", "do": "step"}, "cannot be read"),
    ],
)
def test_what_cannot_be_done_is_told_on_the_page(admin: Visitor, sent: dict[str, str], told: str) -> None:
    answer = admin.post(f"{PAGE}?lang=en", data=sent)
    assert answer.status_code == 422
    assert told in answer.text


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ({"do": "fly"}, "no such deed"),
        ({"do": "inject", "on": "no type"}, "Choose an event"),
        ({"do": "inject", "on": "custom.a", "after": "soon"}, "ISO 8601"),
        ({"do": "inject", "on": "custom.a", "data": "{"}, "no JSON object"),
        ({"do": "answer", "activity": "x", "nth": "-1"}, "no such deed"),
    ],
)
def test_a_move_that_cannot_be_made_keeps_the_walk(admin: Visitor, sent: dict[str, str], told: str) -> None:
    walk = begun(admin)
    answer = admin.post(f"{PAGE}?lang=en", data={"walk": walk, **sent})
    assert answer.status_code == 422
    assert told in answer.text
    assert walk in answer.text


def fields_of(page: str) -> list[str]:
    return re.findall(r'name="fact\.event\.([\w.]+)"', page)


def test_any_event_is_chosen_by_its_title_those_that_the_journey_names_first(admin: Visitor) -> None:
    for lang, headings, word in (("en", ("Events that this", "All other"), "Added as a friend"),
                                 ("zh", ("这个旅程用到的事件", "其他所有事件"), "添加好友")):  # fmt: skip
        page = admin.get(f"{PAGE}?walk={begun(admin)}&lang={lang}").text
        named, others = page.partition('id="other-on"')[2].partition("</select>")[0].split("<optgroup")[1:]
        assert (headings[0] in named, headings[1] in others) == (True, True)
        assert f'<option value="contact.added" >{word}</option>' in named
        assert '<option value="store.visited"' in others
        assert "run.requested" not in others, "nobody but the product sends it"


@pytest.mark.parametrize(
    ("on", "told"),
    [
        ("group.joined", ["chat", "scene", "state", "channel.key", "channel.kind", "store.key", "associate.key"]),
        ("member.updated", ["nickname", "channel.key", "channel.kind", "store.key", "associate.key"]),
        ("no.type", []),
        ("", []),
    ],
)
def test_the_fields_of_an_event_are_offered_once_it_is_chosen(admin: Visitor, on: str, told: list[str]) -> None:
    fragment = admin.get(f"{PAGE}/event?on={on}")
    assert fragment.status_code == 200
    assert fields_of(fragment.text) == told


def test_a_field_is_as_the_chosen_event_declares_it(admin: Visitor) -> None:
    """Two types tell by whom or why under one name."""
    for on, title, value in (("contact.lost", "Ended by", "staff"), ("group.left", "Left by", "dismissed")):
        fragment = admin.get(f"{PAGE}/event?on={on}&lang=en").text
        assert title in fragment
        field = fragment.partition('name="fact.event.by"')[2].partition("</select>")[0]
        assert f'value="{value}"' in field, field
        walk = moved(admin, begun(admin), "inject", on=on, place="other", **{"fact.event.by": value})
        assert decode(walk).when[-1].data == {"by": value}


def test_a_field_of_the_entry_is_as_its_event_declares_it(admin: Visitor, database: Database) -> None:
    lost = {
        "entry": [{"on": "contact.lost", "when": {"==": [{"var": "event.by"}, "staff"]}}],
        "start": "end",
        "nodes": {"end": {"type": "end", "outcome": "done"}},
    }
    document = {**{name: JOURNEY[name] for name in ("schema", "key", "title", "policies")}, **lost}
    with database.begin() as session:
        put_draft(session, "journey", "hook-coupon", json.dumps(document), by="user:lin", now=DAWN)
    page = admin.get(f"{PAGE}?lang=en").text
    field = page.partition('name="fact.event.by"')[2].partition("</select>")[0]
    assert 'value="staff" selected' in field
    assert 'value="dismissed"' not in field


def test_a_refused_event_keeps_what_was_written_with_the_reason_beside_it(admin: Visitor) -> None:
    sent = {
        "do": "inject",
        "place": "other",
        "on": "group.left",
        "after": "P3D",
        "fact.event.chat": "wr9",
        "data": "{x",
    }
    page = admin.post(f"{PAGE}?lang=en", data={"walk": begun(admin), **sent}).text
    form = page.partition('id="other-event" open')[2].partition("</form>")[0]
    assert '<option value="group.left" selected>' in form
    assert '<option value="P3D" selected>' in form
    assert 'value="wr9"' in form
    assert ">{x</textarea>" in form
    assert page.count("no JSON object") == 1
    assert "no JSON object" in form.partition("</textarea>")[2]


def test_the_fields_of_an_event_and_json_beside_them_make_its_data(admin: Visitor) -> None:
    sent = {"on": "order.paid", "fact.event.amount": "9900", "fact.event.store.key": "E01", "data": '{"note": "cash"}'}
    walk = moved(admin, begun(admin), "inject", place="other", **sent)
    assert decode(walk).when[-1].data == {"amount": 9900, "store": "E01", "note": "cash"}
    refused = admin.post(
        f"{PAGE}?lang=en",
        data={"walk": begun(admin), "do": "inject", "place": "other", **sent, "fact.event.amount": "x"},
    )
    assert "Write an integer" in refused.text.partition('id="other-event" open')[2]


def test_an_event_that_nobody_waited_for_is_told_at_its_time(admin: Visitor) -> None:
    sent = {"on": "store.visited", "place": "other", "after": "PT10M"}
    walk = moved(admin, begun(admin), "inject", **sent)
    page = admin.get(f"{PAGE}?walk={walk}&lang=en").text
    assert "“Store visited” happened; nobody here waited for it" in page
    assert "发生了「到店」；这里没有节点在等它" in seen(admin, walk, "zh")
    added = moved(admin, begun(admin, **{"fact.member.friend": "false"}), "inject", on="contact.added", after="PT1M")
    assert "Conditions read from now on: Is a friend: Yes" in seen(admin, added)


def test_a_delay_that_is_over_waited_for_no_event(admin: Visitor) -> None:
    page = seen(admin, moved(admin, begun(admin), "run"))
    assert re.search(r"Lets time pass Until [\d: -]+The time has passed", page)
    assert re.search(r"Waits for “Added as a friend” Until [\d: -]+Time is up and it did not happen", page)


def test_a_walk_tells_on_which_day_it_begins_and_the_year_where_it_turns(admin: Visitor, chain: Sample) -> None:
    assert "a made-up day: 2026-01-07 10:00" in text_of(admin.get(f"{PAGE}?lang=en"))
    walk = begun(admin)
    assert "Began 2026-01-07 10:00:00 (a made-up day)" in seen(admin, walk)
    late = moved(admin, begun(admin, now="2025-12-31T23:59:30"), "inject", on="store.visited", after="PT1M")
    page = seen(admin, late)
    assert "made-up day" not in page
    assert "nobody here waited for it 2026-01-01 00:00:30" in page
    assert "made-up day" not in seen(admin, begun(admin, member=f"#{chain.members[3]}"))


def test_a_version_is_tried_as_well_and_a_draft_that_cannot_run_leads_to_its_design(admin: Visitor) -> None:
    assert admin.get(f"{PAGE}?version=1").status_code == 200
    assert admin.get(f"{PAGE}?version=9").status_code == 404
    assert "/journeys/win-back/edit" in admin.get("/journeys/win-back/simulate").text


def test_a_walk_stands_in_the_address_and_what_is_none_is_refused() -> None:
    walk = Walk.model_validate(
        {"given": {"member": {"nickname": "小林"}}, "when": JOURNEY["tests"][0]["when"], "steps": 3}
    )
    assert decode(encode(walk)) == walk
    assert len(encode(walk)) < 500
    for text in ("", "a", "%%", encode(walk)[:-9], "eJw="):
        with pytest.raises(WalkError):
            decode(text)


TESTS = "/journeys/hook-coupon/tests"


def written_tests(admin: Visitor, database: Database) -> list[dict[str, Any]]:
    with database.begin() as session:
        found: list[dict[str, Any]] = editable(session, "journey", "hook-coupon").document["tests"]  # type: ignore[assignment]  # they are
    return found


def test_a_walk_is_saved_as_a_test_that_holds(admin: Visitor, database: Database) -> None:
    before = written_tests(admin, database)
    walk = begun(admin, **{"fact.member.nickname": "小林"})
    walk = moved(admin, walk, "deadline")
    assert "Save as a test" in seen(admin, walk)
    answer = admin.post(TESTS, data={"walk": walk, "name": "nobody comes"})
    assert walk_of(answer) == walk, "one stays in the walk"
    assert "Saved as the test “nobody comes”. To the tests" in text_of(admin.get(answer.headers["location"]))
    [*same, new] = written_tests(admin, database)
    assert same == before
    assert (new["name"], new["then"]["path"][:2]) == ("nobody comes", ["how", "wait_add"])
    page = text_of(admin.get(f"{TESTS}?lang=en"))
    assert f"{len(before) + 1} of {len(before) + 1} hold" in page
    for name, word in (("nobody comes", "of this name"), ("", "Give the test a name")):
        refused = admin.post(f"{TESTS}?lang=en", data={"walk": walk, "name": name})
        assert (refused.status_code, word in refused.text) == (422, True)


def test_a_walk_takes_the_place_of_the_test_of_its_name(admin: Visitor, database: Database) -> None:
    before = written_tests(admin, database)
    walk, name = moved(admin, begun(admin), "deadline"), before[0]["name"]
    offer = admin.post(f"{TESTS}?lang=en", data={"walk": walk, "name": name})
    assert (offer.status_code, "Replace that test" in offer.text) == (422, True)
    assert f'value="{name}"' in offer.text
    assert admin.post(TESTS, data={"walk": walk, "name": name, "replace": "yes"}).status_code == 303
    [first, *others] = written_tests(admin, database)
    assert (first["name"], first["then"]["path"][:2], others) == (name, ["how", "wait_add"], before[1:])


def test_a_walk_takes_no_other_test_s_place_when_tests_moved_meanwhile(
    admin: Visitor, database: Database, clock: Busy
) -> None:
    before = written_tests(admin, database)
    walk, name = moved(admin, begun(admin), "deadline"), before[0]["name"]

    def insert() -> None:
        theirs = parse({"command": "insert", "pointer": "/tests", "index": 0, "value": {"name": "theirs"}})
        with database.begin() as session:
            edit(session, "journey", "hook-coupon", theirs, by="user:lin", now=DAWN)

    clock.meanwhile = insert
    assert admin.post(TESTS, data={"walk": walk, "name": name, "replace": "yes"}).status_code == 422
    clock.meanwhile = None
    assert [each for each in written_tests(admin, database) if each != {"name": "theirs"}] == before


def test_a_walk_tells_what_events_and_effects_hold_without_json(admin: Visitor) -> None:
    walk = moved(admin, begun(admin, **{"fact.member.nickname": "小林"}), "inject", on="contact.added", after="PT1M")
    page = seen(admin, walk)
    assert re.search(r"Enters by “Scanned” [^.:{]+: Till code", page), "a title and the value by its own"
    assert '{"' not in page


def test_a_real_member_s_walk_keeps_no_personal_data_in_its_test(admin: Visitor, database: Database) -> None:
    sent = {"on": "contact.scanned", "member": "phone:12000000002", "data": '{"channel": "E01-pos"}'}
    walk = walk_of(admin.post(PAGE, data=sent))
    assert admin.post(TESTS, data={"walk": walk, "name": "a real one"}).status_code == 303
    new = written_tests(admin, database)[-1]
    assert new["given"]["member"] == {"friend": True}
    assert "林小橙" not in str(new)
    assert "does not hold" not in text_of(admin.get(f"{TESTS}?lang=en"))


def test_tests_are_renamed_copied_rewritten_and_deleted_by_edits(admin: Visitor, database: Database) -> None:
    def change(deed: str, index: int, **sent: str) -> httpx.Response:
        return admin.post(f"{TESTS}/change", data={"do": deed, "index": str(index), "base": "", **sent})

    first = written_tests(admin, database)[0]
    assert change("rename", 0, name="renamed").status_code == 204
    assert change("duplicate", 0).status_code == 204
    names = [each["name"] for each in written_tests(admin, database)]
    assert names[:2] == ["renamed", "renamed 2"]
    assert change("json", 1, text=json.dumps({**first, "then": {"outcome": "lost"}})).status_code == 204
    page = text_of(admin.get(f"{TESTS}?lang=en"))
    assert "outcome: expected" in page
    assert "does not hold" in page
    assert change("delete", 1).status_code == 204
    assert [each["name"] for each in written_tests(admin, database)] == [names[0], *names[2:]]
    for deed, index, sent in (("json", 0, {"text": "{"}), ("delete", 99, {}), ("rename", -1, {})):
        refused = change(deed, index, **sent)
        assert (refused.status_code, refused.headers["HX-Retarget"]) == (422, "#edit-notice")


def test_a_test_that_does_not_hold_is_made_to_state_what_comes_now_where_it_stands(
    admin: Visitor, database: Database
) -> None:
    first = written_tests(admin, database)[0]
    change = {"do": "json", "index": "0", "base": "", "text": json.dumps({**first, "then": {"outcome": "lost"}})}
    admin.post(f"{TESTS}/change", data=change)
    page = admin.get(f"{TESTS}?lang=en")
    assert page.text.count("Let the test state what comes out now</button>") == 1
    [command, *_] = re.findall(r'name="command" value="([^"]+)"', page.text)
    done = admin.post("/edit/journey/hook-coupon/commands", data={"command": html.unescape(command), "base": ""})
    assert done.status_code == 204
    assert written_tests(admin, database)[0]["then"] == {"outcome": "goal"}
    assert "does not hold" not in text_of(admin.get(f"{TESTS}?lang=en"))
    assert "finding-mend" not in admin.get(f"{TESTS}?lang=en").text


def test_a_deadline_that_a_test_states_is_told_in_the_time_of_the_chain(admin: Visitor, database: Database) -> None:
    first = written_tests(admin, database)[0]
    unmet = {**first, "when": first["when"][:1], "then": {"deadline": "2030-01-14T02:40:00Z"}}
    admin.post(f"{TESTS}/change", data={"do": "json", "index": "0", "base": "", "text": json.dumps(unmet)})
    told = text_of(admin.get(f"{TESTS}?lang=en"))
    assert re.search(r"deadline: expected “2030-01-14 10:40:00”, came “2026-\d\d-\d\d \d\d:\d\d:\d\d”", told)


def test_the_ports_that_no_test_visits_are_listed_and_marked(admin: Visitor) -> None:
    page = admin.get(f"{TESTS}?lang=en")
    assert "Ways out that no test takes" in page.text
    assert "edge-visited" in page.text
    assert "edge-warn" in page.text
    assert admin.get(f"{TESTS}/list").status_code == 200
    assert "/journeys/win-back/edit" in admin.get("/journeys/win-back/tests").text
