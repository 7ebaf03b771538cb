"""How an activity type is written, and how all of them are found.

    @activity_type("coupon.issue", title={"zh": "发券", "en": "Issue a coupon"}, outcomes=("sold_out",))
    def coupon_issue(session: Session, params: Params, effect: Effect) -> Result:
        \"\"\"Give the member a code of a batch.\"\"\"

A plain function is *local*: it works in the turn's transaction and happens exactly once. A coroutine function is
*remote*: it calls the outside world, at least once, under the stable `effect.key`. The model of the params is the type
of the second argument, the reference text is the docstring.

Built-ins are the modules of this package. Plug-ins are modules named by entry points of the group
`waystation.activities`; both come in through `activities_of`.
"""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType
from typing import Any, Literal, TypeAlias, cast, get_type_hints

from pydantic import BaseModel
from sqlalchemy.orm import Session

from engine.journeys.catalogue import ActivityType, Catalogue, Contact, Idempotent, Retry, Subject
from engine.secrets.keyring import KeyRing
from rules.types import Fields, Json
from workflows.activities.outside import Outside

GROUP = "waystation.activities"

Queue: TypeAlias = Literal["wecom", "outside"]
"""The task queue of a remote type, each with a rate of its own: WeCom's, or that of everything else outside."""


class ActivityFailure(Exception):  # noqa: N818 - plug-ins know it by this name: it is a report, not a defect
    """A failure that an activity type raises; it uses up one of the node's attempts.

    `code` is a short word for people and reports, `retry_after` what the other side asked for. `final` says that
    another attempt would not help. The message must hold no personal data.
    """

    def __init__(
        self, message: str, *, code: str = "failed", retry_after: timedelta | None = None, final: bool = False
    ) -> None:
        super().__init__(message)
        self.code = code
        self.retry_after = retry_after
        self.final = final


class ActivityTypeError(TypeError):
    """An activity type is not written as it should be; the message says what to change."""


@dataclass(frozen=True)
class Result:
    """What an effect came to: the port to leave by, and what `save` keeps."""

    port: str = "done"
    value: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True)
class Effect:
    """For whom and under which key. `key` stays the same over retries, replays and restarts."""

    key: str
    run_id: int
    journey: str
    member_id: int
    store_id: int | None
    associate_id: int | None
    now: datetime
    keys: KeyRing


LocalFunction: TypeAlias = Callable[[Session, Any, Effect], Result]
RemoteFunction: TypeAlias = Callable[[Outside, Any, Effect], Coroutine[Any, Any, Result]]


@dataclass(frozen=True)
class LocalActivity:
    """A registered type that works on our own database, in a turn's transaction."""

    type: ActivityType
    run: LocalFunction


@dataclass(frozen=True)
class RemoteActivity:
    """A registered type that calls the outside world. `timeout` bounds one attempt."""

    type: ActivityType
    run: RemoteFunction
    queue: Queue
    timeout: timedelta


Activity: TypeAlias = LocalActivity | RemoteActivity
Activities: TypeAlias = Mapping[str, Activity]


def activity_type(  # noqa: PLR0913 - every argument is a line of the type's reference page
    name: str,
    *,
    title: Mapping[str, str],
    outcomes: Sequence[str] = (),
    contact: Contact = "none",
    idempotent: Idempotent = "receiver",
    subjects: Iterable[Subject] = ("member",),
    retry: Retry | None = None,
    result: Fields | None = None,
    expires_within: timedelta | None = None,
    queue: Queue = "outside",
    timeout: timedelta = timedelta(seconds=30),
) -> Callable[[LocalFunction | RemoteFunction], Activity]:
    """Make an activity type of a function. Raises ActivityTypeError when the function does not fit."""

    def register(function: LocalFunction | RemoteFunction) -> Activity:
        declared = ActivityType(
            name=name,
            titles=dict(title),
            params=_params_of(name, function),
            outcomes=tuple(outcomes),
            mode="remote" if inspect.iscoroutinefunction(function) else "local",
            contact=contact,
            idempotent=idempotent,
            subjects=frozenset(subjects),
            retry=retry or Retry(),
            result=dict(result or {}),
            doc=_doc_of(name, function),
            expires_within=expires_within,
        )
        if declared.mode == "local":
            return LocalActivity(declared, cast("LocalFunction", function))
        return RemoteActivity(declared, cast("RemoteFunction", function), queue, timeout)

    return register


def activities_of(modules: Iterable[ModuleType]) -> dict[str, Activity]:
    """All activity types that these modules hold, by name. Raises ActivityTypeError when two have one name."""
    found: dict[str, Activity] = {}
    for module in modules:
        for value in vars(module).values():
            if (
                isinstance(value, LocalActivity | RemoteActivity)
                and found.setdefault(value.type.name, value) is not value
            ):
                raise ActivityTypeError(f"{module.__name__} registers {value.type.name} a second time")
    return found


def load_activities(plug_ins: Iterable[EntryPoint] | None = None) -> dict[str, Activity]:
    """The built-in types and those of plug-ins: the installed ones, unless others are given."""
    package = import_module(__package__)
    built_in = [import_module(f"{__package__}.{module.name}") for module in pkgutil.iter_modules(package.__path__)]
    added = entry_points(group=GROUP) if plug_ins is None else plug_ins
    return activities_of([*built_in, *(import_module(entry.module) for entry in added)])


def catalogue_of(activities: Activities) -> Catalogue:
    """What checks and the interpreter know of the types."""
    return {name: activity.type for name, activity in activities.items()}


def _params_of(name: str, function: LocalFunction | RemoteFunction) -> type[BaseModel]:
    arguments = list(inspect.signature(function).parameters)
    if len(arguments) != 3:
        raise ActivityTypeError(f"{name} must take three arguments: a session or the outside, its params, the effect")
    model = get_type_hints(function).get(arguments[1])
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        raise ActivityTypeError(f"{name}: the type of its second argument must be a pydantic model")
    if model.model_config.get("extra") != "forbid":
        raise ActivityTypeError(f'{name}: {model.__name__} must forbid unknown params: ConfigDict(extra="forbid")')
    return model


def _doc_of(name: str, function: LocalFunction | RemoteFunction) -> str:
    if not function.__doc__:
        raise ActivityTypeError(f"{name} needs a docstring: it is the text of its reference page")
    return inspect.cleandoc(function.__doc__)
