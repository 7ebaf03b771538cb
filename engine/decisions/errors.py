"""What can be wrong with a question.

DecisionError
├── UnknownRulesetError      nothing of this key is published, or no such version
├── UnusableRulesetError     a published version that this release cannot compile: an operator is gone, say
├── UnknownSubjectError      no such member, store or associate in sight
└── UnknownDecisionError     no such record in sight
"""

from __future__ import annotations


class DecisionError(Exception):
    """The root of this package's errors; each message tells a person what to do."""


class UnknownRulesetError(DecisionError):
    """No such ruleset, or no such version of it."""


class UnusableRulesetError(DecisionError):
    """A version that cannot be compiled here."""


class UnknownSubjectError(DecisionError):
    """Nobody of this name is in sight."""


class UnknownDecisionError(DecisionError):
    """No such record is in sight."""
