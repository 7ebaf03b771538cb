"""The operators of the profile, one family a file. Importing this package registers them."""

from typing import cast

from jsonlogic.registry import OperatorRegistry

from rules.nodes import Operator
from rules.operators import compare, logic, numbers, presence, sets, time

OPERATORS: dict[str, type[Operator]] = {
    **logic.OPERATORS,
    **compare.OPERATORS,
    **presence.OPERATORS,
    **sets.OPERATORS,
    **numbers.OPERATORS,
    **time.OPERATORS,
}
"""Every operator by its name in JSON."""

registry = OperatorRegistry().copy(extend={**OPERATORS})
"""The same, as the jsonlogic package keeps them."""


def operator_class(name: str) -> type[Operator]:
    """The class of an operator. Raises the package's UnknownOperator."""
    return cast("type[Operator]", registry.get(name))
