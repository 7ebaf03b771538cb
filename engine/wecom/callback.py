"""Opening a callback: from what arrived over HTTP to the plain event, or a reason to refuse it.

    CallbackError
    ├── BadSignatureError         not signed with our token: answer 403
    ├── UnreadableCallbackError   signed, or not even that far, but no envelope or no XML: answer 400
    └── WrongReceiverError        meant for another corp: answer 403

The age of `timestamp` is not judged and nonces are not remembered: an event has its effect once because of its key.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.wecom import crypto, xml


@dataclass(frozen=True)
class App:
    """One self-built app of one corp. What is secret stays out of its text form."""

    corp_id: str
    agent_id: int
    secret: str = field(repr=False)
    token: str = field(repr=False)
    aes_key: str = field(repr=False)

    def __post_init__(self) -> None:
        crypto.decode_key(self.aes_key)

    @property
    def key(self) -> bytes:
        return crypto.decode_key(self.aes_key)


@dataclass(frozen=True)
class Signed:
    """The query of a callback."""

    msg_signature: str
    timestamp: str
    nonce: str


class CallbackError(Exception):
    """A callback that is refused. One that is `signed` with our token came from WeCom, and what it tells is lost."""

    signed = False


class BadSignatureError(CallbackError):
    """The signature does not fit the app's Token."""

    def __init__(self) -> None:
        super().__init__("The signature does not fit; compare the app's Token here and in the WeCom console.")


class UnreadableCallbackError(CallbackError):
    """The body, the envelope or the event inside cannot be read."""

    def __init__(self, message: str, *, signed: bool = False) -> None:
        super().__init__(message)
        self.signed = signed


class WrongReceiverError(CallbackError):
    """The envelope is meant for another corp."""

    signed = True

    def __init__(self) -> None:
        super().__init__("The callback is meant for another corp id than this app's.")


def verify_url(app: App, query: Signed, echostr: str) -> str:
    """What to answer to the GET by which WeCom verifies the URL: exactly this text and nothing else."""
    return _text(_open(app, query, echostr))


def open_callback(app: App, query: Signed, body: bytes) -> xml.Fields:
    """The event inside a POST body, as a plain dict. Raises a `CallbackError`."""
    encrypted = _fields(body).get("Encrypt")
    if not isinstance(encrypted, str) or not encrypted:
        raise UnreadableCallbackError("The body holds no Encrypt element.")
    event = _fields(_open(app, query, encrypted), signed=True)
    if not event:
        raise UnreadableCallbackError("The event inside the envelope is empty.", signed=True)
    return event


def _open(app: App, query: Signed, encrypted: str) -> bytes:
    if not crypto.is_signed(query.msg_signature, app.token, query.timestamp, query.nonce, encrypted):
        raise BadSignatureError
    try:
        message, receiver = crypto.decrypt(app.key, encrypted)
    except crypto.BadEnvelopeError as error:
        raise UnreadableCallbackError(
            f"{error} Compare the app's EncodingAESKey here and in the WeCom console.", signed=True
        ) from error
    if receiver != app.corp_id:
        raise WrongReceiverError
    return message


def _fields(body: bytes, *, signed: bool = False) -> xml.Fields:
    try:
        return xml.read(body)
    except xml.BadXmlError as error:
        raise UnreadableCallbackError(str(error), signed=signed) from error


def _text(message: bytes) -> str:
    try:
        return message.decode()
    except UnicodeDecodeError as error:
        raise UnreadableCallbackError("The message in the envelope is not text.") from error
