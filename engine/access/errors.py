"""What can be wrong about access.

AccessError
├── WrongCredentialsError      name and password do not belong together, or the user is not active
├── TooManyAttemptsError       wait before the next sign-in
├── UnknownScopeError          an API key asks for a scope that does not exist
├── NameTakenError             a user or key of this name exists already
├── KeyReusedError             an Idempotency-Key came back with another body
└── KeyInUseError              its first request is still being answered
"""

from datetime import timedelta


class AccessError(Exception):
    """The root of this package's errors."""


class WrongCredentialsError(AccessError):
    """Deliberately says no more: which of the two was wrong is nobody's business."""

    def __init__(self) -> None:
        super().__init__("This name and password do not belong together.")


class TooManyAttemptsError(AccessError):
    """Too many sign-ins failed for this name or from this address."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__(f"Too many failed sign-ins. Try again in {int(wait.total_seconds())} seconds.")
        self.wait = wait


class UnknownScopeError(AccessError):
    """A scope that no key can have."""

    def __init__(self, unknown: set[str], known: frozenset[str]) -> None:
        super().__init__(f"Unknown scope: {', '.join(sorted(unknown))}. Scopes are {', '.join(sorted(known))}.")


class NameTakenError(AccessError):
    """Names of users and of keys are unique."""

    def __init__(self, name: str) -> None:
        super().__init__(f"The name {name!r} is taken. Choose another one.")


class KeyReusedError(AccessError):
    """One Idempotency-Key stands for one request."""

    def __init__(self) -> None:
        super().__init__("This Idempotency-Key was used with another body. Use a new key for a new request.")


class KeyInUseError(AccessError):
    """The first request with this Idempotency-Key has no answer yet."""

    def __init__(self) -> None:
        super().__init__("The first request with this Idempotency-Key is still being answered. Ask again in a moment.")
