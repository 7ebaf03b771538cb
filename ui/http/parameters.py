"""Parameters of an address that the API does not know are refused by name, whatever the method.

A misspelt `dry_run` that is passed over in silence does what its sender meant to try.
"""

from collections.abc import Iterator
from difflib import get_close_matches

from fastapi import Request
from fastapi.dependencies.models import Dependant
from pydantic import BaseModel

from ui.http.problems import FieldError, Unprocessable


def known_to(dependant: Dependant) -> frozenset[str]:
    """The names of all query parameters of a handler and of what it depends on."""
    return frozenset(_names(dependant))


def refuse_unknown(request: Request, known: frozenset[str]) -> None:
    """Raises Unprocessable for parameters that are not known here; each is told with those that are."""
    unknown = [name for name in dict.fromkeys(request.query_params) if name not in known]
    if unknown:
        errors = [FieldError(name, _advice(name, known)) for name in unknown]
        raise Unprocessable("The request cannot be used; see errors.", errors=errors)


def _names(dependant: Dependant) -> Iterator[str]:
    for parameter in dependant.query_params:
        annotation = parameter.field_info.annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            yield from (field.alias or name for name, field in annotation.model_fields.items())
        else:
            yield parameter.alias
    for inner in dependant.dependencies:
        yield from _names(inner)


def _advice(name: str, known: frozenset[str]) -> str:
    if not known:
        return "This address takes no parameters: leave it out."
    close = get_close_matches(name, sorted(known), n=1)
    ordered = [*close, *sorted(known - set(close))]
    return f"There is no such parameter here; there are: {', '.join(ordered)}."
