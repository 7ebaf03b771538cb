"""A checked file as a job: its lines lie sealed, a page each, and are written as `PUT` would."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from pydantic import ValidationError
from sqlalchemy.orm import Session

from engine.clock import Clock
from engine.jobs import store
from engine.jobs.kinds import IMPORT
from engine.jobs.models import Job
from engine.jobs.pages import Finding, Page, Work
from engine.organisation.errors import OrganisationError
from engine.organisation.importing.checking import Checked, body_of
from engine.organisation.importing.lines import KINDS, Line, wrong
from engine.organisation.recorded import write_recorded
from engine.secrets.keyring import KeyRing

PER_PAGE = 100


def create_import(session: Session, keys: KeyRing, checked: Checked, *, by: str, now: datetime) -> Job:
    """Ask for the good lines to be applied; what is wrong with the others stands in the job from the beginning."""
    pages = [checked.good[start : start + PER_PAGE] for start in range(0, len(checked.good), PER_PAGE)]
    job = store.create(session, IMPORT, {"pages": len(pages)}, total=len(checked.good), by=by, now=now, stores="*")
    for n, lines in enumerate(pages):
        store.put_part(session, job.id, n, [asdict(line) for line in lines], keys=keys)
    store.note(session, job, checked.findings())
    return job


def page(clock: Clock, keys: KeyRing) -> Work:
    """The next page of an import."""

    def work(session: Session, job: Job) -> Page:
        n = int(job.cursor.get("page", 0))
        lines = [Line(**kept) for kept in store.take_part(session, job.id, n, keys=keys) or ()]
        findings = _apply(session, keys, lines, by=job.created_by, now=clock.now())
        return Page(len(lines), {"page": n + 1}, findings, over=n + 1 >= job.args["pages"])

    return work


def _apply(session: Session, keys: KeyRing, lines: Sequence[Line], *, by: str, now: datetime) -> list[Finding]:
    """Each line in a savepoint: the chain may have changed since the file was checked."""
    findings = []
    for line in lines:
        try:
            with session.begin_nested():
                noun = KINDS[line.kind].noun
                write_recorded(session, keys, noun, line.key, body_of(line), by=by, now=now)
        except OrganisationError as error:
            place = error.pointer.removeprefix("/").replace("/", ".") or None
            findings.append(wrong(line.n, place, f"已无法写入：{error}", str(error)).finding())
        except ValidationError:
            findings.append(
                wrong(
                    line.n, None, "此版本已不接受这一行，请重新导入", "This release takes the line no more."
                ).finding()
            )
    return findings
