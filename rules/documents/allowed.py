"""Which keys a document may have at a place, read off its models: so whoever wrote another one is told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, Tag


def allowed_keys(model: type[BaseModel], place: Sequence[str | int]) -> tuple[str, ...]:
    """The keys beside the last one of pydantic's place, in the order of the model; none where that cannot be told."""
    forms: list[Any] = [model]
    for step in place[:-1]:
        forms = [inner for form in forms for inner in _into(form, step)]
    found = [one for form in forms for one, _ in _options(form) if _is_model(one)]
    return tuple(dict.fromkeys(name for one in found for name in keys_of(one)))


def keys_of(model: type[BaseModel]) -> list[str]:
    """The keys of an object of this model."""
    return [field.alias or name for name, field in model.model_fields.items()]


def _into(form: Any, step: str | int) -> Iterator[Any]:
    """What stands behind a step: an item, a value, or of a union the form that the step names."""
    options = list(_options(form))
    named = [one for one, name in options if name == step] if len(options) > 1 else []
    if named:
        yield from named
        return
    for one, _ in options:
        origin, inner = get_origin(one), get_args(one)
        if origin is list:
            yield inner[0]
        elif origin is dict:
            yield inner[1]
        elif _is_model(one):
            yield from (field.annotation for name, field in one.model_fields.items() if (field.alias or name) == step)


def _options(form: Any, tag: str = "") -> Iterator[tuple[Any, str]]:
    """The forms of a union, each with the name that pydantic's places give it; of anything else, itself."""
    if get_origin(form) is Annotated:
        inner, *marks = get_args(form)
        yield from _options(inner, next((mark.tag for mark in marks if isinstance(mark, Tag)), tag))
    elif get_origin(form) in {Union, UnionType}:
        for option in get_args(form):
            yield from _options(option)
    else:
        yield form, tag or _name_of(form)


def _name_of(form: Any) -> str:
    kind = form.model_fields.get("type") if _is_model(form) else None
    if kind is not None and get_origin(kind.annotation) is Literal:
        return str(get_args(kind.annotation)[0])
    return str(getattr(form, "__name__", form))


def _is_model(form: Any) -> bool:
    return isinstance(form, type) and issubclass(form, BaseModel)
