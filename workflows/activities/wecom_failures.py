"""How activity types report what goes wrong with WeCom, and for whom they act there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from engine.wecom.errands import Whom
from engine.wecom.errors import (
    StaffUnknownError,
    TryAgainError,
    WeComError,
    WelcomeDeliveredError,
    WelcomeExpiredError,
)
from workflows.activities.registry import ActivityFailure, Effect

AFTER_A_SYNC = timedelta(minutes=5)
"""When an employee was unknown to WeCom: by then the directory has been read again."""


def whom(effect: Effect) -> Whom:
    """The run's member, and whom it has to do with."""
    return Whom(effect.member_id, effect.associate_id, effect.store_id)


@contextmanager
def wecom_failures() -> Iterator[None]:
    """Report what goes wrong with WeCom as the node's failure: worth another attempt, or final.

    What became of a welcome is no failure, and passes through.
    """
    try:
        yield
    except (WelcomeExpiredError, WelcomeDeliveredError):
        raise
    except TryAgainError as error:
        raise ActivityFailure(str(error), code="try-again", retry_after=timedelta(seconds=error.retry_after)) from error
    except StaffUnknownError as error:
        raise ActivityFailure(str(error), code="staff-unknown", retry_after=AFTER_A_SYNC) from error
    except WeComError as error:
        raise ActivityFailure(str(error), code=f"wecom-{error.code}", final=True) from error
