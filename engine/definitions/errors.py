"""What can be wrong about definitions.

DefinitionError
├── NotReadableError        the text is no JSON object; says at which line and column
├── UnknownDefinitionError  no draft, version or live definition of this kind and key
├── StaleRevisionError      the draft was changed since it was read
├── WrongStateError         a pause, resume or retirement that the state forbids
├── UnknownFindingError     the draft has no such finding
├── OvertakenError          what is to be published is not what was read
├── ApprovalError           a second person must approve, or may not
├── NotAcceptableError      a finding that blocks publishing
└── NotPublishableError     findings of severity error; carries all findings
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.journeys.findings import Finding


class DefinitionError(Exception):
    """The root of this package's errors; each message tells a person what to do."""


class NotReadableError(DefinitionError):
    """The text cannot be read as a JSON object."""

    def __init__(self, what: str, line: int, column: int) -> None:
        super().__init__(f"line {line}, column {column}: {what}")
        self.what = what
        self.line = line
        self.column = column


class UnknownDefinitionError(DefinitionError):
    """There is no such draft, version or definition."""


class StaleRevisionError(DefinitionError):
    """The revision that was named is not the current one; `by` and `at` tell of the latest change."""

    def __init__(self, current: int | None, *, by: str | None = None, at: datetime | None = None) -> None:
        there = f"it is at revision {current}" if current else "it does not exist"
        super().__init__(f"The draft was changed since you read it: {there} now. Read it again and repeat your change.")
        self.current = current
        self.by = by
        self.at = at


class WrongStateError(DefinitionError):
    """The journey is not in a state in which this can be done."""


class OvertakenError(DefinitionError):
    """The draft says something else than its author has read."""


class ApprovalError(DefinitionError):
    """The draft waits for a second person, or this one cannot be it."""


class UnknownFindingError(DefinitionError):
    """There is no such finding to accept."""


class NotAcceptableError(DefinitionError):
    """The finding is an error."""


class NotPublishableError(DefinitionError):
    """The draft has findings that block publishing."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        blocking = sum(finding.severity == "error" for finding in findings)
        super().__init__(f"{blocking} finding(s) block publishing; mend them and publish again.")
        self.findings = tuple(findings)
