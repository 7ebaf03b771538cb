"""The reference of activity types: every type that is registered stands there, in the reader's language."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.ui.sample import Sample
from tests.ui.visitor import Visitor
from ui.app import Dependencies
from workflows.activities.registry import catalogue_of, load_activities

CATALOGUE = catalogue_of(load_activities())


@pytest.fixture
def deps(deps: Dependencies) -> Dependencies:
    return replace(deps, catalogue=CATALOGUE)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_type_is_there_with_its_params_ports_and_results(admin: Visitor, chain: Sample, language: str) -> None:
    page = admin.get(f"/activity-types?lang={language}").text
    for name, one in CATALOGUE.items():
        section = page.partition(f'id="{name}"')[2].partition("</section>")[0]
        assert one.titles[language] in section
        words = [*one.params.model_fields, *one.result, *one.outcomes, "done"]
        missing = [word for word in words if f"<code>{word}</code>" not in section]
        assert not missing, name
    assert "`" not in page.partition("<main")[2].partition("</main>")[0]


def test_the_list_of_journeys_leads_there(admin: Visitor) -> None:
    assert 'href="/activity-types"' in admin.get("/journeys").text
