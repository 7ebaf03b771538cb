"""The official vector, our own round trip, and wechatpy both ways."""

import base64
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wechatpy.work.crypto import WeChatCrypto

from engine.wecom import crypto, xml
from tests.engine.wecom.vectors import AES_KEY, CORP, ECHO, MESSAGE, TOKEN

texts = st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=200)
KEY = crypto.decode_key(AES_KEY)


@pytest.mark.parametrize("vector", [ECHO, MESSAGE], ids=["echo", "message"])
def test_the_official_signatures_are_reproduced(vector: dict[str, str]) -> None:
    made = crypto.signature(TOKEN, vector["timestamp"], vector["nonce"], vector["encrypted"])
    assert made == vector["signature"]


def test_the_official_echo_is_decrypted() -> None:
    assert crypto.decrypt(KEY, ECHO["encrypted"]) == (b"1616140317555161061", CORP)


def test_the_official_message_with_padding_above_sixteen_is_decrypted() -> None:
    message, receiver = crypto.decrypt(KEY, MESSAGE["encrypted"])
    assert receiver == CORP
    assert xml.read(message)["Content"] == "hello"
    assert xml.read(message)["FromUserName"] == "mycreate"


def test_a_key_with_trailing_bits_is_read_and_others_are_refused_with_advice() -> None:
    assert len(crypto.decode_key(AES_KEY)) == 32
    for wrong in ("", AES_KEY[:-1], AES_KEY + "a", AES_KEY[:-1] + "é"):
        with pytest.raises(ValueError, match="43 letters"):
            crypto.decode_key(wrong)


@given(texts, st.sampled_from(["ww1", "wx5823bf96d3bd56c7", "企业"]))
def test_what_is_encrypted_is_decrypted(text: str, receiver: str) -> None:
    assert crypto.decrypt(KEY, crypto.encrypt(KEY, text.encode(), receiver)) == (text.encode(), receiver)


@given(texts)
def test_wechatpy_reads_what_we_write(text: str) -> None:
    encrypted = crypto.encrypt(KEY, text.encode(), CORP)
    signed = crypto.signature(TOKEN, "1409659813", "n", encrypted)
    theirs = WeChatCrypto(TOKEN, AES_KEY, CORP)
    assert theirs.decrypt_message({"Encrypt": encrypted}, signed, "1409659813", "n") == text


@given(texts)
def test_we_read_what_wechatpy_writes(text: str) -> None:
    reply = xml.read(WeChatCrypto(TOKEN, AES_KEY, CORP).encrypt_message(text, "n", "1409659813").encode())
    encrypted = str(reply["Encrypt"])
    assert crypto.is_signed(str(reply["MsgSignature"]), TOKEN, "1409659813", "n", encrypted)
    assert crypto.decrypt(KEY, encrypted) == (text.encode(), CORP)


@given(st.binary(max_size=100))
def test_no_bytes_break_the_reader(junk: bytes) -> None:
    for text in (base64.b64encode(junk).decode(), junk.decode("latin-1")):
        with suppress(crypto.BadEnvelopeError):
            crypto.decrypt(KEY, text)


def test_a_signature_of_another_length_is_simply_wrong() -> None:
    assert not crypto.is_signed("", TOKEN, "1", "2", "x")
    assert not crypto.is_signed("é", TOKEN, "1", "2", "x")
