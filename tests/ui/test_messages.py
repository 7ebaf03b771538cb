"""The words of the pages: complete in both languages, and every one of them used."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

from engine.access.roles import ROLES
from engine.runs.listing import STATUSES
from ui.messages import LANGUAGES, Language, areas, known, messages, text

UI = Path(__file__).parent.parent.parent / "ui"

LITERAL = re.compile(r"""(?<![\w.])(?:t|text)\(\s*(?:\w[\w.]*,\s*)?["']([\w.-]+)["']\s*([~,)])""")
COMPOSED = re.compile(r"""(?:["']([\w-]+\.(?:[\w-]+\.)?)["']\s*~|f["']([\w-]+\.(?:[\w-]+\.)?|[\w-]+\.\w+_)\{)""")
QUOTED = re.compile(r"""["']([a-z_]+(?:\.[\w-]+)+)["']""")


def sources() -> str:
    files = [*UI.rglob("*.html"), *UI.rglob("*.py")]
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


def prefixes() -> set[str]:
    """The beginnings of keys that are put together, such as `status.` and `timeline.`."""
    return {first or second for first, second in COMPOSED.findall(sources())}


def test_both_languages_have_the_same_keys() -> None:
    assert messages("zh").keys() == messages("en").keys()


def test_both_languages_keep_each_key_in_the_same_file_and_in_one() -> None:
    def places(language: Language) -> list[tuple[str, str]]:
        return sorted((key, area) for area, kept in areas(language).items() for key in kept)

    assert places("zh") == places("en")
    assert len(places("zh")) == len(messages("zh"))


def test_both_languages_fill_in_the_same_values() -> None:
    def names(message: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(message) if name}

    different = [key for key in messages("zh") if names(messages("zh")[key]) != names(messages("en")[key])]
    assert different == []


def test_no_message_is_empty_or_left_untranslated() -> None:
    same = {key for key, message in messages("zh").items() if message == messages("en")[key]}
    assert same <= {"unit.join", "identity.unionid", "identity.openid"}
    assert all(
        message.strip() or key == "unit.join" for language in LANGUAGES for key, message in messages(language).items()
    )


def test_chinese_is_written_with_full_width_marks() -> None:
    half = re.compile(r"[\u3400-\u9fff][,;:!?](?! )")
    assert [key for key, message in messages("zh").items() if half.search(message)] == []


def test_every_key_that_is_asked_for_exists() -> None:
    asked = {key for key, after in LITERAL.findall(sources()) if after != "~"}
    assert asked
    assert sorted(asked - messages("zh").keys()) == []


def test_every_message_is_used() -> None:
    asked = {key for key, _ in LITERAL.findall(sources())} | set(QUOTED.findall(sources()))
    begun = tuple(prefixes())
    assert begun
    assert sorted(key for key in messages("zh") if key not in asked and not key.startswith(begun)) == []


def test_every_status_kind_and_role_has_a_word() -> None:
    wanted = [f"status.{name}" for name in STATUSES] + [f"role.{name}" for name in ROLES]
    assert [key for key in wanted if not known("zh", key)] == []


@pytest.mark.parametrize(
    ("n", "said"),
    [
        (0, "0 runs stand"),
        (1, "1 run stands"),
        ("1", "1 run stands"),
        (2, "2 runs stand"),
        ("1,001", "1,001 runs stand"),
    ],
)
def test_one_is_told_otherwise_than_many(n: object, said: str) -> None:
    assert said in text("en", "journey.paused_since", since="now", n=n)
    assert f"{n} 个实例" in text("zh", "journey.paused_since", since="now", n=n)


def test_no_number_stands_before_a_plural_alone() -> None:
    """What is counted in English is written for one and for many."""
    counted = re.compile(r"\{n\} (?!or more)\w*[a-z]s\b")
    assert [key for key, message in messages("en").items() if counted.search(message)] == []


def test_a_missing_message_is_an_error() -> None:
    with pytest.raises(KeyError):
        text("zh", "no.such.message")
