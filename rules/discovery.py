"""How operators are found: in the modules of the package `rules.operators`, and in plug-ins.

A module that holds operators ends with `OPERATORS`, name in JSON → class. A plug-in names such a module, or its
`OPERATORS`, by an entry point of the group `waystation.operators`; both come in through `operators_in`. One that cannot
be used keeps the service from starting: a rule that names an operator that is not there can decide nothing.
"""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Iterable, Mapping
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType
from typing import TypeAlias

from rules.errors import OperatorError
from rules.mistakes import mistake
from rules.nodes import Operator
from rules.operator_messages import LEFT_OUT, reserved

GROUP = "waystation.operators"

Operators: TypeAlias = dict[str, type[Operator]]

_OUR_OWN = "Waystation itself"


def operators_in_package(package: str, path: Iterable[str]) -> Operators:
    """The operators of all modules of a package. Raises OperatorError, which names each file that cannot be used."""
    found: Operators = {}
    wrong: list[str] = []
    for one in pkgutil.iter_modules(path):
        name = f"{package}.{one.name}"
        try:
            module = import_module(name)
            if hasattr(module, "OPERATORS"):
                _add(operators_in(module), found, dict.fromkeys(found, "another module"))
        except Exception as error:  # noqa: BLE001 - whatever an engineer's new file raises is told to them by its name
            wrong.append(f"{name.replace('.', '/')}.py, {mistake(error, name)}")
    if wrong:
        raise OperatorError(f"{'; '.join(wrong)}. Mend or remove it; until then nothing starts.")
    return found


def operators_of_plug_ins(
    known: Mapping[str, type[Operator]], plug_ins: Iterable[EntryPoint] | None = None
) -> Operators:
    """The operators of plug-ins, the installed ones unless others are given; `known` are those that there are already.

    Raises OperatorError, which names every plug-in that cannot be used and says why.
    """
    found: Operators = dict(known)
    whose = dict.fromkeys(found, _OUR_OWN)
    wrong: list[str] = []
    for entry in entry_points(group=GROUP) if plug_ins is None else plug_ins:
        try:
            added = operators_in(entry.load())
            _add(added, found, whose)
            whose |= {name: whose.get(name, _described(entry)) for name in added}
        except Exception as error:  # noqa: BLE001 - a module of somebody else's may raise anything while it is loaded
            wrong.append(f"{_described(entry)}: {mistake(error, entry.module)}")
    if wrong:
        advice = "Mend or uninstall it; until then nothing starts, since rules that use its operators could not decide."
        raise OperatorError(f"{'; '.join(wrong)}. {advice}")
    return {name: kind for name, kind in found.items() if name not in known}


def operators_in(source: object) -> Operators:
    """The operators that a module holds in its OPERATORS, or such a mapping itself. Raises OperatorError."""
    held = getattr(source, "OPERATORS", None) if isinstance(source, ModuleType) else source
    if not isinstance(held, Mapping) or not held:
        raise OperatorError("it holds no OPERATORS, a dict of name in JSON → class")
    found: Operators = {}
    for name, kind in held.items():
        found[name] = _fitting(name, kind)
    return found


def _fitting(name: object, kind: object) -> type[Operator]:
    """The class of an operator, if it is one. Raises OperatorError."""
    if not isinstance(name, str) or not name:
        raise OperatorError(f"the name of an operator is a text, and {name!r} is none")
    if name in LEFT_OUT:
        raise OperatorError(reserved(name))
    if not (isinstance(kind, type) and issubclass(kind, Operator)):
        raise OperatorError(f"{name} must be a subclass of rules.nodes.Operator")
    if inspect.isabstract(kind):
        raise OperatorError(f"{name} does not say {', '.join(sorted(kind.__abstractmethods__))}")
    return kind


def _add(added: Operators, found: Operators, whose: Mapping[str, str]) -> None:
    """Add operators, all or none."""
    for name, kind in added.items():
        if found.get(name, kind) is not kind:
            raise OperatorError(f"it registers {name}, which is an operator of {whose[name]}")
    found |= added


def _described(entry: EntryPoint) -> str:
    by = f" of {entry.dist.name} {entry.dist.version}" if entry.dist else ""
    return f"the plug-in {entry.name!r}{by}"
