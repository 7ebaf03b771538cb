"""Departments and employees, as WeCom's directory shows them, put into the chain.

HQ decides: titles, names and assignments that it made stay. A department stands for the store (or region) whose title
or key is its name; which one that is, is remembered, so that later changes of either name do not matter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from sqlalchemy import delete, select
from sqlalchemy.orm import Session
from sqlmodel import col

from engine.events.incoming import IncomingEvent
from engine.events.ingest import ingest
from engine.jobs.pages import Finding
from engine.organisation.models import Associate, Department, Region, Store
from engine.organisation.newcomers import key_for
from engine.secrets.keyring import KeyRing
from engine.wecom import answers
from engine.wecom.mapping import digest
from rules.types import Json

_ON_THE_STAFF = (answers.ACTIVE, answers.INACTIVE)
Change: TypeAlias = Literal["joined", "left", "moved"]


@dataclass(frozen=True)
class DirectorySync:
    """One page's transaction."""

    session: Session
    keys: KeyRing
    corp_id: str
    now: datetime

    def departments(self, listed: Sequence[answers.Department]) -> list[Finding]:
        """Mirror the departments, and find out what each of them stands for."""
        of_corp = col(Department.corp_id) == self.corp_id
        known = {row.id: row for row in self.session.execute(select(Department).where(of_corp)).scalars()}
        for one in listed:
            row = known.setdefault(
                one.id, Department(corp_id=self.corp_id, id=one.id, parent_id=0, name="", seen_at=self.now)
            )
            row.parent_id, row.name, row.seen_at = one.parentid, one.name, self.now
            self.session.add(row)
        self.session.flush()
        self.session.execute(delete(Department).where(of_corp, col(Department.seen_at) < self.now))
        present = [known[one.id] for one in listed]
        self._map(present)
        return [_nobodys(row) for row in present if row.store_id is None and row.region_id is None and row.parent_id]

    def _map(self, departments: Sequence[Department]) -> None:
        stores = _by_name(self.session.execute(select(Store)).scalars())
        regions = _by_name(self.session.execute(select(Region)).scalars())
        taken = {row.store_id for row in departments} | {None}
        for row in departments:
            if row.store_id is None and row.region_id is None:
                store = stores.get(row.name.strip())
                if store not in taken:
                    row.store_id = store
                    taken.add(store)
                else:
                    row.region_id = regions.get(row.name.strip())
        self.session.flush()

    def staff(self, department: int, listed: Sequence[answers.Employee]) -> list[Finding]:
        """Make, place and note the employees whose first department this is."""
        own = [one for one in listed if one.home in (department, None)]
        rows = self._rows([one.userid for one in own])
        place = self.session.get(Department, (self.corp_id, department))
        store = self.session.get(Store, place.store_id) if place and place.store_id else None
        events: list[IncomingEvent] = []
        findings: list[Finding] = []
        for one in own:
            row = rows.get(one.userid) or self._meet(one)
            if row is None:
                continue
            events += self._changes(row, one, department, store)
            self._note(row, one, department)
            if row.active and not row.activated:
                findings.append(_not_activated(row))
        self.session.flush()
        ingest(self.session, events, now=self.now, keys=self.keys)
        return findings

    def gone(self, userid: str) -> None:
        """WeCom knows the employee no more."""
        ingest(self.session, [self._event("left", userid, None)], now=self.now, keys=self.keys)

    def still_there(self, one: answers.Employee) -> None:
        """The employee is in no department that we see, but WeCom knows them."""
        for row in self._rows([one.userid]).values():
            events = self._changes(row, one, row.department, None)
            self._note(row, one, row.department)
            self.session.flush()
            ingest(self.session, events, now=self.now, keys=self.keys)

    def _rows(self, userids: Sequence[str]) -> dict[str, Associate]:
        """Associates by userid; one of whom HQ gave only the key, which is the userid, is that employee."""
        wanted = select(Associate).where(
            col(Associate.wecom_userid).in_(userids)
            | (col(Associate.key).in_(userids) & col(Associate.wecom_userid).is_(None))
        )
        found = list(self.session.execute(wanted).scalars())
        known = {row.wecom_userid: row for row in found if row.wecom_userid}
        for row in found:
            if row.wecom_userid is None and row.key not in known:
                row.wecom_userid = row.key
                known[row.key] = row
        return known

    def _meet(self, one: answers.Employee) -> Associate | None:
        if one.status not in _ON_THE_STAFF:
            return None
        row = Associate(key=key_for(one.userid), wecom_userid=one.userid)
        self.session.add(row)
        self.session.flush()
        return row

    def _changes(
        self, row: Associate, one: answers.Employee, department: int | None, store: Store | None
    ) -> list[IncomingEvent]:
        """What happened to an employee since the last look. HQ's own word, that they are not active, stays."""
        if one.status not in _ON_THE_STAFF:
            return [self._event("left", one.userid, None)] if row.active else []
        if row.seen_at is None and row.name_enc is None and row.store_id is None:
            return [self._event("joined", one.userid, store)]
        if not row.active and row.left_at is not None:
            return [self._event("joined", one.userid, store)]
        has_moved = row.store_id is None or row.department not in (None, department)
        return [self._event("moved", one.userid, store)] if store and has_moved and store.id != row.store_id else []

    def _note(self, row: Associate, one: answers.Employee, department: int | None) -> None:
        row.seen_at, row.department, row.activated = self.now, department, one.status != answers.INACTIVE
        if row.name_enc is None and one.name:
            row.name_enc = self.keys.seal(one.name.encode())

    def _event(self, change: Change, userid: str, store: Store | None) -> IncomingEvent:
        data: dict[str, Json] = {"associate": userid, "found": True}
        if store is not None:
            data["store"] = store.key
        name = digest(self.corp_id, change, userid, self.now.isoformat())
        subject = f"associate:{userid}"
        return IncomingEvent(f"wecom/{self.corp_id}", name, f"associate.{change}", subject, self.now, data)


def _by_name(rows: Iterable[Store | Region]) -> Mapping[str, int]:
    """Ids by every name that means one record and no other."""
    found: dict[str, set[int]] = {}
    for row in rows:
        for name in {row.key, *row.title.values()}:
            found.setdefault(name.strip(), set()).add(row.id)
    return {name: next(iter(ids)) for name, ids in found.items() if len(ids) == 1}


def _nobodys(row: Department) -> Finding:
    return Finding(
        f"department {row.id}",
        {
            "zh": f"部门「{row.name}」没有对应的门店或大区；请把门店（或大区）的名称与部门名称改成一致，然后再次同步",
            "en": f"The department {row.name!r} is no store or region of ours: give a store (or region) the same name,"
            " then sync again.",
        },
    )


def _not_activated(row: Associate) -> Finding:
    return Finding(
        f"associate {row.key}",
        {
            "zh": "此员工尚未激活企业微信账号，无法接待客户；请其登录企业微信",
            "en": "The account was never activated and cannot receive customers: ask the employee to sign in to WeCom.",
        },
    )
