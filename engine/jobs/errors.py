"""What can be wrong with a job, and how a page says that it cannot go on.

JobError…                 see `models` for what is stored
├── JobUnknownError       there is no such job in sight
├── JobStateError         the job's state forbids it; the message says what to do
├── PostponedError        a page must wait for something outside; nothing has failed
└── GivenUpError          a person must mend something first; then the job can be continued
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

Text: TypeAlias = Mapping[str, str]
"""One sentence in both languages, by `zh` and `en`."""


class JobUnknownError(LookupError):
    """There is no such job in sight."""


class JobStateError(Exception):
    """The job's state forbids it."""


class PostponedError(Exception):
    """A page cannot be done yet: ask for it again after so many seconds. `text` tells people what it waits for."""

    def __init__(self, text: Text, after: float) -> None:
        super().__init__(text["en"])
        self.text, self.after = text, after


class GivenUpError(Exception):
    """No page can be done until a person has mended something; `text` says what."""

    def __init__(self, text: Text) -> None:
        super().__init__(text["en"])
        self.text = text
