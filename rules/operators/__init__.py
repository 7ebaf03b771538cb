"""The operators of the profile, one family a file. Importing this package registers those that are built in."""

from collections.abc import Iterable
from importlib.metadata import EntryPoint
from typing import cast

from jsonlogic.registry import OperatorRegistry

from rules.discovery import Operators, operators_in_package, operators_of_plug_ins
from rules.nodes import Operator

OPERATORS: Operators = operators_in_package(__name__, __path__)
"""Every operator by its name in JSON: those of the modules of this package, and those that plug-ins added."""

registry = OperatorRegistry().copy(extend={**OPERATORS})
"""The same, as the jsonlogic package keeps them."""


def operator_class(name: str) -> type[Operator]:
    """The class of an operator. Raises the package's UnknownOperator."""
    return cast("type[Operator]", registry.get(name))


def add_plug_ins(plug_ins: Iterable[EntryPoint] | None = None) -> None:
    """Add the operators of plug-ins, the installed ones unless others are given; once more adds nothing.

    Whoever starts a role calls this before it reads a rule. Raises OperatorError, which says what is wrong with which.
    """
    for name, kind in operators_of_plug_ins(OPERATORS, plug_ins).items():
        OPERATORS[name] = kind
        registry.register(name, kind)
