"""The errors of this package.

RuleError            a rule, text or value that cannot be compiled; says all that is wrong in `problems`
EvaluationError      a compiled rule met facts that it cannot work with; `field` names the one, where it is one field
OperatorError        a module, or a plug-in, whose operators cannot be used
"""

from __future__ import annotations

from collections.abc import Sequence

from rules.types import Problem


class RuleError(ValueError):
    """A rule, text or value that cannot be compiled. `problems` names each place and its remedy."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = list(problems)
        super().__init__("; ".join(f"{p.pointer or '/'}: {p.message['en']}" for p in self.problems))


class OperatorError(TypeError):
    """An operator is not written as it should be; the message says which, where, and what to change."""


class EvaluationError(Exception):
    """A rule that went wrong on these facts. It is never to be read as false. `message` tells it in both languages."""

    def __init__(self, message: dict[str, str] | str, *, field: str | None = None) -> None:
        self.field = field
        self.message = {"zh": message, "en": message} if isinstance(message, str) else message
        super().__init__(self.message["en"])
