"""`apply`: files become drafts of a service, and their live versions."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.definitions.kinds import Kind
from engine.journeys.canonical import canonical
from rules.types import Json
from ui.definition_files.files import DefinitionFile, read_files
from ui.definition_files.offline import tell_findings
from ui.definition_files.outcome import Located, Outcome
from ui.definition_files.service import Document, Service

NOTE = "applied from a file"
ORDER: tuple[Kind, ...] = ("fields", "price-list", "task", "ruleset", "journey")
"""What others may name comes first."""


@dataclass(frozen=True)
class Applied:
    """What became of a file: the version that is live now, and what the service found."""

    version: int | None
    said: str
    findings: Sequence[Located] = ()
    is_published: bool = False
    is_refused: bool = False


def is_same(one: Document, other: Document) -> bool:
    """Whether two documents have one hash. What has none, such as a number beyond all bounds, is like nothing."""
    try:
        return canonical(one) == canonical(other)
    except ValueError:
        return False


def apply_files(paths: Sequence[Path], service: Service, language: str) -> Outcome:
    """Publish every file that differs from the live version. The service checks it first; errors are not published.

    A file that names what another file brings is tried again once that is published.
    """
    files, found = read_files(paths)
    outcome = Outcome()
    applied: dict[Path, Applied] = {}
    left = sorted(files, key=lambda file: ORDER.index(file.kind))
    while left:
        applied |= {file.path: _applied(file, service) for file in left}
        refused = [file for file in left if applied[file.path].is_refused]
        left = refused if len(refused) < len(left) else []
    for file in files:
        done = applied[file.path]
        found += done.findings
        outcome.lines.append(f"{file.path}: {done.said}")
        outcome.ok &= not done.is_refused
    tell_findings(outcome, found, language)
    told: list[Json] = [
        {"file": str(file.path), "version": applied[file.path].version, "published": applied[file.path].is_published}
        for file in files
    ]
    outcome.data = {"files": told, "findings": [one.to_json() for one in found]}
    return outcome


def store_files(paths: Sequence[Path], service: Service, language: str) -> Outcome:
    """Make every file the draft of its definition, however unfinished; nothing is published."""
    files, found = read_files(paths)
    all_read = not found
    outcome = Outcome()
    stored: list[Json] = []
    for file in files:
        draft = service.draft(file.kind, file.key)
        if draft is not None and draft.text == file.source.text:
            outcome.lines.append(f"{file.path}: the draft is the same")
            stored.append({"file": str(file.path), "stored": False})
            continue
        found += _store(file, service)
        outcome.lines.append(f"{file.path}: stored as a draft")
        stored.append({"file": str(file.path), "stored": True})
    tell_findings(outcome, found, language)
    outcome.ok = all_read
    outcome.data = {"files": stored, "findings": [one.to_json() for one in found]}
    return outcome


def _applied(file: DefinitionFile, service: Service) -> Applied:
    """Publish one file. One with errors becomes a draft all the same."""
    live = service.live(file.kind, file.key)
    version = live[0] if live else None
    if live and is_same(live[1], file.source.document):
        return Applied(version, f"version {version} is the same")
    findings = _store(file, service)
    if any(one.severity == "error" for one in findings):
        return Applied(version, "stored as a draft, not published", findings, is_refused=True)
    version = service.publish(file.kind, file.key, NOTE)
    return Applied(version, f"published as version {version}", findings, is_published=True)


def _store(file: DefinitionFile, service: Service) -> list[Located]:
    """Put the draft; the service's findings at their places in the file."""
    found = service.put_draft(file.kind, file.key, file.source.text)
    return [file.locate(one.code, one.severity, one.pointer, one.message) for one in found]
