"""What a turn leaves for the remote activity, sealed in the effect's row: params, and how often to try."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import timedelta

from pydantic import TypeAdapter

from engine.journeys.catalogue import Retry
from engine.secrets.keyring import KeyRing
from rules.types import Json

SLACK = timedelta(minutes=1)
"""What the sweeper allows beyond the time that an attempt may take."""


@dataclass(frozen=True)
class Asked:
    """The params as plain JSON, and the retry policy of the node."""

    params: dict[str, Json]
    retry: Retry = field(default_factory=Retry)

    def seal(self, keys: KeyRing) -> bytes:
        """As it is kept in the row."""
        return keys.seal_json({"params": self.params, "retry": _RETRY.dump_python(self.retry, mode="json")})

    @classmethod
    def open(cls, keys: KeyRing, sealed: bytes | None) -> Asked:
        """Read what `seal` wrote."""
        kept = keys.open_json(sealed) if sealed else {"params": {}, "retry": asdict(Retry())}
        return cls(kept["params"], _RETRY.validate_python(kept["retry"]))


_RETRY = TypeAdapter(Retry)
