"""What each callback means."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.wecom import mapping
from engine.wecom.answers import Customer
from engine.wecom.mapping import read
from engine.wecom.meanings import ChatDismissed, Happened, Ignored, NeedsSync, TransferredAway, WeComEvent
from engine.wecom.xml import Fields
from tests.engine.wecom.callbacks import AT, callback, chat, contact, members

TIME = datetime.fromtimestamp(AT, UTC)


def happened(event: Fields) -> WeComEvent:
    meaning = read(event, "ww1")
    assert isinstance(meaning, Happened)
    return meaning.event


@pytest.mark.parametrize(
    ("event", "kind", "data"),
    [
        (
            contact("add_external_contact", State="s1", WelcomeCode="c1"),
            "contact.added",
            {"associate": "lin", "half": False, "state": "s1", "welcome_code": "c1"},
        ),
        (contact("add_external_contact"), "contact.added", {"associate": "lin", "half": False}),
        (
            contact("add_half_external_contact", WelcomeCode="c1"),
            "contact.added",
            {"associate": "lin", "half": True, "welcome_code": "c1"},
        ),
        (contact("del_external_contact"), "contact.lost", {"associate": "lin", "by": "staff"}),
        (contact("del_follow_user"), "contact.lost", {"associate": "lin", "by": "customer"}),
    ],
)
def test_a_contact_callback_becomes_one_event(event: Fields, kind: str, data: dict[str, object]) -> None:
    made = happened(event)
    assert (made.type, made.data) == (kind, data)
    assert (made.source, made.subject, made.time) == ("wecom/ww1", "external_userid:wmA", TIME)


@pytest.mark.parametrize(
    ("event", "kind", "data"),
    [
        (callback("change_contact", "create_user", UserID="lin"), "associate.joined", {"associate": "lin"}),
        (callback("change_contact", "delete_user", UserID="lin"), "associate.left", {"associate": "lin"}),
        (
            callback("change_contact", "update_user", UserID="lin", Department="2,3"),
            "associate.moved",
            {"associate": "lin", "departments": [2, 3]},
        ),
    ],
)
def test_a_change_of_staff_becomes_one_event(event: Fields, kind: str, data: dict[str, object]) -> None:
    made = happened(event)
    assert (made.type, made.data, made.subject) == (kind, data, "associate:lin")


@pytest.mark.parametrize(
    "event",
    [
        callback("change_contact", "update_user", UserID="lin", NewUserID="lin2"),
        callback("change_contact", "create_party", Id="7"),
    ],
)
def test_what_only_the_directory_explains_asks_for_a_sync(event: Fields) -> None:
    assert isinstance(read(event, "ww1"), NeedsSync)


@pytest.mark.parametrize(
    "event",
    [
        contact("edit_external_contact"),
        contact("transfer_fail", FailReason="customer_refused"),
        contact("msg_audit_approved", WelcomeCode="c"),
        contact("something_new"),
        contact("add_external_contact", UserID=""),
        contact("add_external_contact", ExternalUserID=""),
        contact("add_external_contact", CreateTime="soon"),
        chat("update", ChatId=""),
        chat("something_new"),
        callback("change_contact", "update_user", UserID="lin"),
        callback("change_external_tag", "create", Id="t"),
        {},
    ],
)
def test_everything_else_is_ignored_with_a_reason(event: Fields) -> None:
    meaning = read(event, "ww1")
    assert isinstance(meaning, Ignored)
    assert meaning.reason


def test_a_deletion_by_transfer_is_no_loss_and_waits_for_the_taker() -> None:
    away = read(contact("del_external_contact", Source="DELETE_BY_TRANSFER"), "ww1")
    assert isinstance(away, TransferredAway)
    follows = [
        {"userid": "lin", "createtime": 9, "add_way": 202},
        {"userid": "su", "createtime": 7, "add_way": 202},
        {"userid": "he", "createtime": 8, "add_way": 1},
    ]
    customer = Customer.model_validate({"external_contact": {"external_userid": "wmA"}, "follow_user": follows})
    event = mapping.transferred(away, customer)
    assert (event.type, event.data, event.id) == ("contact.transferred", {"from": "lin", "to": "su"}, away.key)
    assert mapping.transferred(away, None).data == {"from": "lin", "to": None}


def test_a_repeated_delivery_has_the_same_key_and_another_fact_another() -> None:
    first = contact("add_external_contact", State="s", WelcomeCode="c")
    again = dict(reversed(first.items()))
    assert happened(first).id == happened(again).id
    others = [
        contact("add_half_external_contact", State="s", WelcomeCode="c"),
        contact("add_external_contact", State="s", WelcomeCode="d"),
        contact("add_external_contact", State="s", WelcomeCode="c", CreateTime=AT + 1),
        contact("add_external_contact", State="s", WelcomeCode="c", UserID="su"),
    ]
    assert len({happened(event).id for event in [first, *others]}) == 5


def test_both_encodings_of_a_list_of_members_read_alike() -> None:
    joined = read(members("add_member", "wmA,wmB", "v0", "v1"), "ww1")
    assert joined == read(members("add_member", ["wmA", "wmB"], "v0", "v1"), "ww1")


def test_a_dismissed_chat_is_told_apart() -> None:
    assert isinstance(read(chat("dismiss"), "ww1"), ChatDismissed)


@given(
    st.dictionaries(
        st.sampled_from(["Event", "ChangeType", "CreateTime", "UserID", "ChatId", "MemChangeCnt"]), st.text()
    )
)
def test_no_fields_break_the_mapping(fields: dict[str, str]) -> None:
    assert read(dict(fields), "ww1")


@given(st.sampled_from(["change_external_contact", "change_external_chat", "change_contact"]), st.data())
def test_lists_where_texts_belong_do_no_harm(event: str, data: st.DataObject) -> None:
    changes = ["add_external_contact", "update", "create", "update_user", "del_external_contact"]
    fields: Fields = {"Event": event, "ChangeType": data.draw(st.sampled_from(changes)), "CreateTime": "1"}
    for name in ("UserID", "ExternalUserID", "ChatId", "Department", "MemChangeList", "CurMemVer"):
        fields[name] = data.draw(st.text() | st.lists(st.text()))
    assert read(fields, "ww1")


def test_an_event_has_the_form_of_a_cloud_event() -> None:
    made = happened(contact("del_follow_user")).cloud_event()
    assert made["specversion"] == "1.0"
    assert made["time"] == "2014-06-24T11:48:33Z"
