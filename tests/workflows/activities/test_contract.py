"""What every activity type promises, whoever wrote it: built-in, scaffolded, plug-in. Nothing here names a type."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, get_args

import httpx
import pytest
from sqlalchemy import text
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from engine.clock import FixedClock
from engine.database.connection import Database
from engine.journeys import check
from engine.journeys.catalogue import Contact, Idempotent, Mode, Subject
from engine.journeys.context import CheckContext
from engine.members.fields import base_fields
from engine.runs import effects
from engine.secrets.keyring import KeyRing
from engine.wecom.errors import UnavailableError
from rules.types import Json
from tests.workflows.chain import open_store
from tests.workflows.fakes import FakeWeCom
from tests.workflows.world import World, journey
from workflows.activities.outside import Outside
from workflows.activities.registry import Activity, catalogue_of, load_activities
from workflows.position import Position
from workflows.remote import RemoteExecutor

ACTIVITIES = load_activities()
CHINESE = re.compile(r"[\u4e00-\u9fff]")
PHONE = "13800000000"
WHO = "unionid:lin"
VALUES: dict[str, type | tuple[type, ...]] = {
    "text": str, "integer": int, "boolean": bool, "instant": str, "date": str, "tags": list, "decimal": (int, float),
}  # fmt: skip

every = pytest.mark.parametrize("activity", ACTIVITIES.values(), ids=list(ACTIVITIES))
local = pytest.mark.parametrize(
    "activity",
    [one for one in ACTIVITIES.values() if one.type.mode == "local"],
    ids=[name for name, one in ACTIVITIES.items() if one.type.mode == "local"],
)
remote = pytest.mark.parametrize(
    "activity",
    [one for one in ACTIVITIES.values() if one.type.mode == "remote"],
    ids=[name for name, one in ACTIVITIES.items() if one.type.mode == "remote"],
)


@every
def test_it_is_described_in_both_languages(activity: Activity) -> None:
    described = activity.type
    assert set(described.titles) == {"zh", "en"}
    assert described.titles["en"].strip()
    assert CHINESE.search(described.titles["zh"])
    assert described.doc
    assert CHINESE.search(described.doc_zh), f"{described.name} needs its reference in Chinese: zh=…"


@every
def test_it_says_how_it_runs(activity: Activity) -> None:
    described = activity.type
    assert described.mode in get_args(Mode)
    assert described.contact in get_args(Contact)
    assert described.idempotent in get_args(Idempotent)
    assert described.subjects
    assert described.subjects <= set(get_args(Subject))
    assert described.retry.attempts >= 1


@every
def test_its_outcomes_are_named_and_explained(activity: Activity) -> None:
    for outcome in activity.type.outcomes:
        assert re.fullmatch(r"[a-z][a-z0-9_]*", outcome)
        assert outcome not in {"done", "error", "quiet"}
        for text_ in (activity.type.doc, activity.type.doc_zh):
            assert f"`{outcome}`" in text_, f"{activity.type.name} does not say when it leaves through {outcome}"


@every
def test_its_schema_has_all_that_a_form_needs(activity: Activity) -> None:
    schema = json.loads(json.dumps(activity.type.params.model_json_schema()))
    forms = [schema, *schema.get("$defs", {}).values()]
    for form in forms:
        if form.get("type") == "object" and "properties" in form:
            assert form["additionalProperties"] is False
            for name, field in form["properties"].items():
                assert "const" in field or _is_labelled(field), f"{activity.type.name}: {name} needs a label"
    for reference in _references(schema):
        assert reference.removeprefix("#/$defs/") in schema["$defs"]


@every
def test_its_example_is_accepted_and_goes_through_json_unchanged(activity: Activity) -> None:
    model, example = activity.type.params, dict(activity.type.example)
    read = model.model_validate(json.loads(json.dumps(example)))
    written = read.model_dump(mode="json", exclude_unset=True)
    assert written == example
    assert model.model_validate(written) == read


@every
def test_a_bad_param_is_found_before_it_is_published(activity: Activity) -> None:
    good = dict(activity.type.example)
    assert findings(activity, good) == []
    assert ("bad-params", "/nodes/act/params/no_such_param") in findings(activity, {**good, "no_such_param": 1})


@every
async def test_what_it_gives_is_what_it_declares(activity: Activity, world: World) -> None:
    await perform(world, activity)
    row = world.effects()[-1]
    assert row.state == "settled", row.error
    outcome = effects.outcome_of(row, world.keys)
    assert outcome is not None
    assert outcome.port in {"done", *activity.type.outcomes}
    for name, value in outcome.result.items():
        declared = activity.type.result[name]
        assert value is not None or declared.optional
        assert value is None or isinstance(value, VALUES.get(declared.type, object))
    missing = {name for name, one in activity.type.result.items() if not one.optional} - outcome.result.keys()
    assert not missing or outcome.port != "done"


@local
def test_the_same_turn_twice_is_the_effect_once(activity: Activity, world: World) -> None:
    ask(world, activity)
    at = Position(world.run().id, world.run().turn + 1)
    answer = world.turns.take(at)
    before = rows(world.database)
    assert replace(world.turns.take(at), stale=False) == answer
    assert rows(world.database) == before


@remote
async def test_a_settled_effect_calls_nobody_again(activity: Activity, world: World) -> None:
    key, outside = ask(world, activity), FakeOutside()
    assert key is not None
    await outside.execute(world, key)
    called = outside.called()
    assert called > 0
    await outside.execute(world, key)
    assert outside.called() == called


@remote
async def test_its_failures_tell_nothing_of_the_customer(activity: Activity, world: World) -> None:
    key, outside = ask(world, activity), FakeOutside(status=500)
    outside.wecom.raises = UnavailableError("api", -1)
    assert key is not None
    with pytest.raises(ApplicationError):
        await outside.execute(world, key)
    error = world.effects()[-1].error or ""
    assert error
    for secret in (PHONE, "小林", *_texts(dict(activity.type.example))):
        assert secret not in error


@pytest.fixture
def world(database: Database, clock: FixedClock, keys: KeyRing) -> World:
    with database.begin() as session:
        open_store(session, stock=3, now=clock.now())
    world = World(database, clock, keys, activities=ACTIVITIES)
    world.tell("member.registered", {"store": "S1", "nickname": "小林", "phone": PHONE}, who=WHO)
    world.tell("contact.added", {"associate": "a1", "half": False}, who=WHO)
    world.route()
    return world


class FakeOutside:
    """WeCom and everybody else, counting what reaches them."""

    def __init__(self, status: int = 200) -> None:
        self.wecom, self.status, self.requests = FakeWeCom(), status, 0

    async def execute(self, world: World, key: str) -> None:
        transport = httpx.MockTransport(self._receive)
        async with httpx.AsyncClient(transport=transport) as http:
            outside = Outside(self.wecom, http)
            executor = RemoteExecutor(world.database, world.clock, world.keys, ACTIVITIES, outside, world.plans)
            await ActivityEnvironment().run(executor.execute, key)

    def called(self) -> int:
        return self.requests + len(self.wecom.welcomes) + len(self.wecom.errands)

    def _receive(self, _: httpx.Request) -> httpx.Response:
        self.requests += 1
        return httpx.Response(self.status, text=f"小林 {PHONE}")


def document(activity: Activity, params: dict[str, Json]) -> dict[str, Any]:
    """A journey of this one activity."""
    ports = dict.fromkeys(("done", *activity.type.outcomes), "over")
    nodes = {
        "act": {"type": "activity", "activity": activity.type.name, "params": params, "ports": ports},
        "over": {"type": "end", "outcome": "over"},
    }
    return journey(start="act", entry=[{"on": "contact.scanned"}], nodes=nodes, exits=[])


def findings(activity: Activity, params: dict[str, Json]) -> list[tuple[str, str]]:
    context = CheckContext(catalogue=catalogue_of(ACTIVITIES), fields=base_fields())
    found = check.check(document(activity, params), context)
    return [(one.code, one.pointer) for one in found if one.code in {"bad-params", "unknown-activity", "missing-port"}]


def ask(world: World, activity: Activity) -> str | None:
    """A run at the activity; a remote one has been asked for, and its key is given."""
    world.publish(document(activity, dict(activity.type.example)))
    world.tell("contact.scanned", {"channel": "pos-1"}, who=WHO)
    world.route()
    return world.take().effect if activity.type.mode == "remote" else None


async def perform(world: World, activity: Activity) -> None:
    key = ask(world, activity)
    if key is None:
        world.take()
    else:
        await FakeOutside().execute(world, key)


def rows(database: Database) -> dict[str, int]:
    """How many rows each table holds."""
    with database.begin() as session:
        tables = session.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).scalars().all()
        statements = {one: f"SELECT count(*) FROM {one}" for one in tables}  # noqa: S608 - our own tables
        return {one: session.execute(text(statement)).scalar_one() for one, statement in statements.items()}


def _is_labelled(field: dict[str, Any]) -> bool:
    words = [field.get(name, {}) for name in ("x-title", "x-help")]
    both = all(isinstance(each, dict) and each.get("en") and CHINESE.search(each.get("zh", "")) for each in words)
    return bool(both and field.get("title") and field.get("description"))


def _references(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for each in value.values():
            yield from _references(each)
    elif isinstance(value, list):
        for each in value:
            yield from _references(each)


def _texts(value: Json) -> Iterator[str]:
    """Texts of params that are long enough to be told from words of an error."""
    if isinstance(value, str) and len(value) > 5:
        yield value
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _texts(each)
