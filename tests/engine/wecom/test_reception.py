"""Who receives a customer."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from engine.wecom.reception import Codes, Desk, Hours, Receiver, Reception, choose, receive

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)
LIN, SU, HQ = Receiver("lin"), Receiver("su"), Receiver("hq")
DAY = Hours.model_validate({"from": "09:00", "to": "21:30"})
NIGHT = Hours.model_validate({"from": "22:00", "to": "06:00", "days": [1]})


def local(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("hours", "at", "is_open"),
    [
        (DAY, local(23, 9), True),
        (DAY, local(23, 8, 59), False),
        (DAY, local(23, 21, 29), True),
        (DAY, local(23, 21, 30), False),
        (Hours.model_validate({"from": "09:00", "to": "24:00"}), local(23, 23, 59), True),
        (NIGHT, local(23, 22), True),
        (NIGHT, local(23, 5), False),
        (NIGHT, local(24, 5, 59), True),
        (NIGHT, local(24, 6), False),
        (NIGHT, local(24, 23), False),
        (Hours.model_validate({"from": "00:00", "to": "00:00"}), local(23, 13), True),
        (Hours.model_validate({"from": "09:00", "to": "18:00", "days": [6, 7]}), local(23, 12), False),
        (Hours.model_validate({"from": "09:00", "to": "18:00", "days": [6, 7]}), local(22, 12), True),
    ],
)
def test_hours_hold_on_their_days_and_into_the_next_morning(hours: Hours, at: datetime, is_open: bool) -> None:
    assert hours.open_at(at) is is_open


@pytest.mark.parametrize(
    "hours",
    [
        {},
        {"from": "9", "to": "x"},
        {"from": 9, "to": 10},
        {"from": "09:00", "to": "24:01"},
        {"from": "09:00Z", "to": "10:00"},
        {"from": "09:00", "to": "10:00", "days": [8]},
    ],
)
def test_hours_that_make_no_sense_are_refused(hours: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Hours.model_validate(hours)


@pytest.mark.parametrize(
    ("desk", "reception"),
    [
        (Desk([LIN]), Reception("lin")),
        (Desk([LIN], [HQ], DAY), Reception("lin")),
        (Desk([LIN], [HQ], NIGHT), Reception("hq", by_backup=True)),
        (Desk([LIN], hours=NIGHT), Reception(None, "closed")),
        (Desk([Receiver("lin", active=False)], [HQ]), Reception("hq", by_backup=True)),
        (Desk([Receiver("lin", friends=20_000)], [HQ]), Reception("hq", by_backup=True)),
        (Desk([Receiver("lin", friends=20_000)]), Reception(None, "full")),
        (Desk([Receiver("lin", active=False)]), Reception(None, "nobody")),
        (Desk([]), Reception(None, "nobody")),
        (Desk([LIN], expires_at=NOON), Reception(None, "expired")),
        (Desk([LIN], expires_at=NOON + timedelta(seconds=1)), Reception("lin")),
    ],
)
def test_hours_room_and_backups_decide(desk: Desk, reception: Reception) -> None:
    assert choose(desk, NOON, SHANGHAI, "visitor") == reception


def test_a_visitor_meets_the_same_face_and_all_faces_meet_visitors() -> None:
    desk = Desk([LIN, SU, HQ])
    met = {f"v{n}": choose(desk, NOON, SHANGHAI, f"v{n}").userid for n in range(600)}
    assert all(count > 150 for count in Counter(met.values()).values())
    fewer = Desk([LIN, SU])
    for visitor, userid in met.items():
        if userid != "hq":
            assert choose(fewer, NOON, SHANGHAI, visitor).userid == userid


receivers = st.lists(
    st.builds(
        Receiver, st.sampled_from("abcdef"), active=st.booleans(), friends=st.integers(0, 3), capacity=st.just(2)
    ),
    max_size=5,
)


@given(receivers, receivers, st.text())
def test_whoever_receives_is_active_and_has_room(some: list[Receiver], others: list[Receiver], visitor: str) -> None:
    reception = choose(Desk(some, others), NOON, SHANGHAI, visitor)
    ready = {one.userid for one in (*some, *others) if one.active and one.has_room}
    assert (reception.userid in ready) if ready else (reception.userid is None and reception.cause is not None)


@pytest.mark.parametrize(
    ("desk", "codes", "reception", "wanted"),
    [
        (Desk([LIN]), Codes(ready={"lin"}), Reception("lin"), None),
        (Desk([LIN]), Codes(), Reception("lin"), "lin"),
        (Desk([LIN], [HQ]), Codes(ready={"hq"}), Reception("hq", by_backup=True), "lin"),
        (Desk([LIN], [HQ], NIGHT), Codes(ready={"lin"}), Reception("hq", by_backup=True), "hq"),
        (Desk([LIN, SU]), Codes(ready={"su"}, refused={"lin"}), Reception("su"), None),
        (Desk([LIN, SU]), Codes(refused={"lin"}), Reception("su"), "su"),
        (Desk([LIN]), Codes(refused={"lin"}), Reception("lin"), None),
        (Desk([LIN], hours=NIGHT), Codes(ready={"lin"}), Reception(None, "closed"), None),
    ],
)
def test_whoever_should_receive_is_shown_as_far_as_there_are_codes(
    desk: Desk, codes: Codes, reception: Reception, wanted: str | None
) -> None:
    assert receive(desk, codes, NOON, SHANGHAI, "visitor") == (reception, wanted)
