"""The picture of a journey: complete, within its frame, the same every time."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ui.sample import JOURNEY
from ui.journeys.canvas import ENTRY, Box, Drawing, Way, draw
from ui.journeys.outline import outline, stage_titles

ids = st.integers(0, 11).map(lambda n: f"n{n}")


def overlap(drawing: Drawing) -> bool:
    boxes = drawing.boxes
    return any(
        a.x < b.x + b.width and b.x < a.x + a.width and a.y < b.y + b.height and b.y < a.y + a.height
        for index, a in enumerate(boxes)
        for b in boxes[index + 1 :]
    )


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(ids, ids), max_size=24), st.integers(1, 12))
def test_any_graph_is_drawn_within_its_frame_without_overlaps(pairs: list[tuple[str, str]], count: int) -> None:
    boxes = [Box(f"n{n}", "wait", f"节点 {n}", "等待", "s" if n % 3 == 0 else None) for n in range(count)]
    ways = [Way(source, f"p{index}", target, "完成") for index, (source, target) in enumerate(pairs)]
    drawing = draw(boxes, ways)
    assert drawing == draw(boxes, ways)
    assert [drawn.box for drawn in drawing.boxes] == boxes
    known = {box.id for box in boxes}
    assert [drawn.way for drawn in drawing.ways] == [way for way in ways if {way.source, way.target} <= known]
    assert not overlap(drawing)
    numbers = [float(n) for drawn in drawing.ways for n in re.findall(r"-?\d+\.\d+", drawn.path)]
    assert all(-1 <= n <= max(drawing.width, drawing.height) + 1 for n in numbers)


def test_the_outline_names_what_has_no_title() -> None:
    read = outline(JOURNEY, {}, "zh")
    names = {step.id: step.name for step in read.steps}
    assert names["wait_add"] == "等待 添加好友"
    assert names["invite"] == "延时 1 分"
    assert names["not_added"] == "未加好友"
    assert names["how"] == "扫码"
    assert {step.id for step in read.steps} == JOURNEY["nodes"].keys()
    assert read.name_of("gone") == "gone"


def test_the_outline_reads_from_start_to_end() -> None:
    steps = [step.id for step in outline(JOURNEY, {}, "en").steps]
    assert steps[0] == "how"
    assert steps.index("wait_add") < steps.index("welcome") < steps.index("wait_join") < steps.index("coupon")


def test_ports_with_one_target_share_an_edge() -> None:
    drawing = outline(JOURNEY, {}, "en").drawing
    assert [d.way.word for d in drawing.ways if d.way.source == "welcome"] == ["Done / Expired / Error"]
    assert sorted(d.way.target for d in drawing.ways if d.way.source == ENTRY) == ["how", "welcome"]


def test_stages_come_in_funnel_order_with_the_goal_last() -> None:
    assert list(stage_titles(JOURNEY, "zh").items()) == [
        ("scanned", "扫码"),
        ("added", "加好友"),
        ("joined", "入群"),
        ("coupon", "领券"),
        ("redeemed", "核销"),
    ]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(), max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["type", "ports", "for", "on", "title"]), inner, max_size=3)
    ),
    max_leaves=8,
)
drafts = st.dictionaries(
    st.sampled_from(["title", "nodes", "start", "entry", "goal"]),
    json_values | st.dictionaries(ids, json_values, max_size=3),
    max_size=5,
)


@settings(max_examples=150, deadline=None)
@given(drafts)
def test_a_half_written_draft_is_drawn_as_far_as_it_goes(draft: dict[str, object]) -> None:
    nodes = draft.get("nodes")
    read = outline(draft, {}, "zh")
    wanted = {key for key, node in nodes.items() if isinstance(node, dict)} if isinstance(nodes, dict) else set()
    assert {step.id for step in read.steps} == wanted


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(ids, ids, st.text(st.characters(codec="utf-8"), max_size=30)), max_size=16))
def test_words_beside_edges_stay_in_the_frame(edges: list[tuple[str, str, str]]) -> None:
    boxes = [Box(f"n{n}", "wait", "x", "y") for n in range(12)]
    drawing = draw(boxes, [Way(source, "p", target, word) for source, target, word in edges])
    assert all(0 < drawn.word_x < drawing.width and 0 < drawn.word_y < drawing.height for drawn in drawing.ways)


def test_the_way_out_of_a_wait_whose_time_ran_out_tells_how_long_that_is() -> None:
    words = {(way.way.source, way.way.port): way.way.word for way in outline(JOURNEY, {}, "zh").drawing.ways}
    assert words["wait_add", "timeout"] == "30 分内未发生"
