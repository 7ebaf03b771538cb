"""The activity types and operators of this installation: those that came with it, and those of plug-ins."""

from rules.errors import OperatorError
from rules.operators import add_plug_ins
from workflows.activities.registry import Activities, ActivityTypeError, load_activities
from workflows.service.errors import MisconfiguredError


def add_installed_operators() -> None:
    """Add the operators of plug-ins. Raises MisconfiguredError, which names each that cannot be used and says why."""
    try:
        add_plug_ins()
    except OperatorError as error:
        raise MisconfiguredError(str(error)) from error


def installed_activities() -> Activities:
    """Return all of them. Raises MisconfiguredError, which names each plug-in that cannot be used and says why."""
    try:
        return load_activities()
    except ActivityTypeError as error:
        raise MisconfiguredError(str(error)) from error
