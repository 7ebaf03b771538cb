"""Reading WeCom's XML without trusting it, and writing it."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.wecom import xml

printable = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), max_size=40)


def test_elements_are_read_in_any_order() -> None:
    one = b"<xml><A><![CDATA[1]]></A><B>2</B></xml>"
    other = b"<xml><B>2</B><A>1</A></xml>"
    assert xml.read(one) == xml.read(other) == {"A": "1", "B": "2"}


def test_children_become_a_list_and_empty_elements_an_empty_text() -> None:
    assert xml.read(b"<xml><L><Item>a</Item><Item><![CDATA[b]]></Item></L><E/></xml>") == {"L": ["a", "b"], "E": ""}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not xml",
        b"<xml><a></xml>",
        b'<!DOCTYPE x [<!ENTITY e "boom">]><xml><a>&e;</a></xml>',
        b'<!DOCTYPE x SYSTEM "http://127.0.0.1/x.dtd"><xml/>',
        b'<?xml version="1.0" encoding="no-such"?><xml/>',
        "<xml><a>\ud800</a></xml>".encode("utf-8", "surrogatepass"),
    ],
)
def test_what_is_not_plain_xml_is_refused(body: bytes) -> None:
    with pytest.raises(xml.BadXmlError):
        xml.read(body)


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(body: bytes) -> None:
    with suppress(xml.BadXmlError):
        xml.read(body)


@given(st.dictionaries(st.sampled_from("ABCDE"), printable | st.lists(printable, min_size=1, max_size=3)))
def test_what_is_written_is_read(fields: dict[str, str | list[str]]) -> None:
    assert xml.read(xml.write(fields).encode()) == fields


def test_numbers_are_written_bare_and_the_end_of_cdata_is_split() -> None:
    assert xml.write({"N": 7}) == "<xml><N>7</N></xml>"
    assert xml.read(xml.write({"A": "x]]>y"}).encode()) == {"A": "x]]>y"}
