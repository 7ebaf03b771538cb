"""What Temporal stores is sealed: payloads are compressed where that helps, then encrypted with our key ring.

One message type stays readable, so that Temporal's own page can show what a run is doing: the workflow's current
details, which hold node keys only.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence

from temporalio.api.common.v1 import Payload
from temporalio.converter import DataConverter, DefaultFailureConverterWithEncodedAttributes, PayloadCodec

from engine.secrets.keyring import KeyRing

ENCODING = b"binary/sealed"
READABLE = frozenset({b"temporal.api.sdk.v1.WorkflowMetadata"})

_PLAIN = b"\0"
_DEFLATED = b"\1"


class SealingCodec(PayloadCodec):
    """Seals each payload with the first key of the ring and opens it with whichever key sealed it."""

    def __init__(self, keys: KeyRing) -> None:
        self._keys = keys

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Seal all payloads but those of a readable message type."""
        return [payload if _readable(payload) else self._seal(payload) for payload in payloads]

    async def decode(self, payloads: Iterable[Payload]) -> list[Payload]:
        """Open what `encode` sealed; anything else is passed on as it is. Raises SealError."""
        return [
            self._open(payload) if payload.metadata.get("encoding") == ENCODING else payload for payload in payloads
        ]

    def _seal(self, payload: Payload) -> Payload:
        plain = payload.SerializeToString()
        deflated = zlib.compress(plain, level=6, wbits=-zlib.MAX_WBITS)
        body = _DEFLATED + deflated if len(deflated) < len(plain) else _PLAIN + plain
        return Payload(metadata={"encoding": ENCODING}, data=self._keys.seal(body))

    def _open(self, payload: Payload) -> Payload:
        body = self._keys.open(payload.data)
        packed = body[1:]
        plain = zlib.decompress(packed, wbits=-zlib.MAX_WBITS) if body[:1] == _DEFLATED else packed
        return Payload.FromString(plain)


def data_converter(keys: KeyRing) -> DataConverter:
    """The converter of every client and worker of ours: sealed payloads, and failures whose messages are sealed too."""
    return DataConverter(
        payload_codec=SealingCodec(keys), failure_converter_class=DefaultFailureConverterWithEncodedAttributes
    )


def _readable(payload: Payload) -> bool:
    return payload.metadata.get("messageType") in READABLE
