"""WeCom's callback cryptography: SHA-1 signatures and AES-256-CBC envelopes.

Protocol: official documents 90930 and 91144. A plain envelope is

    16 random bytes + length of the message (uint32, big endian) + message + receiver

padded by PKCS#7 to a multiple of 32 bytes, encrypted with the first 16 bytes of the key as IV, in base64.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets
import struct

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

BLOCK_BITS = 256
PREFIX = 16
_ENCODED_KEY = re.compile(r"[A-Za-z0-9+/]{43}")


class BadEnvelopeError(ValueError):
    """The text is no envelope made with this key."""


def decode_key(encoding_aes_key: str) -> bytes:
    """The 32 bytes behind an EncodingAESKey of 43 characters.

    Trailing bits that are not zero are accepted: the official sample key has them.
    """
    if not _ENCODED_KEY.fullmatch(encoding_aes_key):
        raise ValueError("An EncodingAESKey has exactly 43 letters and digits; copy it again from the WeCom console.")
    return base64.b64decode(encoding_aes_key + "=")


def signature(token: str, timestamp: str, nonce: str, encrypted: str) -> str:
    """The `msg_signature` of a callback: SHA-1, in hex, over the four values sorted and joined."""
    joined = "".join(sorted([token, timestamp, nonce, encrypted]))
    return hashlib.sha1(joined.encode(), usedforsecurity=False).hexdigest()


def is_signed(given: str, token: str, timestamp: str, nonce: str, encrypted: str) -> bool:
    """Whether `given` is the right signature, compared in constant time."""
    return hmac.compare_digest(given.encode(), signature(token, timestamp, nonce, encrypted).encode())


def encrypt(key: bytes, message: bytes, receiver: str, prefix: bytes | None = None) -> str:
    """Seal a message for a receiver (the corp id). `prefix` are the 16 random bytes, given only by tests."""
    prefix = secrets.token_bytes(PREFIX) if prefix is None else prefix
    padder = PKCS7(BLOCK_BITS).padder()
    plain = prefix + struct.pack(">I", len(message)) + message + receiver.encode()
    encryptor = _cipher(key).encryptor()
    sealed = encryptor.update(padder.update(plain) + padder.finalize()) + encryptor.finalize()
    return base64.b64encode(sealed).decode()


def decrypt(key: bytes, encrypted: str) -> tuple[bytes, str]:
    """The message and the receiver in an envelope. Raises `BadEnvelopeError`."""
    try:
        sealed = base64.b64decode(encrypted, validate=True)
        decryptor = _cipher(key).decryptor()
        unpadder = PKCS7(BLOCK_BITS).unpadder()
        padded = decryptor.update(sealed) + decryptor.finalize()
        plain = unpadder.update(padded) + unpadder.finalize()
    except (binascii.Error, ValueError) as error:
        raise BadEnvelopeError("The text is not an AES envelope of this key.") from error
    return _split(plain[PREFIX:])


def _split(plain: bytes) -> tuple[bytes, str]:
    if len(plain) < 4:
        raise BadEnvelopeError("The envelope is too short to hold a message.")
    (length,) = struct.unpack(">I", plain[:4])
    message, receiver = plain[4 : 4 + length], plain[4 + length :]
    if len(message) != length:
        raise BadEnvelopeError("The envelope is shorter than the message it announces.")
    try:
        return message, receiver.decode()
    except UnicodeDecodeError as error:
        raise BadEnvelopeError("The receiver in the envelope is not text.") from error


def _cipher(key: bytes) -> Cipher[modes.CBC]:
    return Cipher(algorithms.AES(key), modes.CBC(key[:16]))
