"""The lists of a zone's changes say what the zone itself says, at every instant and for every time of day."""

from __future__ import annotations

from bisect import bisect_right
from datetime import timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from rules.zones import FROM, UNTIL, changes_of

ZONES = ["Asia/Shanghai", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "America/Noronha",
         "Africa/Freetown", "Asia/Kathmandu", "UTC"]  # fmt: skip
zones = st.sampled_from(ZONES).map(ZoneInfo)
instants = st.integers(0, int((UNTIL - FROM).total_seconds()) - 1).map(lambda after: FROM + timedelta(seconds=after))
seconds = st.integers(-7_300, 7_300).map(lambda n: timedelta(seconds=n))


@given(zones, seconds, st.data())
def test_instants_and_times_of_day_have_the_offset_that_python_knows(
    zone: ZoneInfo, beside: timedelta, data: st.DataObject
) -> None:
    changes = changes_of(zone)
    near = [change + beside for change in changes.instants if FROM <= change + beside < UNTIL]
    instant = data.draw(st.sampled_from(near)) if near and data.draw(st.booleans()) else data.draw(instants)
    assert changes.offsets[bisect_right(changes.instants, instant)] == instant.astimezone(zone).utcoffset()
    wall = instant.replace(tzinfo=None)
    if FROM + timedelta(days=2) < instant < UNTIL - timedelta(days=2):
        assert changes.offsets[bisect_right(changes.walls, wall)] == wall.replace(tzinfo=zone).utcoffset()


def test_changes_are_in_order_and_between_different_offsets() -> None:
    for zone in map(ZoneInfo, ZONES):
        changes = changes_of(zone)
        assert sorted(set(changes.instants)) == [*changes.instants]
        assert sorted(changes.walls) == [*changes.walls]
        assert all(one != two for one, two in zip(changes.offsets, changes.offsets[1:], strict=False))
