"""Why an effect failed: in the reader's language for every code of ours, as it was said for all others."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from engine.wecom.errors import POLICIES, error
from ui.messages import known
from ui.pages.render import environment
from ui.words.failures import failure

ROOT = Path(__file__).parents[3]
NOW = datetime(2026, 1, 7, 2, 0, tzinfo=UTC)
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def codes() -> set[str]:
    """The codes that our own activity types and their executors give."""
    sources = [*(ROOT / "workflows" / "activities").glob("*.py"), ROOT / "workflows" / "remote.py"]
    given = re.compile(r'(?:code=|[^y]Failure\()"([a-z][a-z-]+)"')
    return {code for path in sources for code in given.findall(path.read_text(encoding="utf-8"))}


def test_every_code_of_ours_has_words() -> None:
    found = codes() - {"failed", "try-again", "staff-unknown"}
    assert {"unknown-batch", "nobody", "no-answer", "timeout", "unknown-activity"} <= found
    assert sorted(code for code in found if not known("zh", f"failure.{code}")) == []


@pytest.mark.parametrize("errcode", sorted([*POLICIES, 99999]))
def test_every_refusal_of_wecom_is_told_with_its_code_and_what_to_do(errcode: int) -> None:
    said = str(error("externalcontact/remark", errcode, "hint: [1234abcd] from ip"))
    told = failure(said, "zh", f"wecom-{errcode}")
    assert told.startswith(f"企业微信接口 externalcontact/remark 返回错误码 {errcode}：")
    assert told.endswith("(hint 1234abcd)")
    assert failure(f"wecom-{errcode}: {said}", "zh") == told


@pytest.mark.parametrize(
    ("message", "code", "told"),
    [
        ("there is no coupon batch X", "unknown-batch", "没有这个券批次，或已停用；请建立批次，或改正旅程中的批次。"),
        ("unknown-batch: there is none", "", "没有这个券批次，或已停用；请建立批次，或改正旅程中的批次。"),
        ("the receiver answered 404", "http-404", "对方系统返回 HTTP 404；请与对方核对。"),
        ("KeyError", "defect", "活动类型的程序出错（KeyError）；请工程师查看日志。"),
        ("The till does not answer.", "till", "The till does not answer."),
        ("till: it does not answer", "", "till: it does not answer"),
    ],
)
def test_what_is_known_is_told_in_chinese_and_the_rest_as_it_was_said(message: str, code: str, told: str) -> None:
    assert failure(message, "zh", code) == told


def test_the_timeline_of_a_run_tells_it() -> None:
    given = {"failure_word": partial(failure, language="zh"), "t": str, "now": NOW}
    more = vars(environment().get_template("components/road.html").make_module(given))["more"]
    assert "没有这个券批次" in more({"code": "unknown-batch", "message": "there is none"}, "coupon")


def test_english_is_told_in_english() -> None:
    assert not CHINESE.search(failure("KeyError", "en", "defect"))
