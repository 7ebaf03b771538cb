"""What the types that act in WeCom accept, for whom they act, and what they make of its errors."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from pydantic import ValidationError

from engine.secrets.keyring import KeyRing
from engine.wecom.errands import Told, Whom
from engine.wecom.errors import error as error_of
from rules.types import Json
from tests.workflows.fakes import FakeWeCom
from workflows.activities.outside import Outside
from workflows.activities.registry import ActivityFailure, Effect, RemoteActivity, Result, load_activities

ACTIVITIES = load_activities()
WRITES: dict[str, dict[str, Json]] = {
    "wecom.tag_member": {"add": ["new"]},
    "wecom.remark": {"remark": "小林"},
    "wecom.notify_associate": {"text": "hello"},
}
WELCOME: dict[str, Json] = {"welcome_code": "c", "text": "hello"}


@pytest.fixture
def do(keys: KeyRing) -> Callable[..., object]:
    """Performs a type with a fake WeCom."""

    async def perform(name: str, params: dict[str, Json], wecom: FakeWeCom) -> Result:
        activity = ACTIVITIES[name]
        assert isinstance(activity, RemoteActivity)
        effect = Effect("7/node/1", 7, "hook", 3, 4, 5, datetime(2026, 1, 7, tzinfo=UTC), keys)
        async with httpx.AsyncClient() as http:
            outside = Outside(wecom, http)
            return await activity.run(outside, activity.type.params.model_validate(params), effect)

    return perform


async def test_they_act_for_the_member_and_the_associate_of_the_run(do: Callable[..., object]) -> None:
    wecom, whom = FakeWeCom(), Whom(member_id=3, associate_id=5, store_id=4)
    assert await do("wecom.tag_member", {"add": ["a"], "remove": ["b"]}, wecom) == Result(value={"relations": 1})
    assert await do("wecom.remark", {"remark": "r", "company": "c"}, wecom) == Result(value={"relations": 1})
    assert await do("wecom.notify_associate", {"text": "t"}, wecom) == Result(value={"reached": 1, "unreached": 0})
    assert wecom.errands == [
        ("tag", whom, (["a"], ["b"])),
        ("remark", whom, {"remark": "r", "remark_company": "c"}),
        ("notify", whom, ("t", "7/node/1")),
    ]


async def test_a_message_that_reaches_nobody_has_failed(do: Callable[..., object]) -> None:
    with pytest.raises(ActivityFailure) as raised:
        await do("wecom.notify_associate", {"text": "t"}, FakeWeCom(told=Told(0, 2)))
    assert (raised.value.code, raised.value.final) == ("nobody", True)


@pytest.mark.parametrize("name", WRITES)
@pytest.mark.parametrize(
    ("code", "reported", "final", "after"),
    [
        (-1, "try-again", False, 1),
        (45009, "try-again", False, 60),
        (45033, "try-again", False, 1),
        (45035, "try-again", False, 1),
        (60111, "staff-unknown", False, 300),
        (48002, "wecom-48002", True, None),
        (81013, "wecom-81013", True, None),
        (40058, "wecom-40058", True, None),
        (99999, "wecom-99999", True, None),
    ],
)
async def test_an_error_of_wecom_is_worth_another_attempt_or_final(
    do: Callable[..., object], name: str, code: int, reported: str, final: bool, after: int | None
) -> None:
    with pytest.raises(ActivityFailure) as raised:
        await do(name, WRITES[name], FakeWeCom(raises=error_of("api", code)))
    failure = raised.value
    wait = None if after is None else timedelta(seconds=after)
    assert (failure.code, failure.final, failure.retry_after) == (reported, final, wait)


@pytest.mark.parametrize(("code", "port"), [(41050, "expired"), (41051, "done")])
async def test_what_became_of_a_welcome_is_no_failure(do: Callable[..., object], code: int, port: str) -> None:
    assert await do("wecom.send_welcome", WELCOME, FakeWeCom(raises=error_of("api", code))) == Result(port)


async def test_a_welcome_that_another_app_is_sending_is_tried_again_while_its_code_lives(
    do: Callable[..., object],
) -> None:
    with pytest.raises(ActivityFailure) as raised:
        await do("wecom.send_welcome", WELCOME, FakeWeCom(raises=error_of("api", 41096)))
    retry = ACTIVITIES["wecom.send_welcome"].type.retry
    assert not raised.value.final
    assert raised.value.retry_after is not None
    assert raised.value.retry_after * (retry.attempts - 1) < timedelta(seconds=20)


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("wecom.tag_member", {}),
        ("wecom.tag_member", {"add": []}),
        ("wecom.tag_member", {"add": [" "]}),
        ("wecom.tag_member", {"add": ["字" * 31]}),
        ("wecom.tag_member", {"add": ["a"], "remove": ["a"]}),
        ("wecom.tag_member", {"add": [f"t{n}" for n in range(101)]}),
        ("wecom.remark", {}),
        ("wecom.remark", {"remark": "字" * 21}),
        ("wecom.remark", {"description": "字" * 151}),
        ("wecom.remark", {"company": "字" * 21}),
        ("wecom.remark", {"remark_mobiles": ["1"]}),
        ("wecom.notify_associate", {"text": ""}),
        ("wecom.notify_associate", {"text": "字" * 681}),
        ("wecom.send_welcome", {**WELCOME, "text": "字" * 1334}),
    ],
)
def test_what_wecom_would_refuse_is_refused_before(name: str, params: dict[str, Json]) -> None:
    with pytest.raises(ValidationError):
        ACTIVITIES[name].type.params.model_validate(params)


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("wecom.tag_member", {"remove": ["字" * 30]}),
        ("wecom.tag_member", {"add": ["etAJ2GCAAAXtWyujaWJHDDGi0mACH71w"]}),
        ("wecom.remark", {"remark": "字" * 20, "description": "字" * 150}),
        ("wecom.remark", {"remark": ""}),
        ("wecom.notify_associate", {"text": "字" * 680}),
        ("wecom.send_welcome", {**WELCOME, "text": "字" * 1333}),
    ],
)
def test_what_wecom_takes_is_taken(name: str, params: dict[str, Json]) -> None:
    taken = ACTIVITIES[name].type.params.model_validate(params)
    assert taken.model_dump(mode="json", include=set(params)) == params
