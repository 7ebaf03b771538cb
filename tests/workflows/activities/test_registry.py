"""How activity types are written and found: a mistake is told to the engineer who wrote it."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict
from sqlalchemy.orm import Session

from workflows.activities import registry
from workflows.activities.outside import Outside
from workflows.activities.registry import (
    ActivityTypeError,
    Effect,
    LocalActivity,
    RemoteActivity,
    Result,
    activities_of,
    activity_type,
    catalogue_of,
    load_activities,
)

TITLE = {"zh": "测试", "en": "Test"}


class Params(BaseModel):
    model_config = ConfigDict(extra="forbid")

    text: str


class Loose(BaseModel):
    text: str


def local(session: Session, params: Params, effect: Effect) -> Result:
    """Do it here."""
    return Result()


async def remote(outside: Outside, params: Params, effect: Effect) -> Result:
    """Do it there."""
    return Result()


def undocumented(session: Session, params: Params, effect: Effect) -> Result:
    return Result()


def two_arguments(session: Session, params: Params) -> Result:
    """Lacks the effect."""
    return Result()


def loose(session: Session, params: Loose, effect: Effect) -> Result:
    """Takes whatever comes."""
    return Result()


def untyped(session: Session, params: dict[str, str], effect: Effect) -> Result:
    """Has no model."""
    return Result()


def test_a_plain_function_is_local_and_a_coroutine_function_is_remote() -> None:
    here = activity_type("test.here", title=TITLE)(local)
    there = activity_type("test.there", title=TITLE, queue="wecom")(remote)
    assert isinstance(here, LocalActivity)
    assert isinstance(there, RemoteActivity)
    assert (here.type.mode, there.type.mode, there.queue) == ("local", "remote", "wecom")
    assert (here.type.params, here.type.doc) == (Params, "Do it here.")


@pytest.mark.parametrize(
    ("function", "complaint"),
    [
        (undocumented, "docstring"),
        (two_arguments, "three arguments"),
        (loose, 'extra="forbid"'),
        (untyped, "pydantic model"),
    ],
)
def test_what_is_not_written_as_it_should_be_is_refused(function: Callable[..., Any], complaint: str) -> None:
    with pytest.raises(ActivityTypeError, match=complaint):
        activity_type("test.bad", title=TITLE)(function)


def test_one_name_cannot_stand_for_two_types() -> None:
    one, other = ModuleType("one"), ModuleType("other")
    one.here = activity_type("test.same", title=TITLE)(local)
    other.here = activity_type("test.same", title=TITLE)(local)
    with pytest.raises(ActivityTypeError, match=r"other registers test\.same"):
        activities_of([one, other])


def test_the_built_in_types_are_found_without_being_listed_anywhere() -> None:
    found = load_activities()
    assert {"coupon.issue", "member.set", "event.emit", "wecom.send_welcome"} <= found.keys()


BROKEN = """
from rules.types import Declaration

RESULT = {"points": Declaration(type="number")}
"""


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        (BROKEN, "line 4: ValidationError: Declaration: type: "),
        ("import no_such_module_anywhere", "line 1: ModuleNotFoundError: No module named 'no_such_module_anywhere'"),
        ("def broken(:", "SyntaxError: invalid syntax (points.py, line 1)"),
    ],
)
def test_a_file_that_cannot_be_loaded_is_named_with_the_line_and_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, complaint: str
) -> None:
    package = tmp_path / f"types_{abs(hash(source))}"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "points.py").write_text(source)
    (package / "stock.py").write_text("raise RuntimeError('no licence')")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ActivityTypeError) as raised:
        load_activities([], package.name)
    assert f"{package.name}/points.py, {complaint}" in str(raised.value)
    assert f"{package.name}/stock.py, line 1: RuntimeError: no licence" in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("activity", load_activities().values(), ids=lambda activity: activity.type.name)
def test_every_type_says_what_its_reference_page_needs(activity: LocalActivity | RemoteActivity) -> None:
    described = catalogue_of({activity.type.name: activity})[activity.type.name]
    assert set(described.titles) == {"zh", "en"}
    assert described.doc
    assert described.params.model_json_schema()["additionalProperties"] is False
    assert not {"done", "error", "quiet"} & set(described.outcomes)


def test_a_plug_in_is_found_by_its_entry_point() -> None:
    entry = EntryPoint("loyalty", "tests.workflows.activities.plug_in", registry.GROUP)
    assert "tested.add_points" in load_activities([entry])
