"""How an activity type is written, and how all of them are found.

    @activity_type(
        "coupon.issue",
        title={"zh": "发券", "en": "Issue a coupon"},
        words={"zh": "优惠券 代金券", "en": "voucher discount"},
        zh="给会员一张该批次的券。",
        outcomes=("sold_out",),
        example={"batch": "HOOK-2026"},
    )
    def coupon_issue(session: Session, params: Params, effect: Effect) -> Result:
        \"\"\"Give the member a code of a batch.\"\"\"

A plain function is *local*: it works in the turn's transaction and happens exactly once. A coroutine function is
*remote*: it calls the outside world, at least once, under the stable `effect.key`. The model of the params is the type
of the second argument, the reference text is the docstring, `zh` the same in Chinese, `example` shows params that work.
The text's first line is what authors choose by: say there what it does for the customer. `words` are what else they may
search for.

Built-ins are the modules of this package. Plug-ins are modules, or single types, named by entry points of the group
`waystation.activities`; both come in through `types_in`. A plug-in that cannot be used keeps the service from starting:
a run that comes to a type that is not there fails for good, while one that nobody works on loses nothing.
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

from pydantic import BaseModel, ValidationError
from sqlalchemy.orm import Session

from engine.journeys.catalogue import ActivityType, Catalogue, Contact, Idempotent, Retry, Subject
from engine.secrets.keyring import KeyRing
from rules.mistakes import mistake, reason
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


class PlugInError(ActivityTypeError):
    """Plug-ins that cannot be used. The message names each and says why."""

    def __init__(self, wrong: Sequence[str]) -> None:
        advice = "Mend or uninstall it; until then nothing starts, since runs that meet its types would fail for good."
        super().__init__(f"{'; '.join(wrong)}. {advice}")


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
    words: Mapping[str, str] | None = None,
    zh: str = "",
    example: Mapping[str, Json] | None = None,
    outcomes: Sequence[str] = (),
    contact: Contact = "none",
    tells_staff: bool = False,
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
        params = _params_of(name, function)
        declared = ActivityType(
            name=name,
            titles=dict(title),
            words=dict(words or {}),
            params=params,
            outcomes=tuple(outcomes),
            mode="remote" if inspect.iscoroutinefunction(function) else "local",
            contact=contact,
            tells_staff=tells_staff,
            idempotent=idempotent,
            subjects=frozenset(subjects),
            retry=retry or Retry(),
            result=dict(result or {}),
            doc=_doc_of(name, function),
            doc_zh=inspect.cleandoc(zh),
            example=_example_of(name, params, example),
            expires_within=expires_within,
        )
        return _of_mode(declared, function, queue, timeout)

    return register


def _of_mode(
    declared: ActivityType, function: LocalFunction | RemoteFunction, queue: Queue, timeout: timedelta
) -> Activity:
    if declared.mode == "local":
        return LocalActivity(declared, cast("LocalFunction", function))
    return RemoteActivity(declared, cast("RemoteFunction", function), queue, timeout)


def activities_of(modules: Iterable[ModuleType]) -> dict[str, Activity]:
    """All activity types that these modules hold, by name. Raises ActivityTypeError when two have one name."""
    found: dict[str, Activity] = {}
    for module in modules:
        for activity in types_in(module):
            if found.setdefault(activity.type.name, activity) is not activity:
                raise ActivityTypeError(f"{module.__name__} registers {activity.type.name} a second time")
    return found


def types_in(source: object) -> list[Activity]:
    """The activity types that a module holds; of a single type, itself."""
    values = vars(source).values() if isinstance(source, ModuleType) else [source]
    return [value for value in values if isinstance(value, LocalActivity | RemoteActivity)]


def load_activities(plug_ins: Iterable[EntryPoint] | None = None, package: str = __package__) -> dict[str, Activity]:
    """The types of a package (the built-in ones) and those of plug-ins: the installed ones, unless others are given.

    Raises ActivityTypeError, which names every file that cannot be loaded and says why; PlugInError, which does so of
    every plug-in.
    """
    found = activities_of(_modules_of(package))
    whose = dict.fromkeys(found, "Waystation itself")
    wrong: list[str] = []
    for entry in entry_points(group=GROUP) if plug_ins is None else plug_ins:
        try:
            _add(entry, found, whose)
        except Exception as error:  # noqa: BLE001 - a module of somebody else's may raise anything while it is loaded
            wrong.append(f"{_described(entry)}: {mistake(error, entry.module)}")
    if wrong:
        raise PlugInError(wrong)
    return found


def _modules_of(package: str) -> list[ModuleType]:
    modules: list[ModuleType] = []
    wrong: list[str] = []
    for one in pkgutil.iter_modules(import_module(package).__path__):
        name = f"{package}.{one.name}"
        try:
            modules.append(import_module(name))
        except Exception as error:  # noqa: BLE001 - whatever an engineer's new file raises is told to them by its name
            wrong.append(f"{name.replace('.', '/')}.py, {mistake(error, name)}")
    if wrong:
        raise ActivityTypeError(f"{'; '.join(wrong)}. Mend or remove it; until then nothing starts.")
    return modules


def _add(entry: EntryPoint, found: dict[str, Activity], whose: dict[str, str]) -> None:
    """Add the types of a plug-in, all or none."""
    types = types_in(entry.load())
    if not types:
        raise ActivityTypeError(f"{entry.value} holds no activity type")
    for activity in types:
        name = activity.type.name
        if found.get(name, activity) is not activity:
            raise ActivityTypeError(f"it registers {name}, which is a type of {whose[name]}")
    for activity in types:
        found[activity.type.name] = activity
        whose.setdefault(activity.type.name, _described(entry))


def _described(entry: EntryPoint) -> str:
    by = f" of {entry.dist.name} {entry.dist.version}" if entry.dist else ""
    return f"the plug-in {entry.name!r}{by}"


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


def _example_of(name: str, model: type[BaseModel], example: Mapping[str, Json] | None) -> dict[str, Json]:
    """The example, if there is one and the model accepts it."""
    if example is None:
        return {}
    try:
        model.model_validate(example)
    except ValidationError as error:
        raise ActivityTypeError(f"{name}: its example is refused by its own params: {reason(error)}") from error
    return dict(example)
