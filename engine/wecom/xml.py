"""WeCom's XML as plain dicts, and back. Reading never depends on the order of elements."""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree.ElementTree import Element, ParseError
from xml.sax.saxutils import escape

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

Fields = dict[str, str | list[str]]


class BadXmlError(ValueError):
    """The body is not XML that WeCom would send."""


def read(body: bytes) -> Fields:
    """The children of the root as `{name: text}`; a child with children of its own gives the list of their texts.

    Entities, document types and external references are refused. Of elements with one name the last counts.
    """
    try:
        root = fromstring(body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, LookupError, ValueError) as error:
        raise BadXmlError("The body is not readable as XML.") from error
    return {child.tag: _value(child) for child in root}


def _value(element: Element) -> str | list[str]:
    if len(element):
        return [(item.text or "").strip() for item in element]
    return (element.text or "").strip()


def write(fields: Mapping[str, str | int | list[str]]) -> str:
    """An `<xml>` document of these fields: numbers bare, texts in CDATA, lists as `<Item>` elements."""
    return f"<xml>{''.join(f'<{name}>{_content(value)}</{name}>' for name, value in fields.items())}</xml>"


def _content(value: str | int | list[str]) -> str:
    match value:
        case int():
            return str(value)
        case str():
            return "<![CDATA[" + value.replace("]]>", "]]]]><![CDATA[>") + "]]>"
        case list():
            return "".join(f"<Item>{escape(item)}</Item>" for item in value)
