"""Payloads are sealed on their way to Temporal and opened on their way back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from temporalio.api.common.v1 import Payload
from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.converter import DataConverter

from engine.secrets.keyring import KeyRing, SealError, new_key
from workflows.codec import SealingCodec, data_converter

KEYS = KeyRing.from_text(new_key())
PERSONAL = "林小姐 13800138000"


@given(st.binary(max_size=5_000), st.dictionaries(st.text(max_size=8), st.binary(max_size=20), max_size=3))
async def test_what_is_sealed_opens_to_the_same(data: bytes, metadata: dict[str, bytes]) -> None:
    payload = Payload(data=data, metadata={**metadata, "encoding": b"json/plain"})
    codec = SealingCodec(KEYS)
    assert await codec.decode(await codec.encode([payload])) == [payload]


async def test_nothing_of_the_content_is_readable() -> None:
    [sealed] = await data_converter(KEYS).encode([{"name": PERSONAL}])
    assert PERSONAL.encode() not in sealed.SerializeToString()
    assert b"json/plain" not in sealed.SerializeToString()


async def test_long_content_is_compressed() -> None:
    [plain] = await DataConverter.default.encode(["ab" * 2_000])
    [sealed] = await data_converter(KEYS).encode(["ab" * 2_000])
    assert sealed.ByteSize() < plain.ByteSize() / 10


async def test_the_current_details_stay_readable() -> None:
    [sent] = await data_converter(KEYS).encode([WorkflowMetadata(current_details="wait_join")])
    assert b"wait_join" in sent.data


async def test_messages_of_failures_are_sealed() -> None:
    converter = data_converter(KEYS)
    failure = await _failure_of(converter, ValueError(PERSONAL))
    assert PERSONAL.encode() not in failure


async def test_a_payload_of_another_ring_is_refused() -> None:
    sealed = await data_converter(KEYS).encode(["x"])
    with pytest.raises(SealError):
        await data_converter(KeyRing.from_text("2:" + new_key()[2:])).decode(sealed)


async def test_a_key_that_was_replaced_still_opens() -> None:
    old, new = new_key(), "2:" + new_key()[2:]
    sealed = await data_converter(KeyRing.from_text(old)).encode([7])
    assert await data_converter(KeyRing.from_text(f"{new},{old}")).decode(sealed) == [7]


async def test_a_plain_payload_is_read_as_it_is() -> None:
    plain = await DataConverter.default.encode([{"a": 1}])
    assert await data_converter(KEYS).decode(plain) == [{"a": 1}]


async def _failure_of(converter: DataConverter, error: Exception) -> bytes:
    from temporalio.api.failure.v1 import Failure  # noqa: PLC0415 - keeps the generated names out of the module

    failure = Failure()
    await converter.encode_failure(error, failure)
    return failure.SerializeToString()
