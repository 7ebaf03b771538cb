"""Rows of a ruleset as files of a spreadsheet: nothing is lost, nothing is computed, and nothing odd gets in."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable
from datetime import datetime, time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from engine.definitions.context import event_fields
from engine.journeys.context import CheckContext
from engine.members.fields import base_fields
from engine.rulesets.sheet_scan import Counting
from engine.rulesets.tables import Form, export_table, import_table
from rules.tables.document import MAX_ROWS
from rules.tables.sheet import SheetError
from rules.tables.sheet_reading import TableError
from rules.types import Json
from tests.engine.rulesets.zones import zones

CONTEXT = CheckContext({}, base_fields(), event_fields())
FORMS: tuple[Form, ...] = ("xlsx", "csv")
both = pytest.mark.parametrize("form", FORMS)

DOCUMENT = zones(
    inputs=[
        {"field": "member.tier", "title": {"zh": "会员等级", "en": "Tier"}},
        {"field": "event.amount"},
        {"field": "member.birthday"},
        {"field": "member.friend"},
        {"field": "event.weight"},
    ],
    outputs=[
        {"key": "zone", "type": "ref:price_zone", "title": "价格区"},
        {"key": "share", "type": "share"},
        {"key": "why", "type": "text", "optional": True},
    ],
    rows=[
        {
            "id": "r1", "when": [["gold", "black"], {"from": 500000}, None, True, None],
            "then": {"zone": "SPECIAL", "share": 10000},
            "and": {"within_last": [{"var": "member.friend_since"}, "P90D"]},
            "valid": {"from": "2026-11-01", "to": "2026-11-13"}, "note": "双十一",
        },
        {
            "id": "r2", "when": [["gold"], [1, {"from": 5, "to": 9}], {"from": "2000-01-01"}, None, 7],
            "then": {"why": None},
        },
        {
            "id": "-r3",
            "when": [{"not": ["=cmd|'/c calc'!A0", "a, b"]}, {"to": -5, "to_included": True}, None, False, "7"],
            "then": {"zone": "=1+2", "share": {"var": "event.amount"}, "why": "'quoted"},
            "note": {"zh": "甲\n乙", "en": "=A1"},
        },
        {
            "id": "@4", "when": [{"==": [{"var": ""}, "x"]}, None, None, None, "+1"], "and": True,
            "note": "+1-800 @home", "valid": {"to": "2026-12-01T00:00:00+08:00"}, "then": {"zone": "\tx", "why": "-"},
        },
    ],
)  # fmt: skip
"""All forms of cells, and texts that a spreadsheet would take for formulas."""


def round_trip(document: dict[str, Json], form: Form) -> dict[str, Json]:
    return import_table(document, export_table(document, form, CONTEXT), form, CONTEXT)


def exactly(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def sheet_of(document: dict[str, Json] = DOCUMENT) -> Any:
    return load_workbook(io.BytesIO(export_table(document, "xlsx", CONTEXT)))


def saved(book: Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def faults(body: bytes, form: Form, document: dict[str, Json] = DOCUMENT) -> list[tuple[int, str | None]]:
    """Row and column of each fault."""
    with pytest.raises(TableError) as raised:
        import_table(document, body, form, CONTEXT)
    assert all(fault.told["zh"].startswith(f"第 {fault.row} 行") for fault in raised.value.faults)
    return [(fault.row, fault.letter) for fault in raised.value.faults]


@both
@pytest.mark.parametrize(
    "document", [DOCUMENT, zones(), zones(rows=[]), zones(inputs=[], rows=[{"id": "a", "when": []}])]
)
def test_what_is_exported_and_imported_is_the_same_document(document: dict[str, Json], form: Form) -> None:
    assert exactly(round_trip(document, form)) == exactly(document)


@both
def test_it_is_the_same_in_another_draft_too_but_for_parts_that_say_nothing(form: Form) -> None:
    rows = [{**DOCUMENT["rows"][0], "note": None}, {**DOCUMENT["rows"][1], "valid": {}, "and": None}]
    exported = export_table({**DOCUMENT, "rows": rows}, form, CONTEXT)
    imported = import_table({**DOCUMENT, "rows": []}, exported, form, CONTEXT)["rows"]
    first = {key: part for key, part in DOCUMENT["rows"][0].items() if key != "note"}
    assert imported == [first, DOCUMENT["rows"][1]]
    assert import_table({**DOCUMENT, "rows": rows}, exported, form, CONTEXT)["rows"] == rows


texts = st.text(max_size=8) | st.sampled_from(
    ["=A1", "+1", "-1", "@x", "\tx", "\rx", "'x", "a\r\nb", "_x000D_", "＝1", "5", "", "null"]
)
values = (
    st.none()
    | st.booleans()
    | st.integers(-(10**17), 10**17)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
)
cells = st.recursive(
    values,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["from", "to", "not", "var"]), inner, max_size=2)
    ),
    max_leaves=5,
)
rows = st.fixed_dictionaries(
    {
        "when": st.lists(cells, min_size=5, max_size=5),
        "then": st.dictionaries(st.sampled_from(["zone", "share", "why"]), cells),
    },
    optional={"and": cells, "note": texts, "valid": st.fixed_dictionaries({}, optional={"from": texts, "to": texts})},
)


@given(st.lists(rows, max_size=4), st.sampled_from(FORMS))
def test_any_rows_come_back_as_they_were(given: list[dict[str, Any]], form: Form) -> None:
    document = {**DOCUMENT, "rows": [{"id": f"r{i}", **row} for i, row in enumerate(given)]}
    try:
        exported = export_table(document, form, CONTEXT)
    except SheetError:
        pytest.fail("there is nothing that cannot be told in it")
    assert exactly(import_table(document, exported, form, CONTEXT)) == exactly(document)
    fresh = import_table({**document, "rows": []}, exported, form, CONTEXT)["rows"]
    for was, row in zip(document["rows"], fresh, strict=True):  # type: ignore[arg-type]  # rows are a list
        assert json.dumps(row["when"], sort_keys=True) == json.dumps(was["when"], sort_keys=True)
        assert row["then"] == was["then"]


def test_columns_are_headed_by_their_names_types_and_titles() -> None:
    line = next(csv.reader(io.StringIO(export_table(DOCUMENT, "csv", CONTEXT).decode("utf-8-sig"))))
    assert line == [
        "id", "when:member.tier [text] 会员等级 / Tier", "when:event.amount [integer]", "when:member.birthday [date]",
        "when:member.friend [boolean]", "when:event.weight [?]", "and", "valid:from", "valid:to",
        "then:zone [ref:price_zone] 价格区", "then:share [share]", "then:why [text]", "note",
    ]  # fmt: skip


def test_no_cell_is_a_formula_and_none_becomes_one() -> None:
    book = sheet_of()
    assert {cell.data_type for line in book.worksheets[0].iter_rows() for cell in line} <= {"s", "n"}
    dangerous = [c for line in book.worksheets[0].iter_rows() for c in line if str(c.value).startswith(("=", "+", "@"))]
    assert len(dangerous) > 3
    assert all(cell.data_type == "s" and cell.quotePrefix for cell in dangerous)
    body = export_table(DOCUMENT, "csv", CONTEXT)
    assert body.startswith(b"\xef\xbb\xbf")
    for line in csv.reader(io.StringIO(body.decode("utf-8-sig"), newline="")):
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in line)


def test_a_column_keeps_its_manner_when_its_type_is_known_later() -> None:
    exported = export_table(DOCUMENT, "csv", CONTEXT)
    later = {**DOCUMENT, "fields": {"event.weight": {"type": "integer"}}, "rows": []}
    weights = [row["when"][4] for row in import_table(later, exported, "csv", CONTEXT)["rows"]]  # type: ignore[call-overload, index, union-attr]  # rows are objects
    assert weights == [None, 7, "7", "+1"]


def edited(change: Callable[[Any], None]) -> bytes:
    book = sheet_of()
    change(book.worksheets[0])
    return saved(book)


def put(place: str, value: object) -> Callable[[Any], None]:
    def change(sheet: Any) -> None:
        sheet[place] = value

    return change


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (put("B2", "=A1"), (2, "B")),
        (put("B3", "#N/A"), (3, "B")),
        (put("C2", "five"), (2, "C")),
        (put("C2", 5.5), (2, "C")),
        (put("B2", datetime(2026, 11, 1)), (2, "B")),  # noqa: DTZ001 - spreadsheets know no zone
        (put("D2", datetime(2026, 11, 1, 10, 30)), (2, "D")),  # noqa: DTZ001
        (put("B2", time(10, 30)), (2, "B")),
        (put("B2", True), (2, "B")),
        (put("G2", "{"), (2, "G")),
        (put("A2", None), (2, "A")),
        (put("A3", "r1"), (3, "A")),
        (put("N1", "colour"), (1, "N")),
        (put("N3", "red"), (3, "N")),
        (put("A1", "identity"), (1, "A")),
        (put("M1", "id"), (1, "M")),
        (put("B1", "when:member.tier [colour]"), (1, "B")),
        (lambda sheet: sheet.delete_cols(2), (1, None)),
        (lambda sheet: sheet.merge_cells("A2:A3"), (2, "A")),
        (lambda sheet: sheet.merge_cells("C4:D4"), (4, "C")),
        (lambda sheet: sheet.parent.create_sheet("more"), (1, None)),
        (put(f"A{MAX_ROWS + 2}", "r9"), (MAX_ROWS + 2, None)),
        (put("ZZ2", "far"), (2, "ZZ")),
    ],
)
def test_what_a_workbook_must_not_hold_is_named_by_row_and_column(
    change: Callable[[Any], None], place: tuple[int, str | None]
) -> None:
    assert place in faults(edited(change), "xlsx")


def test_what_people_type_is_read() -> None:
    def change(sheet: Any) -> None:
        sheet["A6"], sheet["B6"], sheet["C6"] = "new", 1001, "5000..9000"
        sheet["D6"], sheet["E6"] = datetime(2000, 1, 2), True  # noqa: DTZ001 - spreadsheets know no zone
        sheet["J6"], sheet["K6"] = "FULL", 2500.0
        sheet["A9"] = "  "

    found = import_table(DOCUMENT, edited(change), "xlsx", CONTEXT)["rows"][-1]  # type: ignore[index]  # rows are a list
    assert found == {
        "id": "new", "when": ["1001", {"from": 5000, "to": 9000}, "2000-01-02", True, None],
        "then": {"zone": "FULL", "share": 2500},
    }  # fmt: skip


def csv_of(*lines: str, encoding: str = "utf-8") -> bytes:
    return "\r\n".join(["id,when:a [text],and,valid:from,valid:to,then:b,note", *lines]).encode(encoding)


SMALL: dict[str, Json] = {"inputs": [{"field": "a"}], "outputs": [{"key": "b", "type": "text"}], "rows": []}


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (csv_of("r1,甲,,,,x,", "r2,乙,,,,y,", encoding="gb18030"), (2, "B")),
        (csv_of("r1,x,,,,,").decode().encode("utf-16"), (1, "A")),
        (csv_of("r1,=A1,,,,x,"), (2, "B")),
        (csv_of("r1,a,,,,@SUM(A1),"), (2, "F")),
        (csv_of("r1,a,,,,-x,"), (2, "F")),
        (csv_of("r1,a,,,,x,,more"), (2, "H")),
        (csv_of('r1,"a"b,,,,x,'), (2, None)),
        (csv_of('r1,"a'), (2, None)),
        (b"", (1, None)),
        (b"id;when:a;then:b\r\n", (1, "A")),
    ],
)
def test_what_a_text_file_must_not_hold_is_named_by_row_and_column(body: bytes, place: tuple[int, str | None]) -> None:
    assert place in faults(body, "csv", SMALL)


def test_a_text_file_needs_no_mark_and_may_be_written_by_hand() -> None:
    body = csv_of("r1,a,,,,x,", "", "'=r2,'-b,,,,'=x,'=note")
    assert import_table(SMALL, body, "csv", CONTEXT)["rows"] == [
        {"id": "r1", "when": ["a"], "then": {"b": "x"}},
        {"id": "=r2", "when": ["-b"], "note": "=note", "then": {"b": "=x"}},
    ]


def with_part(name: str, content: bytes, *, instead: bool = False) -> bytes:
    """A workbook with one more part, or with another one in its place."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(export_table(DOCUMENT, "xlsx", CONTEXT))) as was,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for part in was.infolist():
            if not (instead and part.filename == name):
                archive.writestr(part, was.read(part))
        archive.writestr(name, content)
    return out.getvalue()


LAUGHS = b"""<!DOCTYPE s [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>
<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData/></worksheet>"""
FAR = b"""<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><dimension ref="A1:XFD1048576"/>
<sheetData><row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData></worksheet>"""


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not a zip",
        b"PK\x03\x04 broken",
        with_part("xl/media/zeros.bin", b"\0" * 80_000_000),
        with_part("xl/worksheets/sheet1.xml", LAUGHS, instead=True),
        with_part("xl/worksheets/sheet1.xml", FAR, instead=True),
        with_part("xl/worksheets/sheet1.xml", b"<worksheet", instead=True),
        with_part("xl/styles.xml", LAUGHS, instead=True),
        with_part("xl/worksheets/sheet2.xml", b"<worksheet/>"),
    ],
    ids=["empty", "no-zip", "broken", "bomb", "entities", "far-out", "no-xml", "entities-elsewhere", "hidden-sheet"],
)
def test_files_that_are_no_tables_or_would_be_a_burden_are_refused(body: bytes) -> None:
    with pytest.raises(TableError):
        import_table(DOCUMENT, body, "xlsx", CONTEXT)


def test_a_flood_of_elements_is_refused_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Counting, "MOST", 200)
    assert faults(export_table(DOCUMENT, "xlsx", CONTEXT), "xlsx") == [(1, None)]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"inputs": None}, "/inputs"),
        ({"inputs": [{"title": "x"}]}, "/inputs"),
        ({"outputs": [{"key": "a b"}]}, "/outputs"),
        ({"outputs": [{"key": "a"}, {"key": "a"}]}, "/outputs"),
        ({"rows": {}}, "/rows"),
        ({"rows": [5]}, "/rows/0"),
        ({"rows": [{"when": [None] * 5}]}, "/rows/0"),
        ({"rows": [{"id": "a", "when": [None]}]}, "/rows/0/when"),
        ({"rows": [{"id": "a", "when": [None] * 5, "colour": 1}]}, "/rows/0"),
        ({"rows": [{"id": "a", "when": [None] * 5, "then": {"colour": 1}}]}, "/rows/0/then"),
        ({"rows": [{"id": "a", "when": [None] * 5, "valid": {"since": 1}}]}, "/rows/0/valid"),
        ({"rows": [{"id": "a", "when": [float("inf"), *[None] * 4]}]}, "/rows/0"),
    ],
)
def test_a_draft_that_cannot_be_told_without_loss_is_not_told(change: dict[str, Json], pointer: str) -> None:
    with pytest.raises(SheetError) as raised:
        export_table({**DOCUMENT, **change}, "csv", CONTEXT)
    assert [problem.pointer for problem in raised.value.problems] == [pointer]


def test_a_cell_that_no_spreadsheet_can_hold_goes_into_a_text_file() -> None:
    rows = [{"id": "long", "when": [None] * 5, "note": "x" * 40_000}]
    with pytest.raises(TableError):
        export_table({**DOCUMENT, "rows": rows}, "xlsx", CONTEXT)
    assert round_trip({**DOCUMENT, "rows": rows}, "csv")["rows"] == rows
