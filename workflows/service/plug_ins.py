"""The activity types of this installation: those that came with it, and those of plug-ins."""

from workflows.activities.registry import Activities, ActivityTypeError, load_activities
from workflows.service.errors import MisconfiguredError


def installed_activities() -> Activities:
    """Return all of them. Raises MisconfiguredError, which names each plug-in that cannot be used and says why."""
    try:
        return load_activities()
    except ActivityTypeError as error:
        raise MisconfiguredError(str(error)) from error
