"""Welcome messages and tags, as journeys write them."""

import pytest

from engine.wecom import welcome
from engine.wecom.client import WeCom
from engine.wecom.tagging import Tagger
from tests.engine.wecom.conftest import Simulator


async def code(chat_id: str) -> str:
    return f"https://wecom.example/{chat_id}"


async def test_each_kind_of_attachment_takes_the_form_of_wecom() -> None:
    written = [
        {"kind": "group_qr", "chat": "wr1"},
        {"kind": "link", "title": "t", "url": "u", "description": "d", "picture": "p"},
        {"kind": "link", "title": "t", "url": "u"},
        {"kind": "image", "picture": "https://m.example.com/a.png"},
        {"kind": "image", "picture": "media"},
        {"kind": "miniprogram", "title": "t", "appid": "wx1", "page": "/p", "picture": "media"},
    ]
    assert await welcome.attachments(written, code) == [
        {"msgtype": "image", "image": {"pic_url": "https://wecom.example/wr1"}},
        {"msgtype": "link", "link": {"title": "t", "url": "u", "desc": "d", "picurl": "p"}},
        {"msgtype": "link", "link": {"title": "t", "url": "u"}},
        {"msgtype": "image", "image": {"pic_url": "https://m.example.com/a.png"}},
        {"msgtype": "image", "image": {"media_id": "media"}},
        {
            "msgtype": "miniprogram",
            "miniprogram": {"title": "t", "appid": "wx1", "page": "/p", "pic_media_id": "media"},
        },
    ]
    with pytest.raises(ValueError, match="no kind of attachment"):
        await welcome.attachments([{"kind": "song"}], code)


async def test_one_code_is_made_for_a_group_however_often_it_is_sent(simulator: Simulator, wecom: WeCom) -> None:
    for person in ("an", "bo"):
        added = simulator.control("add", associate="lin", person=person)
        await wecom.send_welcome(added["welcome_code"], "hello", [{"kind": "group_qr", "chat": "wr1"}])
    pictures = {str(item["body"]["attachments"]) for item in simulator.outbox(kind="welcome")}
    assert len(pictures) == 1
    assert simulator.http.get(await wecom.group_code("wr1")).status_code == 200


async def test_tags_are_named_by_word_and_made_when_new(simulator: Simulator, wecom: WeCom) -> None:
    an = simulator.control("add", associate="lin", person="an")["external_userid"]
    tagger = Tagger(wecom)
    await tagger.tag("lin", an, ["gold", "new"], [])
    await tagger.tag("lin", an, ["silver"], ["gold", "never made"])
    await tagger.tag("lin", an, [], ["never made"])
    added = [item["body"]["added"] for item in simulator.outbox(kind="tag")]
    assert added == [["gold", "new"], ["silver"]]
    follow = (await wecom.get_external_contact(an)).follow_user[0]
    assert {tag.tag_name for tag in follow.tags} == {"new", "silver"}


async def test_tags_that_vanished_in_wecom_are_learnt_anew(simulator: Simulator, wecom: WeCom) -> None:
    tagger = Tagger(wecom)
    for _ in range(2):
        simulator.control("reset", everything=True)
        an = simulator.control("add", associate="lin", person="an")["external_userid"]
        await tagger.tag("lin", an, ["gold"], [])
    assert len(simulator.outbox(kind="tag")) == 1
