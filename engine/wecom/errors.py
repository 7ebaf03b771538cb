"""What can go wrong when WeCom is asked, and what to do then (facts/wecom.md, 3.11).

    WeComError                        api, code, hint
    ├── TryAgainError                 nothing is wrong for good: ask again after `retry_after`
    │   ├── UnavailableError          no answer, no JSON, or -1 three times
    │   │   └── OutcomeUnknownError   the same, for a call that may have been carried out
    │   ├── RateLimitedError          45009: this API is closed until the window is over
    │   ├── CrowdedError              45033, 45035: too many at once, even after going slower
    │   ├── OtherAppSendingError      41096: ask again while the welcome code lives
    │   └── DispatchingError          41063: the mass send is still being dispatched
    ├── ConfigurationError            wrong secret, corp id, permission, visible range or trusted IP: call a person
    ├── RefusedError                  the request itself is wrong: a defect of ours, never repeated
    ├── UnreadableAnswerError         JSON of another shape than the documents show
    └── AnswerError                   a plain fact about the thing asked for
        ├── StaffUnknownError         look at the directory again
        ├── TagUnknownError           read the corp tags again
        ├── ContactUnknownError       no such customer: drop it
        ├── RelationEndedError        nobody (or not this employee) has this customer any more
        ├── ChatGoneError             dismissed, or never there
        ├── WelcomeExpiredError       the welcome code is over; final
        ├── WelcomeDeliveredError     somebody welcomed this customer already: as good as done
        ├── NotActivatedError         this employee cannot stand behind a code
        └── CapacityReachedError      this employee has no room for more customers

Codes decide; `errmsg` is never matched. Texts of errors name the API and the code, never a person or a token.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType


class WeComError(Exception):
    """A call that did not do what it was for."""

    advice = "see facts about the code in WeCom's documents"

    def __init__(self, api: str, code: int | None = None, hint: str = "") -> None:
        self.api, self.code, self.hint = api, code, hint
        what = f"errcode {code}" if code is not None else "no usable answer"
        super().__init__(f"WeCom {api}: {what}: {self.advice}{f' (hint {hint})' if hint else ''}")


class TryAgainError(WeComError):
    """Nothing is wrong for good."""

    advice = "ask again later"
    retry_after = 1.0


class UnavailableError(TryAgainError):
    """WeCom did not answer, or said again and again that it is busy."""

    advice = "WeCom is not answering; ask again"


class OutcomeUnknownError(UnavailableError):
    """The request left, no answer came: it may have been carried out."""

    advice = "no answer came back; the call may have been carried out"


class RateLimitedError(TryAgainError):
    """This API is closed for the rest of a window."""

    advice = "the API's rate limit is reached; wait for the window to end"

    def __init__(self, api: str, retry_after: float, code: int = 45009, hint: str = "") -> None:
        super().__init__(api, code, hint)
        self.retry_after = retry_after


class CrowdedError(TryAgainError):
    """Too many calls at once, even after going slower."""

    advice = "too many calls at the same time; ask again"


class OtherAppSendingError(TryAgainError):
    """Another app is sending the welcome right now."""

    advice = "another app is sending the welcome; ask again within 20 seconds"


class DispatchingError(TryAgainError):
    """The result of a mass send is not there yet."""

    advice = "the mass send is still being dispatched; ask again in a minute"
    retry_after = 60.0


class ConfigurationError(WeComError):
    """Only a person with rights in the WeCom console can mend this."""

    advice = "check corp id, secret, permissions, visible range and trusted IPs of the app in the WeCom console"


class RefusedError(WeComError):
    """The request is wrong: a defect of ours."""

    advice = "the request itself is refused; it is not repeated"


class UnreadableAnswerError(WeComError):
    """The answer is JSON of another shape than the documents show."""

    advice = "the answer has another shape than documented"


class AnswerError(WeComError):
    """A plain fact about the thing asked for."""


class StaffUnknownError(AnswerError):
    """No such employee in the visible range."""

    advice = "the employee is unknown; sync the directory"


class TagUnknownError(AnswerError):
    """No such corp tag."""

    advice = "the tag is unknown; read the corp tags again"


class ContactUnknownError(AnswerError):
    """No such customer."""

    advice = "the customer is unknown; drop it"


class RelationEndedError(AnswerError):
    """There is no relation (any more)."""

    advice = "there is no relation with this customer"


class ChatGoneError(AnswerError):
    """The group was dismissed or never was."""

    advice = "the group does not exist (any more)"


class WelcomeExpiredError(AnswerError):
    """Welcome codes live 20 seconds."""

    advice = "the welcome code is expired or unknown"


class WelcomeDeliveredError(AnswerError):
    """This customer has been welcomed, or talks already."""

    advice = "the customer has been welcomed already"


class NotActivatedError(AnswerError):
    """The employee has not activated the account or not given a real name."""

    advice = "the employee is not activated; leave them out of the code"


class CapacityReachedError(AnswerError):
    """The employee has no room for more customers."""

    advice = "the employee's number of customers is at its limit"


class Policy(Enum):
    """What to do about a code."""

    RETRY = "ask again up to three times, slower each time"
    CONFIGURE = "call a person"
    RENEW_TOKEN = "get a new token once and replay once"  # noqa: S105  # no password: what to do about a token
    REFUSED = "a defect of ours, no retry"
    SYNC_STAFF = "look at the directory again"
    SYNC_TAGS = "read the corp tags again"
    DROP = "there is no such customer"
    END_RELATION = "mark the relation as ended"
    CLOSE_WINDOW = "stop this API for the window"
    SLOW_DOWN = "fewer at once, ask again after a random while"
    WELCOME_OVER = "final"
    WELCOME_DONE = "as good as done"
    WELCOME_RACE = "ask again within 20 seconds"
    LEAVE_OUT = "leave the employee out of the code"
    LATER = "ask again later"
    CHAT_GONE = "the group is no more"
    FULL = "the employee has no room"


POLICIES: Mapping[int, Policy] = MappingProxyType(
    {
        -1: Policy.RETRY,
        **dict.fromkeys((40001, 40013, 40091, 60020), Policy.CONFIGURE),
        **dict.fromkeys((84074, 48002, 60011, 301002, 81013, 48006, 701008), Policy.CONFIGURE),
        **dict.fromkeys((40014, 42001), Policy.RENEW_TOKEN),
        **dict.fromkeys((41001, 40058, 40035, 40063, 81017, 41041), Policy.REFUSED),
        **dict.fromkeys((40003, 60111, 46004), Policy.SYNC_STAFF),
        40068: Policy.SYNC_TAGS,
        40096: Policy.DROP,
        84061: Policy.END_RELATION,
        45009: Policy.CLOSE_WINDOW,
        **dict.fromkeys((45033, 45035), Policy.SLOW_DOWN),
        41050: Policy.WELCOME_OVER,
        41051: Policy.WELCOME_DONE,
        41096: Policy.WELCOME_RACE,
        41054: Policy.LEAVE_OUT,
        41063: Policy.LATER,
        **dict.fromkeys((49008, 86001, 86003), Policy.CHAT_GONE),
        40099: Policy.FULL,
    }
)
"""Every code that the product knows. A code that is not here is a `RefusedError`: unknown is no reason to insist."""

_ERRORS: Mapping[Policy, type[WeComError]] = MappingProxyType(
    {
        Policy.RETRY: UnavailableError,
        Policy.CONFIGURE: ConfigurationError,
        Policy.RENEW_TOKEN: UnavailableError,
        Policy.REFUSED: RefusedError,
        Policy.SYNC_STAFF: StaffUnknownError,
        Policy.SYNC_TAGS: TagUnknownError,
        Policy.DROP: ContactUnknownError,
        Policy.END_RELATION: RelationEndedError,
        Policy.SLOW_DOWN: CrowdedError,
        Policy.WELCOME_OVER: WelcomeExpiredError,
        Policy.WELCOME_DONE: WelcomeDeliveredError,
        Policy.WELCOME_RACE: OtherAppSendingError,
        Policy.LEAVE_OUT: NotActivatedError,
        Policy.LATER: DispatchingError,
        Policy.CHAT_GONE: ChatGoneError,
        Policy.FULL: CapacityReachedError,
    }
)
_HINT = re.compile(r"hint: \[([0-9A-Za-z_]{1,80})\]")


def policy(code: int) -> Policy:
    """What to do about a code that is not 0."""
    return POLICIES.get(code, Policy.REFUSED)


def error(api: str, code: int, message: str = "", retry_after: float = 60.0) -> WeComError:
    """The error of a code. Of WeCom's message only the hint is kept, by which its support finds the call."""
    found = _HINT.search(message)
    hint = found.group(1) if found else ""
    rule = policy(code)
    if rule is Policy.CLOSE_WINDOW:
        return RateLimitedError(api, retry_after, code, hint)
    return _ERRORS[rule](api, code, hint)
