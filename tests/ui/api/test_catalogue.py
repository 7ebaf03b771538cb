"""What the API tells of activity types, and the secrets of webhooks."""

from __future__ import annotations

import httpx
import pytest
from sqlalchemy import select

from engine.access.models import AuditEntry
from engine.database.connection import Database
from engine.journeys.catalogue import Catalogue
from engine.secrets.keyring import KeyRing
from engine.secrets.webhooks import signing_secrets
from tests.ui.api.conftest import ClientFor
from workflows.activities.registry import catalogue_of, load_activities


@pytest.fixture
def catalogue() -> Catalogue:
    return catalogue_of(load_activities())


async def test_every_type_is_told_with_its_schema_and_its_words(api: httpx.AsyncClient, catalogue: Catalogue) -> None:
    items = (await api.get("/api/v1/activity-types", params={"limit": 200})).json()["items"]
    assert [one["name"] for one in items] == sorted(catalogue)
    by_name = {one["name"]: one for one in items}
    tag = by_name["wecom.tag_member"]
    assert tag["params"]["properties"]["add"]["x-title"] == {"zh": "添加标签", "en": "Add"}
    assert (tag["mode"], tag["contact"], tag["idempotent"], tag["subjects"]) == (
        "remote", "none", "natural", ["member"],
    )  # fmt: skip
    assert tag["docs"]["zh"].startswith("在企业微信中")
    assert tag["docs"]["en"] == tag["doc"]
    assert tag["example"] == {"add": ["新客"], "remove": ["流失"]}
    assert [one["path"] for one in tag["result"]] == ["relations"]
    assert by_name["webhook.call"]["retry"] == {"attempts": 6, "initial": "PT1S", "backoff": 4.0, "max": "PT1H"}
    assert by_name["wecom.send_welcome"]["outcomes"] == ["expired"]


async def test_an_integrator_reads_the_secret_of_their_receiver_and_the_audit_says_so(
    api: httpx.AsyncClient, keys: KeyRing, database: Database
) -> None:
    answer = await api.get("/api/v1/webhook-secret", params={"url": "https://CRM.example.com/hooks/joined?a=b"})
    assert answer.json() == {"receiver": "crm.example.com", "secrets": signing_secrets(keys, "crm.example.com")}
    assert answer.headers["Cache-Control"] == "no-store"
    with database.begin() as session:
        [line] = session.execute(select(AuditEntry).where(AuditEntry.action == "webhook-secret.read")).scalars()
    assert line.object == "webhook/crm.example.com"


async def test_no_other_key_reads_it_and_no_other_address_has_one(client_for: ClientFor) -> None:
    path = "/api/v1/webhook-secret"
    for client in (client_for("definitions"), client_for("events", "runs")):
        assert (await client.get(path, params={"url": "https://crm.example.com"})).status_code == 403
    may = client_for("access")
    assert (await may.get(path)).status_code == 422
    refused = await may.get(path, params={"url": "crm.example.com"})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "/url"


async def test_fields_of_hq_s_own_are_listed_with_where_they_come_from(api: httpx.AsyncClient) -> None:
    derive = {"count": "order.paid", "within": "P90D"}
    fields = {
        "member.stars": {"type": "integer", "title": {"zh": "星级", "en": "Stars"}},
        "member.orders_90d": {"type": "integer", "derive": derive},
    }
    draft = {"schema": "waystation/fields@1", "fields": fields}
    saved = await api.put("/api/v1/definitions/fields/ours/draft", json=draft)
    assert (saved.status_code, saved.json()["findings"]) == (201, [])
    published = (await api.post("/api/v1/definitions/fields/ours/publish")).json()
    job = (await api.get(f"/api/v1/jobs/{published['job']}")).json()
    assert (job["kind"], job["state"]) == ("fields.past", "waiting")
    listed = (await api.get("/api/v1/fields", params={"limit": 200})).json()["items"]
    found = {each["path"]: each for each in listed}
    assert found["member.tier"]["source"] == "built-in"
    assert found["member.stars"] == {
        "path": "member.stars", "title": {"zh": "星级", "en": "Stars"}, "type": "integer", "optional": True,
        "personal": False, "values": None, "source": "fields/ours", "derive": None, "ready": None,
    }  # fmt: skip
    assert (found["member.orders_90d"]["derive"], found["member.orders_90d"]["ready"]) == (derive, False)
    again = await api.put("/api/v1/definitions/fields/theirs/draft", json=draft)
    assert [each["code"] for each in again.json()["findings"]] == ["duplicate-field"] * 2
