"""Identity: the hashes by which what was approved, what was published and what runs are known to be the same."""

from __future__ import annotations

import hashlib

import rfc8785

from rules.types import Json

_LARGEST = 2**53


def canonical(value: Json) -> bytes:
    """The canonical JSON (RFC 8785) of `value`: keys sorted, numbers in one form. Equal documents give equal bytes.

    Raises ValueError for what JSON cannot exchange: NaN, integers beyond ±2^53, half a surrogate pair.
    """
    return rfc8785.dumps(_exchangeable(value))


def content_hash(document: Json) -> str:
    """SHA-256, in hex, of a document's canonical JSON."""
    return hashlib.sha256(canonical(document)).hexdigest()


def bundle_hash(bundle: Json) -> str:
    """SHA-256, in hex, of all that a published version resolves to (`plan.bundle_of`). Runs name it."""
    return hashlib.sha256(canonical(bundle)).hexdigest()


def _exchangeable(value: Json) -> Json:
    """`value` with ±2^53 as floats: the bounds are ours, and the library stops one short of them."""
    match value:
        case dict():
            return {key: _exchangeable(item) for key, item in value.items()}
        case list():
            return [_exchangeable(item) for item in value]
        case int() if abs(value) == _LARGEST:
            return float(value)
        case _:
            return value
