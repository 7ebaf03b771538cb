"""The tests of a journey: run at every look, what differs in words, the ports that none visits; changed by commands."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from fastapi import APIRouter
from starlette.responses import HTMLResponse, RedirectResponse, Response

from engine.definitions.errors import NotReadableError, StaleRevisionError
from engine.definitions.source import read_source
from engine.edits.commands import parse
from engine.edits.store import edit, editable
from engine.journeys.document_tests import Test
from engine.journeys.findings import finding
from engine.journeys.mends.offers import Mending
from engine.journeys.parse import read
from engine.journeys.report import run_tests
from engine.journeys.trying.walks import as_test
from engine.trying.people import UnknownPersonError, with_records, without_personal
from rules.documents.commands import CommandError
from rules.types import Json
from ui.journeys.canvas import Mark
from ui.journeys.design import Design, design
from ui.messages import Language, text
from ui.pages.edit_problems import Offer, offer_of
from ui.pages.editing import carried_out, refused, revision_in
from ui.pages.simulate import Sent, page
from ui.pages.tried import Tried, simulated, tried_by
from ui.pages.visit import Authoring, Key, Visit, Visiting
from ui.trying import walks
from ui.trying.forms import test_names
from ui.trying.moves import RefusedError
from ui.trying.unmet import sentences
from ui.trying.walks import Walk, WalkError
from ui.words import wording

router = APIRouter()


@dataclass(frozen=True)
class Shown:
    """One test: what it says in words where it does not hold, its text, and the walk that it is."""

    name: str
    ok: bool
    differences: Sequence[str]
    source: str
    walk: str
    events: Sequence[str]
    offers: Sequence[Offer]


@router.get("/journeys/{key}/tests")
def show_tests(visit: Visiting, key: Key) -> HTMLResponse:
    """All tests, played now, and which ports they visit."""
    tried = tried_by(visit, key, None)
    return visit.render("trying/tests.html", {"tried": tried, "shown": tried.shown, **_told(visit, tried)})


@router.get("/journeys/{key}/tests/list")
def show_list(visit: Visiting, key: Key) -> HTMLResponse:
    """The fragment that is asked for when the draft changes."""
    tried = tried_by(visit, key, None)
    return visit.render("trying/_tests.html", {"tried": tried, "shown": tried.shown, **_told(visit, tried)})


@router.post("/journeys/{key}/tests/change")
def change(visit: Authoring, key: Key, sent: Sent) -> Response:
    """Rename, duplicate, delete or rewrite one test, as an edit of the draft."""
    try:
        command = _command(visit, key, sent)
    except CommandError as error:
        return refused(visit, error)
    return carried_out(visit, "journey", key, command, revision_in(sent))


@router.post("/journeys/{key}/tests")
def save_walk(visit: Authoring, key: Key, sent: Sent) -> Response:
    """Append a walk to the draft's tests, or put it in the place of the one of that name; back to the walk."""
    tried, walk, name = tried_by(visit, key, None), None, sent.get("name", "").strip()[:200]
    try:
        walk = walks.decode(sent.get("walk", ""))
        test = _test_of(visit, tried, walk, name, replacing=bool(sent.get("replace")))
        with visit.operate(whole_chain=True) as session:
            command = parse(_kept(tried.document, name, test))
            seen: dict[str, Any] = {"base": tried.revision, "seat": visit.seat}
            edit(session, "journey", key, command, by=visit.actor, now=visit.now(), **seen)
    except WalkError:
        return page(visit, tried, None, failure="walk", status=422)
    except (CommandError, StaleRevisionError):
        return page(visit, tried, walk, failure="save", status=422)
    except RefusedError as error:
        return page(visit, tried, walk, failure=str(error), sent={"name": name}, status=422)
    names = [*test_names(tried.document), name]
    return RedirectResponse(tried.address(walk, saved=names.index(name)), 303)


def _kept(document: Mapping[str, Json], name: str, test: dict[str, Json]) -> dict[str, Json]:
    """The command that keeps a test: in the place of the one of its name, else behind all others."""
    names = test_names(document)
    if name in names:
        return {"command": "set", "pointer": f"/tests/{names.index(name)}", "value": test}
    return {"command": "insert", "pointer": "/tests", "value": test}


def _test_of(visit: Visit, tried: Tried, walk: Walk, name: str, *, replacing: bool) -> dict[str, Json]:
    """The walk as a test. Of a real member it keeps what the journey read of them and is not personal."""
    if tried.plan is None or not name:
        raise RefusedError("name" if tried.plan else "walk")
    if name in test_names(tried.document) and not replacing:
        raise RefusedError("taken")
    with visit.begin() as session:
        walk = walk.model_copy(update={"when": with_records(session, walk.when)})
        try:
            found = simulated(visit, session, tried, tried.plan, walk)
            if walk.member is not None:
                given = without_personal(
                    session, visit.deps.keys, tried.plan, walk, fields=tried.context.fields, now=visit.now()
                )
                walk = walk.model_copy(update={"given": given, "member": None})
                found = simulated(visit, session, tried, tried.plan, walk)
        except UnknownPersonError as error:
            raise RefusedError("person") from error
    return as_test(tried.plan, walk, found, name)


def _command(visit: Visit, key: str, sent: Mapping[str, str]) -> Json:
    """The command that was meant. Raises CommandError."""
    index = sent.get("index", "")
    place = f"/tests/{index}"
    with visit.begin() as session:
        tests = read_source(editable(session, "journey", key).text).document.get("tests")
    if not isinstance(tests, list) or index not in map(str, range(len(tests))):
        raise CommandError(place, "这个测试已经不在了，请刷新页面。", "This test is gone; look at the page anew.")
    test, names = tests[int(index)], {each.get("name") for each in tests if isinstance(each, dict)}
    match sent.get("do"):
        case "rename":
            return {"command": "set", "pointer": f"{place}/name", "value": sent.get("name", "").strip()}
        case "duplicate":
            base = str(test.get("name")) if isinstance(test, dict) else ""
            name = next(found for n in range(2, len(tests) + 3) if (found := f"{base} {n}") not in names)
            copy: Json = {**test, "name": name} if isinstance(test, dict) else test
            return {"command": "insert", "pointer": "/tests", "index": int(index) + 1, "value": copy}
        case "delete":
            return {"command": "remove", "pointer": place}
        case _:
            return {"command": "set", "pointer": place, "value": _json(place, sent.get("text", ""))}


def _json(place: str, written: str) -> Json:
    try:
        return read_source(written).document
    except NotReadableError as error:
        raise CommandError(
            place, f"这不是可读的 JSON：{error}", f"This is no JSON that can be read: {error}"
        ) from error


def _told(visit: Visit, tried: Tried) -> dict[str, object]:
    journey = read(tried.document).journey
    drawn = design(tried.document, [], visit.deps.catalogue, visit.language, tried.decided)
    common = {"drawn": drawn, "base": tried.revision, "may_change": visit.may_operate_chain}
    if tried.plan is None or journey is None:
        return {**common, "tests": None, "ports": [], "marks": {}, "way_marks": {}}
    report = run_tests(tried.plan, journey.tests)
    with visit.begin() as session:
        told = sentences(session, report.tests, partial(_name, drawn=drawn), visit.deps.catalogue, visit.language)
    mending = Mending(tried.document, tried.context)
    tests = [
        _shown(test, said, _offers(visit, mending, place) if said else [], visit.language)
        for place, (test, said) in enumerate(zip(journey.tests, told, strict=True))
    ]
    ports = [(str(node), str(port), bool(visited)) for node, port, visited in report.coverage]
    return {**common, "tests": tests, "ports": ports, **_marks(ports, visit.language)}


def _offers(visit: Visit, mending: Mending, place: int) -> list[Offer]:
    """What may be done about a test that does not hold."""
    found = finding("test-failed", f"/tests/{place}", "", "")
    return [offer_of(visit, each) for each in mending.of(found)]


def _shown(test: Test, differences: Sequence[str], offers: Sequence[Offer], language: Language) -> Shown:
    plain = test.model_dump(mode="json", exclude_unset=True)
    expects_end = test.then.outcome is not None
    walk = Walk(given=test.given, when=list(test.when), until="end" if expects_end else "last")
    return Shown(
        test.name,
        not differences,
        differences,
        json.dumps(plain, ensure_ascii=False, indent=2),
        walks.encode(walk),
        [wording.event(each.on, language) for each in test.when if each.on],
        offers,
    )


def _name(node: str, drawn: Design) -> str:
    step = drawn.find(node)
    return step.name if step else node


def _marks(ports: Sequence[tuple[str, str, bool]], language: Language) -> dict[str, object]:
    """Visited and unvisited ports on the picture; a node is marked when one of its ports is not visited."""
    visited, missing = (
        Mark("visited", text(language, "trying.covered")),
        Mark("warn", text(language, "trying.uncovered")),
    )
    nodes: dict[str, Mark] = {}
    for node, _, is_visited in ports:
        nodes[node] = missing if not is_visited or nodes.get(node) == missing else visited
    ways = {f"{node} {port}": visited if is_visited else missing for node, port, is_visited in ports}
    return {"marks": nodes, "way_marks": ways}
