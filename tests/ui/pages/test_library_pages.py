"""The library: what it offers, what a template needs, and to whom it offers a start."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.library.shelf import templates
from tests.ui.visitor import Visitor
from ui.dependencies import Dependencies
from workflows.activities.registry import catalogue_of, load_activities


@pytest.fixture
def deps(deps: Dependencies) -> Dependencies:
    """With the activity types of the product, whose params name what templates need."""
    return replace(deps, catalogue=catalogue_of(load_activities()))


def test_everything_on_the_shelf_is_offered(admin: Visitor) -> None:
    page = admin.get("/library?lang=en").text
    links = [f"/library/{kind}/{each.key}" for kind in ("journey", "ruleset", "fields") for each in templates(kind)]
    assert [link for link in links if f'href="{link}"' not in page] == []
    assert "Ownership on add" in page


def test_a_template_tells_what_it_needs_and_whether_it_is_there(admin: Visitor) -> None:
    owner = admin.get("/library/journey/owner-on-add?lang=en").text
    assert "Not there yet; the library has it" in owner
    assert 'href="/library/ruleset/ownership"' in owner
    assert "/journeys/new?template=owner-on-add" in owner
    assert "name one of yours" in admin.get("/library/journey/new-member?lang=en").text


def test_a_template_that_is_not_there_is_not_found(admin: Visitor) -> None:
    assert admin.get("/library/journey/nothing").status_code == 404
    assert admin.get("/library/price-list/x").status_code == 404


@pytest.mark.parametrize(
    ("place", "kind", "key"), [("journeys", "journey", "birthday"), ("rules", "ruleset", "ownership")]
)
def test_the_link_of_a_template_leads_to_a_form_that_starts_from_it(
    admin: Visitor, place: str, kind: str, key: str
) -> None:
    start = f"/{place}/new?template={key}"
    assert f'href="{start}"' in admin.get(f"/library/{kind}/{key}").text
    assert f'value="template:{key}" selected' in admin.get(start).text
