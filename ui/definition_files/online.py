"""`diff`, `apply` and `export`, and `check` where a service is named: files beside what a service holds."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from engine.definitions.diff import diff
from engine.definitions.kinds import Kind
from rules.types import Json
from ui.definition_files.files import DefinitionFile, FilesError, read_file, read_files
from ui.definition_files.offline import counted, tell_findings
from ui.definition_files.outcome import Located, Outcome
from ui.definition_files.service import Document, Service

NOTE = "applied from a file"
JUDGED_BY = {"zh": "，由服务核对：", "en": ", judged by "}


def check_with(paths: Sequence[Path], service: Service, language: str) -> Outcome:
    """All findings, judged by the service with all that it knows; it keeps nothing."""
    files, found = read_files(paths)
    read = len(files) + len(found)
    for file in files:
        findings = service.check(file.kind, file.key, file.source.text)
        found += [file.locate(one.code, one.severity, one.pointer, one.message) for one in findings]
    outcome = Outcome(data={"findings": [one.to_json() for one in found], "without_service": False})
    tell_findings(outcome, found, language)
    outcome.lines.append(f"{counted(read, len(found), language)}{JUDGED_BY[language]}{service.url}")
    return outcome


def diff_files(paths: Sequence[Path], service: Service, language: str) -> Outcome:
    """How each file differs from the live version; not well when a file cannot be read."""
    files, found = read_files(paths)
    outcome = Outcome()
    tell_findings(outcome, found, language)
    compared: list[Json] = []
    for file in files:
        live = service.live(file.kind, file.key)
        version, before = live or (None, {})
        changes = diff(before, file.source.document)
        against = f"version {version}" if version else "nothing: it was never published, or is retired"
        noun = "change" if len(changes) == 1 else "changes"
        outcome.lines.append(f"{file.path}: {len(changes)} {noun} against {against}")
        outcome.lines += [f"    {one.op:8} {one.pointer or '/'}" for one in changes]
        told: list[Json] = [{"op": one.op, "pointer": one.pointer} for one in changes]
        compared.append({"file": str(file.path), "version": version, "changes": told})
    outcome.data = {"files": compared, "findings": [one.to_json() for one in found]}
    return outcome


def apply_files(paths: Sequence[Path], service: Service, language: str) -> Outcome:
    """Publish every file that differs from the live version. The service checks it first; errors are not published."""
    files, found = read_files(paths)
    outcome = Outcome()
    applied: list[Json] = []
    for file in files:
        live = service.live(file.kind, file.key)
        if live and live[1] == file.source.document:
            outcome.lines.append(f"{file.path}: version {live[0]} is the same")
            applied.append({"file": str(file.path), "version": live[0], "published": False})
            continue
        findings = _store(file, service)
        found += findings
        if any(one.severity == "error" for one in findings):
            outcome.fail(f"{file.path}: stored as a draft, not published")
            applied.append({"file": str(file.path), "version": live[0] if live else None, "published": False})
            continue
        version = service.publish(file.kind, file.key, NOTE)
        outcome.lines.append(f"{file.path}: published as version {version}")
        applied.append({"file": str(file.path), "version": version, "published": True})
    tell_findings(outcome, found, language)
    outcome.data = {"files": applied, "findings": [one.to_json() for one in found]}
    return outcome


def export_files(paths: Sequence[Path], service: Service) -> Outcome:
    """Write live versions: all of them below a folder as `<kind>/<key>.json`, or anew into a file that names one."""
    outcome = Outcome()
    written: list[Json] = []
    for path in paths:
        for target, kind, key in _targets(path, service):
            live = service.live(kind, key)
            if live is None:
                outcome.fail(f"{target}: no version of {kind} {key} is live")
                continue
            _write(target, live[1])
            outcome.lines.append(f"{target}: version {live[0]}")
            written.append({"file": str(target), "version": live[0]})
    outcome.data = {"files": written}
    return outcome


def _store(file: DefinitionFile, service: Service) -> list[Located]:
    """Put the draft; the service's findings at their places in the file."""
    found = service.put_draft(file.kind, file.key, file.source.text)
    return [file.locate(one.code, one.severity, one.pointer, one.message) for one in found]


def _targets(path: Path, service: Service) -> list[tuple[Path, Kind, str]]:
    if path.is_file():
        named = read_file(path)
        if not isinstance(named, DefinitionFile):
            raise FilesError(f"{path}: does not say which definition it is, so it cannot be written anew")
        return [(path, named.kind, named.key)]
    if path.suffix:
        raise FilesError(f"{path}: give a folder, or a file that names a definition by its schema and key")
    kinds: tuple[Kind, ...] = get_args(Kind)
    return [(path / kind / f"{key}.json", kind, key) for kind in kinds for key in service.keys(kind)]


def _write(target: Path, document: Document) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(document, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
