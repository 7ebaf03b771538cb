"""What is personal or secret stands in no log and nowhere in Temporal: customers walk through the seeded journey, and
then everything that was written is searched for what is known of them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from temporalio.client import Client

from tests.service.conftest import Make
from tests.service.running import Service
from workflows.service.folder import Running
from workflows.service.roles import CORP_ID

pytestmark = pytest.mark.service

PHONE, NAME, CARD, TEXT = "12055512345", "探针·林小橙", "card-55512345", "只有她知道的留言"
PERSONS = tuple(f"probe-person-{number}" for number in range(4))
PATIENCE = 60.0


@dataclass
class Walk:
    """A running service, the people who walked through its journey, and all that is known of them."""

    service: Service
    running: Running
    known: set[str]

    @property
    def logs(self) -> dict[str, str]:
        folder = self.service.folder / "logs"
        return {path.name: path.read_text(errors="replace") for path in folder.iterdir()} | {
            "console": self.service.console
        }


@pytest.fixture(scope="module")
def walk(make: Make, scratch: Path) -> Walk:
    service = make(scratch / "private", arguments=("--stores", "2"))
    service.environment = {**service.environment, "WAYSTATION_LOG_LEVEL": "DEBUG", "WAYSTATION_LOG_STYLE": "json"}
    running = service.start()
    secrets = json.loads((service.folder / "secrets.json").read_text())
    known = {PHONE, NAME, CARD, TEXT, *PERSONS}
    known |= {str(value) for name, value in secrets.items() if name not in {"instance", "password_shown"}}
    with httpx.Client(timeout=20) as http:
        known |= Customers(http, running, secrets["api_key"]).walk()
        asked = {"corpid": CORP_ID, "corpsecret": secrets["wecom_secret"]}
        token = http.get(f"{running.simulator_url}/cgi-bin/gettoken", params=asked).json()["access_token"]
        known.add(token)  # the same as the product's, while it lasts
    return Walk(service, running, {one for one in known if len(one) > 5})


class Customers:
    """Walk, and do what makes programs speak: odd requests, errors of WeCom, a database that refuses."""

    def __init__(self, http: httpx.Client, running: Running, key: str) -> None:
        self.http, self.running = http, running
        self.headers = {"Authorization": f"Bearer {key}"}

    def walk(self) -> set[str]:
        """Everybody through the journey; what is known of them in the end."""
        door = self.get("channels/E01-till")
        [chat, *_] = [one for one in self.get("group-chats")["items"] if one["store"] == "E01"]
        known: set[str] = set()
        for person in PERSONS:
            ids = self.do("scan", person=person, channel_state=door["state"])
            known |= {str(ids[name]) for name in ("unionid", "openid") if ids.get(name)}
            subject = f"unionid:{ids['unionid']}"
            self.tell("member.registered", subject, {"phone": PHONE, "name": NAME, "nickname": TEXT})
            self.until(lambda subject=subject: self.get("runs", member=subject)["items"])
            added = self.do("add", person=person, associate=self.userid(door), state=door["state"])
            known |= {str(added[name]) for name in ("external_userid", "welcome_code") if added.get(name)}
            self.do("join_group", person=person, chat=chat["chat_id"])
            known |= self.use_coupon(subject)
        self.disturb()
        return known

    def use_coupon(self, subject: str) -> set[str]:
        """Claim and redeem, unless the journey leaves this person alone; the code."""

        def found() -> Any:
            coupons = self.get("coupons", member=subject)["items"]
            return coupons or [one for one in self.get("runs", member=subject)["items"] if one["status"] == "holdout"]

        [first, *_] = self.until(found)
        if "code" not in first:
            return set()
        for step in ("coupon.claimed", "coupon.redeemed"):
            self.tell(step, subject, {"batch": first["batch"], "code": first["code"]})
        return {first["code"]}

    def disturb(self) -> None:
        """What makes programs complain, with personal data in every place where a client can put it."""
        self.http.get(f"{self.running.url}/api/v1/members/lookup", params={"phone": PHONE}, headers=self.headers)
        for path in (f"members/phone:{PHONE}", f"members/card:{CARD}/timeline", f"nowhere/{NAME}"):
            self.http.get(f"{self.running.url}/api/v1/{path}", headers=self.headers)
        self.http.get(f"{self.running.url}/{NAME}?phone={PHONE}")
        self.http.post(f"{self.running.url}/sign-in", data={"username": NAME, "password": TEXT})
        for body in ({"phone": PHONE}, [{"id": NAME}], {"type": "contact.added", "subject": f"phone:{PHONE}"}):
            given = self.headers | {"Content-Type": "application/cloudevents+json"}
            self.http.post(f"{self.running.url}/api/v1/events", json=body, headers=given)
        self.http.post(f"{self.running.url}/wecom/callback/demo?msg_signature={PHONE}", content=f"<xml>{NAME}</xml>")
        self.simulate("faults", {"errcode": 40014})
        self.tell("contact.added", f"phone:{PHONE}", {"associate": NAME, "welcome_code": TEXT})
        self.simulate("faults", {})

    def userid(self, door: dict[str, Any]) -> str:
        associate = self.get(f"associates/{door['associates'][0]}")
        return str(associate["wecom_userid"])

    def get(self, path: str, **params: str) -> Any:
        answer = self.http.get(f"{self.running.url}/api/v1/{path}", params=params, headers=self.headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def do(self, deed: str, **body: str) -> dict[str, Any]:
        return self.simulate(deed, body)

    def simulate(self, deed: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = self.http.post(f"{self.running.simulator_url}/control/{deed}", json=body)
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def tell(self, kind: str, subject: str, data: dict[str, Any]) -> None:
        now = datetime.now(UTC).isoformat()
        event = {"specversion": "1.0", "id": f"{kind}/{subject}", "source": "probe", "type": kind}
        event |= {"subject": subject, "time": now, "data": data}
        given = self.headers | {"Content-Type": "application/cloudevents+json"}
        answer = self.http.post(f"{self.running.url}/api/v1/events", json=event, headers=given)
        assert answer.status_code == 202, answer.text

    def until(self, look: Callable[[], Any]) -> Any:
        deadline = time.monotonic() + PATIENCE
        while not (found := look()):
            assert time.monotonic() < deadline, "the journey did not go on"
            time.sleep(0.2)
        return found


def spoken(walk: Walk, text: str) -> set[str]:
    """What of all that is known stands in a text, as it is or as JSON or a URL writes it."""
    forms = {
        one: {one, json.dumps(one)[1:-1], str(httpx.QueryParams({"": one}))[1:], one.encode().hex()}
        for one in walk.known
    }
    return {one for one, written in forms.items() if any(form in text for form in written)}


def test_the_walk_was_one(walk: Walk) -> None:
    assert len(walk.known) > 15, "else nothing would be looked for"
    assert '"event": "a callback came"' in walk.logs["web.log"]
    assert spoken(walk, f"… {NAME} …") == {NAME}


def test_no_log_tells_anything_personal_or_secret(walk: Walk) -> None:
    said = {name: spoken(walk, text) for name, text in walk.logs.items()}
    password = json.loads((walk.service.folder / "secrets.json").read_text())["admin_password"]
    said["console"] -= {password}  # shown to the person who started the service, this once
    assert {name: found for name, found in said.items() if found} == {}


def test_every_line_of_a_role_is_one_json_object(walk: Walk) -> None:
    for role in ("web", "worker", "router"):
        lines = walk.logs[f"{role}.log"].splitlines()
        assert lines
        assert all({"event", "level", "timestamp"} <= json.loads(line).keys() for line in lines)


async def test_temporal_holds_nothing_personal_or_secret(walk: Walk) -> None:
    client = await Client.connect(walk.running.temporal_address)
    executions = [one async for one in client.list_workflows()]
    assert len(executions) >= 2
    for one in executions:
        history = await client.get_workflow_handle(one.id, run_id=one.run_id).fetch_history()
        written = [one.raw_info.SerializeToString(), *(event.SerializeToString() for event in history.events)]
        text = b"\n".join(written).decode(errors="replace")
        assert one.id in text
        assert spoken(walk, text) == set()
