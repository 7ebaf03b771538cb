"""What was personal once may stand sealed: closures open it, SQL does not say that there is nothing."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from engine.audiences.counting import Counting
from engine.fields.catalogue import known_fields
from rules.compile import compile_rule
from rules.types import Json
from tests.engine.chain import NOW, Chain, event
from tests.engine.fields.deriving import publish


def counted(chain: Chain, condition: Json) -> int:
    with chain.database.begin() as session:
        fields = known_fields(session)
        counting = Counting(session, chain.keys, fields, NOW, ZoneInfo("Asia/Shanghai"))
        return counting.members(compile_rule(condition, fields)).number


def test_a_value_that_was_sealed_is_found_when_its_field_is_personal_no_longer(chain: Chain) -> None:
    publish(chain, member_badge={"type": "text", "personal": True})
    chain.tell(event("member.updated", 1, "openid:A", badge="x"), event("member.updated", 2, "openid:B", badge="y"))
    publish(chain, member_badge={"type": "text"})
    chain.tell(event("member.updated", 3, "openid:C", badge="x"))
    assert counted(chain, {"==": [{"var": "member.badge"}, "x"]}) == 2
    assert counted(chain, {"is_set": "member.badge"}) == 3
