"""The pages of a small chain: what they say, in both languages, and to whom."""

from __future__ import annotations

import re

import httpx
import pytest
from sqlalchemy import select, update
from sqlmodel import col

from engine.access.models import AuditEntry
from engine.access.roles import Place
from engine.access.store import add_user
from engine.clock import FixedClock
from engine.database.connection import Database
from engine.runs.models import Effect, Pause, Run, RunCommand
from tests.ui.sample import PASSWORD, Sample
from tests.ui.visitor import Visitor
from ui.messages import messages


def text_of(answer: httpx.Response) -> str:
    """What a page says, without its markup and what authors write."""
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    authors = re.sub(r"(<textarea[^>]*>).*?</textarea>", r"\1", answer.text, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", authors))


def paths(chain: Sample) -> list[str]:
    runs = [f"/runs/{run}" for run in chain.runs.values()]
    journey = [f"/journeys/{key}{part}" for key in ("hook-coupon", "win-back") for part in PARTS]
    member = chain.members[0]
    return [
        "/",
        "/overview/live",
        "/journeys",
        "/journeys/new?from=hook-coupon",
        *journey,
        *runs,
        f"{runs[0]}/progress",
        "/rules",
        "/rules/new",
        *(f"/rules/{path}" for path in RULES),
        "/members",
        f"/members/{member}",
        f"/members/{chain.members[1]}",
        "/alerts",
        "/alerts?state=acknowledged&kind=",
        "/alerts?kind=job-failed",
        "/parked",
        "/journeys/hook-coupon/start",
        "/journeys/hook-coupon/runs?overdue=true",
        "/parked?after=99",
        "/jobs",
        "/jobs?before=9",
        "/import",
        "/library",
        "/library/journey/hook-coupon",
        "/library/ruleset/price-zone",
        "/library/fields/shopping",
        "/glossary",
        *(f"/edit/{kind}/{part}" for kind in ("journey/hook-coupon", "ruleset/zones") for part in EDITING),
    ]


RULES = (
    "zones/versions",
    "zones/versions/compare?a=live&b=draft",
    "zones",
    *(f"zones/edit{part}" for part in ("", "/findings", "/tests", "/try", "/settings")),
    "zones?version=1&from=2",
    "zones?version=draft",
    "zones/findings?version=draft",
    "zones/publish",
    "price-drafts",
)
PARTS = (
    "", "/live", "/funnel", "/strip", "/runs", "/versions", "/simulate", "/tests", "/tests/list", "/backtest",
    "/publish", "/migration", "/simulate/event?on=group.joined",
    "/entries", "/entries/outlook", "/entries/outlook?of=draft",
    "/edit", "/edit/graph", "/edit/chosen?node=how",
)  # fmt: skip
EDITING = ("bar", "problems", "json")


def test_every_page_is_served_in_both_languages_and_themes(admin: Visitor, chain: Sample) -> None:
    for path in paths(chain):
        for lang, other in (("zh", "en"), ("en", "zh")):
            text = text_of(admin.get(f"{path}{'&' if '?' in path else '?'}lang={lang}&theme=dark"))
            assert "{" not in text.replace("{&#34;", "")
            words = {message for key, message in messages(other).items() if key.startswith(("nav.", "tab.", "column."))}
            ours = {message for key, message in messages(lang).items() if key.startswith(("nav.", "tab.", "column."))}
            assert [word for word in words - ours if f" {word} " in text] == []


def test_language_and_theme_are_remembered(admin: Visitor) -> None:
    admin.get("/?lang=en&theme=dark")
    page = admin.get("/journeys").text
    assert '<html lang="en"' in page
    assert 'data-bs-theme="dark"' in page
    admin.cookies.delete("waystation_lang")
    admin.cookies.delete("waystation_theme")
    assert '<html lang="en"' in admin.get("/journeys").text, "the user's own choice follows them to another browser"


def test_an_unknown_language_or_theme_changes_nothing(admin: Visitor) -> None:
    page = admin.get("/?lang=fr&theme=pink")
    assert '<html lang="zh-CN"' in page.text
    assert "set-cookie" not in page.headers


def test_every_page_of_a_seeded_service_carries_the_mark(admin: Visitor) -> None:
    for path in ("/", "/journeys", "/journeys/hook-coupon", "/members"):
        assert "演示数据" in text_of(admin.get(path))


def test_the_canvas_shows_how_many_stand_at_each_node(admin: Visitor) -> None:
    page = admin.get("/journeys/hook-coupon").text
    counts = dict(re.findall(r'data-here="(\w+)" data-count="(\d+)"', page))
    assert counts["wait_add"] == "6"
    assert counts["wait_join"] == "5"
    assert counts["how"] == "0"
    drawn = dict(re.findall(r'data-count="(\d+)" data-people="(\w+)"', page))
    assert {node: count for count, node in re.findall(r'data-count="(\d+)" data-people="(\w+)"', page)} == counts
    assert drawn


def test_runs_are_filtered_and_what_does_not_exist_gives_an_empty_list(admin: Visitor, chain: Sample) -> None:
    def found(query: str) -> list[int]:
        page = admin.get(f"/journeys/hook-coupon/runs?{query}")
        assert page.status_code == 200
        return [int(run) for run in re.findall(r'href="/runs/(\d+)">#', page.text)]

    assert len(found("")) == 24
    assert found("status=stuck") == [chain.runs["stuck"]]
    assert len(found("node=wait_join")) == 5
    assert len(found("stage=scanned&store=E01")) == 12
    assert found("stage=redeemed") == []
    assert found("version=1") == []
    assert found(f"member={chain.members[2]}") == [3]
    assert found("member=unionid:o6_000002") == [3]
    assert found("member=unionid:nobody") == []
    assert found("store=nowhere") == []
    assert found("node=%27%3B--") == []
    assert found("before=5") == [4, 3, 2, 1]


@pytest.mark.parametrize("query", ["before=x", "before=0", "version=one", "status=" + "x" * 30])
def test_a_filter_that_cannot_be_read_is_told(admin: Visitor, query: str) -> None:
    assert admin.get(f"/journeys/hook-coupon/runs?{query}").status_code == 422


def test_a_run_tells_what_it_waits_for_and_until_when(admin: Visitor, chain: Sample) -> None:
    text = text_of(admin.get(f"/runs/{chain.runs['wait_join']}"))
    assert re.search(r"等待事件 入群 最晚到", text)
    assert "最晚到" in text
    assert "天" in text
    page = admin.get(f"/runs/{chain.runs['wait_join']}").text
    assert "/namespaces/default/workflows/journey%2Fhook-coupon%2F" in page


def test_a_run_s_first_moment_says_that_it_starts_and_its_effects_name_the_batch(
    admin: Visitor, chain: Sample, database: Database, clock: FixedClock
) -> None:
    run = chain.runs["wait_join"]
    with database.begin() as session:
        session.add(Effect(run_id=run, node="coupon", visit=1, journey="hook-coupon", type="coupon.issue",
                           asked_at=clock.now()))  # fmt: skip
        session.execute(update(Run).where(col(Run.id) == run).values(node=None, deadline=None))
    told = text_of(admin.get(f"/runs/{run}?lang=en"))
    assert "Starting." in told
    assert "no deadline" not in told
    assert re.search(r"coupon.issue\s+红颜草莓 9.9 元券", told)


def test_an_ended_run_tells_its_outcome_and_is_not_asked_for_again(admin: Visitor, chain: Sample) -> None:
    answer = admin.get(f"/runs/{chain.runs['goal']}")
    assert "达成转化目标" in text_of(answer)
    assert "every 3s" not in answer.text
    assert "every 3s" in admin.get(f"/runs/{chain.runs['wait_add']}").text


def test_the_funnel_s_groups_add_up_to_the_whole(admin: Visitor) -> None:
    page = admin.get("/journeys/hook-coupon/funnel?by=store").text
    table = page[page.index("<tbody>") : page.index("</tfoot>")]
    rows = [[int(n) for n in re.findall(r'<td class="num">([\d,]+)<', row)] for row in table.split("</tr>")[:-1]]
    *groups, total = rows
    assert [sum(column) for column in zip(*groups, strict=True)] == total
    assert total[0] == 25


@pytest.mark.parametrize("by", ["channel", "store", "associate", "version", "day"])
def test_the_funnel_groups_by_anything(admin: Visitor, by: str) -> None:
    assert admin.get(f"/journeys/hook-coupon/funnel?by={by}&from=2026-01-01&to=2026-02-01").status_code == 200
    assert "没有人进入" in text_of(admin.get(f"/journeys/hook-coupon/funnel?by={by}&to=2020-01-01"))


def test_a_member_s_personal_data_is_masked(admin: Visitor, chain: Sample) -> None:
    for path in ("/members", f"/members/{chain.members[3]}"):
        page = admin.get(path).text
        assert "林小橙" not in page
        assert "12000000003" not in page
    assert "120****0003" in admin.get(f"/members/{chain.members[3]}").text


def test_a_member_is_found_by_any_identity(admin: Visitor, chain: Sample) -> None:
    member = f"/members/{chain.members[3]}"
    assert admin.get("/members?kind=phone&value=120 0000 0003").headers["location"] == member
    assert admin.get("/members?kind=unionid&value=o6_000003").headers["location"] == member
    assert "没有会员有这个身份" in text_of(admin.get("/members?kind=phone&value=13800000000"))


@pytest.mark.parametrize(
    "path", ["/journeys/none", "/journeys/hook-coupon?version=9", "/runs/999", "/runs/x", "/members/999", "/members/0"]
)
def test_what_does_not_exist_is_404(admin: Visitor, path: str) -> None:
    assert admin.get(path).status_code == 404


def test_people_of_a_store_see_their_store_only(
    client: Visitor, chain: Sample, database: Database, clock: FixedClock
) -> None:
    with database.begin() as session:
        add_user(session, "manager", PASSWORD, "store", now=clock.now(), place=Place(store_id=chain.stores["E02"]))
        add_user(session, "nobody", PASSWORD, "region", now=clock.now())
    client.post("/sign-in", data={"username": "manager", "password": PASSWORD})
    runs = client.get("/journeys/hook-coupon/runs").text
    assert len(re.findall(r'href="/runs/\d+">#', runs)) == 12
    assert "灯塔路店" not in runs
    assert client.get(f"/runs/{chain.runs['wait_add']}").status_code == 404
    assert "12" in text_of(client.get("/journeys/hook-coupon/funnel?by=store"))
    client.post("/sign-out")
    client.post("/sign-in", data={"username": "nobody", "password": PASSWORD})
    assert 'href="/runs/' not in client.get("/journeys/hook-coupon/runs").text


def test_an_empty_service_says_what_to_do_next(client: Visitor, database: Database, clock: FixedClock) -> None:
    with database.begin() as session:
        add_user(session, "admin", PASSWORD, "admin", now=clock.now())
    client.post("/sign-in", data={"username": "admin", "password": PASSWORD})
    for path in ("/", "/journeys", "/members"):
        assert "/docs" in client.get(path).text or "/journeys" in client.get(path).text
        assert 'class="void"' in client.get(path).text


def test_an_operator_pauses_resumes_and_ends_a_run(admin: Visitor, chain: Sample, database: Database) -> None:
    run = f"/runs/{chain.runs['wait_join']}"
    assert admin.post(f"{run}/pause").headers["location"] == run
    assert "已暂停" in text_of(admin.get(run))
    assert admin.post(f"{run}/pause").status_code == 409
    assert admin.post(f"{run}/resume", data={"deadlines": "extend"}).status_code == 303
    assert "已暂停：" not in text_of(admin.get(run))
    assert admin.post(f"{run}/resume", data={"deadlines": "whenever"}).status_code == 422
    assert admin.post(f"{run}/retry").status_code == 409
    assert admin.post(f"{run}/exit").status_code == 303
    assert admin.post(f"{run}/exit").status_code == 409, "the first order waits for the next turn"
    with database.begin() as session:
        orders = session.execute(select(RunCommand.kind, RunCommand.by)).all()
        noted = session.execute(
            select(AuditEntry.action).where(col(AuditEntry.object) == run[1:].replace("runs", "run"))
        )
        assert [tuple(order) for order in orders] == [("exit", "user:admin")]
        assert set(noted.scalars()) == {"run.paused", "run.resumed", "run.exit"}


def test_a_stuck_run_is_retried_or_skipped_through_a_port_that_it_has(admin: Visitor, chain: Sample) -> None:
    run = f"/runs/{chain.runs['stuck']}"
    page = admin.get(run).text
    assert f'action="{run}/retry"' in page
    assert re.findall(r'<option value="(\w+)">', page[page.index("skip-port") :])[:2] == ["added", "timeout"]
    assert admin.post(f"{run}/skip", data={"port": "nowhere"}).status_code == 422
    assert admin.post(f"{run}/skip", data={"port": "added"}).status_code == 303


def test_a_journey_is_paused_and_resumed_as_a_whole(admin: Visitor, chain: Sample) -> None:
    journey = "/journeys/hook-coupon"
    assert admin.post(f"{journey}/pause").headers["location"] == journey
    page = admin.get(journey)
    assert "已暂停" in text_of(page)
    assert f'action="{journey}/resume"' in page.text
    assert "paused" in admin.get(f"{journey}/runs?status=paused").text
    assert admin.post(f"{journey}/pause").status_code == 409
    assert admin.post(f"{journey}/resume").status_code == 303
    assert admin.post("/journeys/nothing/pause").status_code == 404


def test_whoever_may_only_look_changes_nothing(
    client: Visitor, chain: Sample, database: Database, clock: FixedClock
) -> None:
    with database.begin() as session:
        add_user(session, "auditor", PASSWORD, "auditor", now=clock.now())
    client.post("/sign-in", data={"username": "auditor", "password": PASSWORD})
    run = f"/runs/{chain.runs['wait_join']}"
    assert "/pause" not in client.get(run).text
    assert "/pause" not in client.get("/journeys/hook-coupon").text
    for path in (f"{run}/pause", f"{run}/exit", "/journeys/hook-coupon/pause"):
        assert client.post(path).status_code == 403
    with database.begin() as session:
        assert session.execute(select(Pause)).first() is None


def test_orders_need_a_session(client: Visitor, chain: Sample) -> None:
    answer = client.post(f"/runs/{chain.runs['wait_join']}/exit")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
