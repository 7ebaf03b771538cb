"""The glossary tells every term, and every word that explains itself is one of its terms."""

from __future__ import annotations

import re
from pathlib import Path

from tests.ui.visitor import Visitor
from ui.messages import messages
from ui.words.glossary import TERMS

TEMPLATES = Path(__file__).parents[3] / "ui/templates"
KEYS = [key for chapter in TERMS.values() for key in chapter]


def test_every_term_has_its_words_and_stands_once() -> None:
    assert len(KEYS) == len(set(KEYS))
    told = {key.split(".")[1] for key in messages("zh") if re.fullmatch(r"glossary\.\w+\.is", key)}
    assert told == set(KEYS)


def test_words_that_explain_themselves_are_terms() -> None:
    asked = {
        key
        for file in TEMPLATES.rglob("*.html")
        if "components/term.html" in file.read_text(encoding="utf-8")
        for key in re.findall(r"""(?<!macro )\bterm\(["'](\w+)["']""", file.read_text(encoding="utf-8"))
    }
    assert asked
    assert asked <= set(KEYS)


def test_the_page_tells_all_of_them(admin: Visitor) -> None:
    page = admin.get("/glossary?lang=en").text
    assert [key for key in KEYS if messages("en")[f"glossary.{key}.is"] not in page.replace("&#39;", "'")] == []
