"""What is found wrong in a ruleset, where, and that nothing hides anything else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.errors import RuleError
from rules.tables.compile import compile_ruleset, examine
from rules.tables.document import MAX_BYTES, MAX_ROWS
from rules.tables.relations import known_fields
from rules.tables.table import Table
from rules.types import Json
from tests.law import law
from tests.rules.ruleworld import declared
from tests.rules.tables.tableworld import FIELDS, problems_of, row, ruleset, table_of

GOOD = ruleset(row("a", "gold"), row("b", "black"), otherwise={"out": "no"})
BP: Json = [{"key": "bp", "type": "share"}, {"key": "who", "type": "text", "optional": True}]


def without(document: dict[str, Json], key: str) -> dict[str, Json]:
    return {name: part for name, part in document.items() if name != key}


def collecting(**more: Json) -> dict[str, Json]:
    return ruleset(row("a", None, then={"bp": 10_000}), hit="collect", outputs=BP, **more)


FOUND: list[tuple[Json, list[tuple[str, str]], str]] = [
    # document, (code, pointer) of each problem, what both messages of the first name
    ([], [("schema", "")], "JSON"),
    (without(GOOD, "rows"), [("schema", "")], "rows"),
    (GOOD | {"schema": "waystation/ruleset@2"}, [("schema", "/schema")], "waystation/ruleset@1"),
    (GOOD | {"hits": "unique"}, [("schema", "/hits")], "hit"),
    (GOOD | {"hit": "best"}, [("schema", "/hit")], "unique"),
    (GOOD | {"time_zone": "Asia/Atlantis"}, [("schema", "/time_zone")], "Asia/Atlantis"),
    (GOOD | {"key": "Price Zone"}, [("schema", "/key")], ""),
    (GOOD | {"outputs": [{"key": "out", "type": "tags"}]}, [("schema", "/outputs/0/type")], "share"),
    (GOOD | {"outputs": [{"key": "out", "type": "enum"}]}, [("schema", "/outputs/0")], "values"),
    (GOOD | {"outputs": [{"key": "out", "type": "text", "values": ["a"]}]}, [("schema", "/outputs/0/values")], "text"),
    (GOOD | {"outputs": [{"key": "out", "type": "text", "currency": "CNY"}]}, [("schema", "/outputs/0/currency")],
     "currency"),
    (ruleset(outputs=[{"key": "reason", "type": "text"}]), [("schema", "/outputs/0/key")], "reason"),
    (ruleset(outputs=[{"key": "a", "type": "text"}] * 2), [("schema", "/outputs/1/key")], "a"),
    (ruleset(row("a", "gold"), row("a", "black")), [("schema", "/rows/1/id")], "a"),
    (ruleset(row("a")), [("schema", "/rows/0/when")], "a"),
    (ruleset(row("a", None, None)), [("schema", "/rows/0/when")], "null"),
    (ruleset({"id": "a", "then": {"out": "x"}}), [("schema", "/rows/0")], "when"),
    (ruleset({"when": [None], "then": {"out": "x"}}), [("schema", "/rows/0")], "id"),
    (ruleset(row("a", None, extra=1)), [("schema", "/rows/0/extra")], "valid"),
    (ruleset("a"), [("schema", "/rows/0")], ""),
    (ruleset(row("a", None, valid={})), [("schema", "/rows/0/valid")], "from"),
    (ruleset(row("a", None, valid={"from": "soon"})), [("schema", "/rows/0/valid/from")], "soon"),
    (ruleset(row("a", None, valid={"to": "2026-11-01T10:00"})), [("schema", "/rows/0/valid/to")], "2026-11-01T10:00"),
    (ruleset(row("a", None, valid={"from": "0001-01-01"})), [("schema", "/rows/0/valid/from")], "0001-01-01"),
    (ruleset(row("a", None, **{"and": {"var": "member.orders"}})), [("type-mismatch", "/rows/0/and")], "member.orders"),
    (ruleset(row("a", None, **{"and": {"var": "member.x"}})), [("unknown-field", "/rows/0/and/var")], "member.x"),
    # what rows give
    (ruleset(row("a", None, then={})), [("schema", "/rows/0/then")], "out"),
    (ruleset(row("a", None, then={"out": None})), [("type-mismatch", "/rows/0/then/out")], "optional"),
    (ruleset(row("a", None, then={"out": 5})), [("type-mismatch", "/rows/0/then/out")], "out"),
    (ruleset(row("a", None, then={"out": ["x"]})), [("type-mismatch", "/rows/0/then/out")], "out"),
    (ruleset(row("a", None, then={"out": "x", "ouch": "y"})), [("schema", "/rows/0/then/ouch")], "ouch"),
    (ruleset(row("a", None, then={"out": {"var": "member.orders"}})), [("type-mismatch", "/rows/0/then/out")],
     "member.orders"),
    (collecting(rows=[row("a", None, then={"bp": 10_001})]), [("type-mismatch", "/rows/0/then/bp")], "10001"),
    (collecting(rows=[row("a", None, then={"bp": 0.5})]), [("type-mismatch", "/rows/0/then/bp")], "0.5"),
    (GOOD | {"otherwise": {"out": 5}}, [("type-mismatch", "/otherwise/out")], "out"),
    (GOOD | {"otherwise": [{"out": "x"}]}, [("schema", "/otherwise")], "otherwise"),
    (collecting(otherwise=[{"bp": "x"}]), [("type-mismatch", "/otherwise/0/bp")], "bp"),
    # hit policies
    (GOOD | {"aggregate": "sum"}, [("schema", "/aggregate")], "collect"),
    (GOOD | {"total": {"of": "out", "is": 1}}, [("schema", "/total")], "collect"),
    (collecting(total={"of": "bp"}), [("schema", "/total")], "max"),
    (collecting(total={"of": "bp", "is": 1, "max": 2}), [("schema", "/total")], "max"),
    (collecting(total={"of": "pb", "is": 1}), [("schema", "/total/of")], "bp"),
    (collecting(total={"of": "who", "is": 1}), [("type-mismatch", "/total/of")], "who"),
    (collecting(aggregate="sum"), [("type-mismatch", "/outputs/1/type")], "who"),
    (without(GOOD, "otherwise") | {"on_unknown": "otherwise"}, [("schema", "/on_unknown")], "otherwise"),
    # fields and conditions
    (ruleset(row("a", None), inputs=("member.teir",)), [("unknown-field", "/inputs/0/field")], "member.tier"),
    (GOOD | {"fields": {"member.tier": {"type": "integer"}}}, [("type-mismatch", "/fields/member.tier")],
     "member.tier"),
    (GOOD | {"fields": {"event.x": {"type": "enum"}}}, [("schema", "/fields/event.x")], "values"),
    (GOOD | {"conditions": {"vip": {"var": "member.orders"}}}, [("type-mismatch", "/conditions/vip")],
     "member.orders"),
    (ruleset(row("a", {"condition": "vip"}), row("b", {"condition": "vip"}), conditions={"vip": {"var": "member.x"}}),
     [("unknown-field", "/conditions/vip/var")], "member.x"),
    (GOOD | {"conditions": {"vip": {"condition": "vip"}}}, [("schema", "/conditions/vip")], "vip → vip"),
    (ruleset(row("a", {"condition": "vip"})), [("unknown-condition", "/rows/0/when/0")], "vip"),
    # promises
    (GOOD | {"agree": [{"id": "p", "vary": "member.x", "among": [1, 2], "same": ["out"]}]},
     [("unknown-field", "/agree/0/vary")], "member.x"),
    (GOOD | {"agree": [{"id": "p", "vary": "member.tier", "among": ["gold", "bronze"], "same": ["out"]}]},
     [("type-mismatch", "/agree/0/among/1")], "bronze"),
    (GOOD | {"agree": [{"id": "p", "vary": "member.tier", "among": ["gold", "black"], "same": ["in"]}]},
     [("schema", "/agree/0/same/0")], "out"),
    (GOOD | {"agree": [{"id": "p", "vary": "member.tier", "among": ["gold"], "same": ["out"]}]},
     [("schema", "/agree/0/among")], "2"),
    (GOOD | {"agree": [{"id": "p", "vary": "member.tier", "among": ["gold", "black"], "same": ["out"], "when": 5}]},
     [("type-mismatch", "/agree/0/when")], "5"),
    # tests
    (GOOD | {"tests": [{"name": "t", "then": {"oot": "a"}}]}, [("schema", "/tests/0/then/oot")], "row"),
    (GOOD | {"tests": [{"name": "t", "given": {"now": "10:00"}}]}, [("schema", "/tests/0/given/now")], "now"),
    (GOOD | {"tests": [{"name": "t", "given": {"time_zone": "Mars"}}]}, [("schema", "/tests/0/given/time_zone")],
     "time_zone"),
    (GOOD | {"tests": [{"name": "t", "given": {"member": "gold"}}]}, [("schema", "/tests/0/given/member")], "member"),
    (GOOD | {"tests": [{"name": ""}]}, [("schema", "/tests/0/name")], ""),
]  # fmt: skip


@pytest.mark.parametrize(("document", "expected", "named"), FOUND)
def test_what_is_wrong_is_told_where_it_stands(document: Json, expected: list[tuple[str, str]], named: str) -> None:
    found = problems_of(document)
    assert [(each.code, each.pointer) for each in found] == expected
    for language in ("zh", "en"):
        assert named in found[0].message[language]
    with pytest.raises(RuleError):
        compile_ruleset(document, FIELDS)


def test_nothing_hides_anything_else() -> None:
    document = ruleset(
        row("a", "bronze", then={"out": 5}),
        "no row",
        row("a", None, None, valid={"from": "x"}, extra=1),
        hit="worst",
        conditions={"c": {"condition": "c"}},
    )
    assert {each.pointer for each in problems_of(document)} == {
        "/rows/0/when/0", "/rows/0/then/out", "/rows/1", "/rows/2/id", "/rows/2/when", "/rows/2/valid/from",
        "/rows/2/extra", "/hit", "/conditions/c",
    }  # fmt: skip


def test_a_list_with_a_value_of_another_type_is_told_beside_ranges_and_values_that_fit() -> None:
    several = ruleset(row("a", [3, "many"]), row("b", {"from": 3, "to": 9}), inputs=("member.orders",))
    assert [problem.pointer for problem in problems_of(several)] == ["/rows/0/when/0/1"]


def test_a_good_document_has_no_problems() -> None:
    assert problems_of(GOOD) == []
    assert problems_of(ruleset(inputs=(), outputs=[])) == []


def test_the_fields_that_a_table_reads_are_known() -> None:
    document = ruleset(
        row("a", {"condition": "vip"}, then={"out": {"var": "member.name"}}),
        conditions={"vip": {">": [{"var": "member.orders"}, 2]}, "unused": {"var": "member.friend"}},
    )
    assert table_of(document).fields == {"member.tier", "member.orders", "member.name"}


def test_a_document_may_declare_what_the_catalogue_lacks_and_narrow_what_it_has() -> None:
    own: Json = {
        "event.weight": {"type": "integer", "min": 0},
        "member.name": {"type": "enum", "values": ["a", "b"]},
    }
    document = ruleset(row("a", 5, "a"), inputs=("event.weight", "member.name"), fields=own)
    assert problems_of(document) == []
    known = table_of(document).known["member.name"]
    assert (known.values, known.optional, known.personal) == (["a", "b"], True, True)
    refused = ruleset(row("a", "c"), inputs=("member.name",), fields=own)
    assert [each.code for each in problems_of(refused)] == ["type-mismatch"]


def test_what_is_personal_in_the_items_of_a_list_stays_so_however_it_is_declared() -> None:
    catalogue = declared(event__people={"type": "list", "of": {"name": {"type": "text", "personal": True}}})
    own = declared(event__people={"type": "list", "of": {"name": {"type": "text"}}})
    found = known_fields(own, catalogue, [])
    assert found["event.people"].tells_personal


# Bounds


def test_ten_thousand_rows_are_a_table_and_one_more_is_none() -> None:
    rows = [row(f"r{i}", {"from": i, "to": i + 1}) for i in range(MAX_ROWS)]
    assert problems_of(ruleset(*rows, inputs=("member.orders",))) == []
    [found] = problems_of(ruleset(*rows, row("more", None), inputs=("member.orders",)))
    assert (found.code, found.pointer) == ("schema", "/rows")
    assert "10000" in found.message["en"]


def test_a_document_beyond_its_size_is_refused() -> None:
    noted = [row(f"r{i}", None, note="x" * 9_000) for i in range(MAX_BYTES // 9_000 + 1)]
    assert ("schema", "") in {(each.code, each.pointer) for each in problems_of(ruleset(*noted))}
    assert problems_of(ruleset(*noted[:400])) == []


def test_a_condition_keeps_the_bounds_of_a_rule() -> None:
    long: Json = {"in": [{"var": "member.name"}, ["x" * 90] * 800]}
    [found] = problems_of(ruleset(row("a", None, **{"and": long})))
    assert (found.code, found.pointer) == ("schema", "/rows/0/and")
    deep: Json = {"var": "member.friend"}
    for _ in range(40):
        deep = {"!": deep}
    assert {each.code for each in problems_of(ruleset(row("a", None, **{"and": deep})))} == {"schema"}


# Anything at all

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
junk = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["rows", "when", "then", "id", "inputs", "outputs", "field", "not", "from", "var", "==", "x"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


@law(100)
@given(junk, st.sampled_from(["rows", "inputs", "outputs", "otherwise", "conditions", "agree", "tests", "fields", ""]))
def test_no_document_makes_the_check_fall(value: Any, key: str) -> None:
    table, problems = examine({**GOOD, key: value} if key else value, FIELDS)
    assert isinstance(table, Table) or problems
    for each in problems:
        assert each.message.keys() == {"zh", "en"}
