"""Opening callbacks, and refusing those that are not ours."""

import pytest

from engine.wecom import crypto, xml
from engine.wecom.callback import (
    App,
    BadSignatureError,
    CallbackError,
    Signed,
    UnreadableCallbackError,
    WrongReceiverError,
    open_callback,
    verify_url,
)
from tests.engine.wecom.vectors import AES_KEY, CORP, ECHO, MESSAGE, TOKEN

APP = App(corp_id=CORP, agent_id=218, secret="s", token=TOKEN, aes_key=AES_KEY)


def query(vector: dict[str, str]) -> Signed:
    return Signed(vector["signature"], vector["timestamp"], vector["nonce"])


def envelope(encrypted: str) -> bytes:
    return xml.write({"ToUserName": CORP, "AgentID": "218", "Encrypt": encrypted}).encode()


def sealed(message: bytes, receiver: str = CORP) -> tuple[Signed, bytes]:
    encrypted = crypto.encrypt(APP.key, message, receiver)
    return Signed(crypto.signature(TOKEN, "1", "2", encrypted), "1", "2"), envelope(encrypted)


def test_the_official_echo_is_answered_with_its_plain_text() -> None:
    assert verify_url(APP, query(ECHO), ECHO["encrypted"]) == "1616140317555161061"


def test_the_official_message_is_opened() -> None:
    assert open_callback(APP, query(MESSAGE), envelope(MESSAGE["encrypted"]))["Content"] == "hello"


def test_a_wrong_signature_is_refused() -> None:
    for wrong in (Signed("0" * 40, "1409659813", "1372623149"), Signed(MESSAGE["signature"], "1", "1372623149")):
        with pytest.raises(BadSignatureError):
            open_callback(APP, wrong, envelope(MESSAGE["encrypted"]))


def test_an_envelope_for_another_corp_is_refused() -> None:
    with pytest.raises(WrongReceiverError):
        open_callback(APP, *sealed(b"<xml><Event>e</Event></xml>", "ww-other"))


@pytest.mark.parametrize(
    "body", [b"", b"<xml/>", b"{}", b"<xml><Encrypt/></xml>", b"<xml><Encrypt><a>1</a></Encrypt></xml>"]
)
def test_a_body_without_an_envelope_is_unreadable(body: bytes) -> None:
    with pytest.raises(UnreadableCallbackError):
        open_callback(APP, query(MESSAGE), body)


@pytest.mark.parametrize("message", [b"", b"no xml", b"<xml/>", b"\xff\xfe"])
def test_an_envelope_without_an_event_is_unreadable(message: bytes) -> None:
    with pytest.raises(UnreadableCallbackError):
        open_callback(APP, *sealed(message))


def test_signed_junk_is_unreadable_and_says_what_to_compare() -> None:
    signed = Signed(crypto.signature(TOKEN, "1", "2", "junk"), "1", "2")
    with pytest.raises(UnreadableCallbackError, match="EncodingAESKey"):
        open_callback(APP, signed, envelope("junk"))


def test_secrets_stay_out_of_texts() -> None:
    assert TOKEN not in repr(APP)
    assert AES_KEY not in repr(APP)
    with pytest.raises(CallbackError) as caught:
        open_callback(APP, Signed("x", "1", "2"), envelope("junk"))
    assert TOKEN not in str(caught.value)
