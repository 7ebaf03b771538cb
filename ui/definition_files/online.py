"""`diff` and `export`, and `check` where a service is named: files beside what a service holds."""

import json
from collections.abc import Sequence
from pathlib import Path

from engine.definitions.diff import diff
from engine.definitions.kinds import KINDS, Kind
from engine.definitions.source import read_source
from rules.types import Json
from ui.definition_files.applying import is_same
from ui.definition_files.files import DefinitionFile, FilesError, read_file, read_files
from ui.definition_files.offline import counted, tell_findings
from ui.definition_files.outcome import Outcome
from ui.definition_files.service import Document, Service

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
    """How each file differs from the live version, and from the draft where that says something else.

    Not well when a file cannot be read.
    """
    files, found = read_files(paths)
    outcome = Outcome()
    tell_findings(outcome, found, language)
    compared: list[Json] = []
    for file in files:
        live, draft = service.live(file.kind, file.key), service.draft(file.kind, file.key)
        version, before = live or (None, {})
        against = f"version {version}" if version else "nothing: it was never published, or is retired"
        told = _compared(outcome, file, before, against)
        item: dict[str, Json] = {"file": str(file.path), "version": version, "changes": told, "draft": None}
        if draft is not None and not is_same(kept := read_source(draft.text).document, before):
            changes = _compared(outcome, file, kept, f"the draft at revision {draft.revision}")
            item["draft"] = {"revision": draft.revision, "changes": changes}
        compared.append(item)
    outcome.data = {"files": compared, "findings": [one.to_json() for one in found]}
    return outcome


def _compared(outcome: Outcome, file: DefinitionFile, before: Document, against: str) -> list[Json]:
    changes = diff(before, file.source.document)
    noun = "change" if len(changes) == 1 else "changes"
    outcome.lines.append(f"{file.path}: {len(changes)} {noun} against {against}")
    outcome.lines += [f"    {one.op:8} {one.pointer or '/'}" for one in changes]
    return [{"op": one.op, "pointer": one.pointer} for one in changes]


def export_files(paths: Sequence[Path], service: Service, *, drafts: bool = False) -> Outcome:
    """Write live versions: all of them below a folder as `<kind>/<key>.json`, or anew into a file that names one.

    With `drafts` the draft of each that has one, to the letter. A file that says the same already stays as it is.
    """
    outcome = Outcome()
    written: list[Json] = []
    for path in paths:
        for target, kind, key in _targets(path, service, drafts=drafts):
            draft = service.draft(kind, key) if drafts else None
            if draft is not None:
                _keep(target, draft.text)
                outcome.lines.append(f"{target}: the draft at revision {draft.revision}")
                written.append({"file": str(target), "draft": draft.revision})
            elif live := service.live(kind, key):
                _keep(target, json.dumps(live[1], ensure_ascii=False, indent=2) + "\n", like=live[1])
                outcome.lines.append(f"{target}: version {live[0]}")
                written.append({"file": str(target), "version": live[0]})
            else:
                outcome.fail(f"{target}: no version of {kind} {key} is live")
    outcome.data = {"files": written}
    return outcome


def _targets(path: Path, service: Service, *, drafts: bool) -> list[tuple[Path, Kind, str]]:
    if path.is_file():
        named = read_file(path)
        if not isinstance(named, DefinitionFile):
            raise FilesError(f"{path}: does not say which definition it is, so it cannot be written anew")
        return [(path, named.kind, named.key)]
    if path.suffix:
        raise FilesError(f"{path}: give a folder, or a file that names a definition by its schema and key")
    found = [(kind, key) for kind in KINDS for key in service.keys(kind, drafts=drafts)]
    return [(path / kind / f"{key}.json", kind, key) for kind, key in found]


def _keep(target: Path, text: str, *, like: Document | None = None) -> None:
    """Write a text, unless the file says the same in another layout."""
    if like is not None and target.is_file():
        there = read_file(target)
        if isinstance(there, DefinitionFile) and is_same(there.source.document, like):
            return
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(text.encode())
