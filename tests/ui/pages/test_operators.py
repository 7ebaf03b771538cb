"""The reference of operators: every one stands there, in the reader's language, and for programs."""

from __future__ import annotations

import html

import pytest

from engine.rulesets.fields import shipped_fields
from rules.operators import OPERATORS
from rules.reference import references
from rules.zones import HOME
from tests.ui.sample import Sample
from tests.ui.visitor import Visitor
from ui.messages import LANGUAGES, Language


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_operator_is_there_with_its_meaning_and_its_example(
    admin: Visitor, chain: Sample, language: Language
) -> None:
    page = html.unescape(admin.get(f"/operators?lang={language}").text)
    sections = {part.partition("<code>")[2].partition("</code>")[0]: part for part in page.split("<section")[1:]}
    assert sections.keys() == OPERATORS.keys()
    for one in references(shipped_fields(), HOME):
        section = sections[one.name]
        assert one.title.of(language) in section
        assert one.doc.of(language).split("`")[0].split("\n")[0] in section
        assert one.sentence is not None
        assert one.sentence[language] in section
    assert "`" not in page.partition("<main")[2].partition("</main>")[0]


@pytest.mark.parametrize("place", ["/rules", "/journeys"])
def test_the_lists_lead_there(admin: Visitor, place: str) -> None:
    assert 'href="/operators"' in admin.get(place).text
