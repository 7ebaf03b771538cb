"""What `server.py definitions` does with files; what it has to say comes back as a report."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from engine.definitions import checks
from engine.definitions.context import context_without_service
from engine.definitions.diff import diff
from engine.definitions.errors import NotPublishableError
from engine.definitions.kinds import KINDS
from engine.journeys.canonical import content_hash
from engine.journeys.catalogue import Catalogue
from engine.journeys.report import Report as TestReport
from rules.types import Json
from ui.commands.files import File, Told
from ui.commands.remote import RefusedError, Remote

NOT_JUDGED = ("references", "headquarters' own fields", "overlaps of entries")
_NOT_JUDGED = f"Without a service these were not judged: {', '.join(NOT_JUDGED)}."


@dataclass
class Report:
    """Lines for people, an object for programs, and whether there were errors."""

    lines: list[str] = field(default_factory=list)
    content: dict[str, Json] = field(default_factory=dict)
    failed: bool = False

    def tell(self, findings: Sequence[Told]) -> None:
        """Add findings, in the order of the files."""
        self.lines += [told.line() for told in findings]
        self.failed |= any(told.severity == "error" for told in findings)
        listed = self.content.setdefault("findings", [])
        if isinstance(listed, list):
            listed += [told.to_json() for told in findings]

    def note(self, name: str, entry: dict[str, Json], line: str) -> None:
        """Add one entry to the list called `name`."""
        self.lines.append(line)
        listed = self.content.setdefault(name, [])
        if isinstance(listed, list):
            listed.append(entry)


def check(files: Sequence[File], catalogue: Catalogue, remote: Remote | None = None) -> Report:
    """Find what is wrong with each file. With a service it judges all; without one, the report says what was not."""
    report = Report()
    report.tell([told for file in files for told in _findings(file, catalogue, remote)])
    return _concluded(report, len(files), judged_all=remote is not None)


def test(files: Sequence[File], catalogue: Catalogue) -> Report:
    """Run the tests of each file."""
    report = Report()
    for file in files:
        try:
            found = checks.run(file.kind, file.key, file.document, context_without_service(catalogue))
        except NotPublishableError as error:
            findings = [finding.to_json() for finding in error.findings]
            report.tell([file.problem] if file.problem else list(file.told(findings)))
            report.failed = True
        else:
            _tell_tests(report, file, found)
    return _concluded(report, len(files), judged_all=False)


def _tell_tests(report: Report, file: File, found: TestReport) -> None:
    path = str(file.path)
    for number, one in enumerate(found.tests):
        different: list[Json] = [difference.to_json() for difference in one.differences]
        entry: dict[str, Json] = {"file": path, "name": one.name, "ok": one.ok, "differences": different}
        report.note("tests", entry, f"{'ok    ' if one.ok else 'FAILED'} {path}: {one.name}")
        report.lines += [f"       {json.dumps(each, ensure_ascii=False)}" for each in different]
        if not one.ok:
            report.tell([file.tell("test-failed", f"/tests/{number}", f"The test {one.name!r} failed.")])
    not_visited: list[Json] = [f"{node}.{port}" for node, port, visited in found.coverage if not visited]
    if not_visited:
        line = f"       no test visits {', '.join(map(str, not_visited))}"
        report.note("not_visited", {"file": path, "ports": not_visited}, line)


def compare(files: Sequence[File], remote: Remote) -> Report:
    """How each file differs from what is live."""
    report = Report()
    for file in files:
        if problem := _unusable(file):
            report.tell([problem])
            continue
        live = remote.live(file.kind, str(file.key))
        changes = diff(live.document if live else {}, file.document)
        listed: list[Json] = [
            {"op": each.op, "pointer": each.pointer, "before": each.before, "after": each.after} for each in changes
        ]
        entry: dict[str, Json] = {
            "file": str(file.path),
            "name": file.name,
            "version": live.version if live else None,
            "changes": listed,
        }
        against = f"version {live.version}" if live else "nothing: it was never published"
        report.note("files", entry, f"{file.name}: {len(changes)} difference(s) from {against}")
        report.lines += [f"  {each.op} {each.pointer}" for each in changes]
    return report


def apply(files: Sequence[File], remote: Remote, note: str | None = None) -> Report:
    """Publish each file that differs from what is live; none of them, if one has errors."""
    report = Report()
    findings = [told for file in files for told in _judged(file, remote)]
    report.tell(findings)
    if report.failed:
        report.lines.append("Nothing was published.")
        return report
    for file in files:
        live = remote.live(file.kind, str(file.key))
        if live is not None and live.hash == content_hash(file.document):
            version, said = live.version, "unchanged at version"
        else:
            try:
                version, said = _publish(file, remote, note), "published as version"
            except RefusedError as error:
                report.tell(list(file.told(error.findings)))
                continue
        entry: dict[str, Json] = {"name": file.name, "version": version, "published": said.startswith("published")}
        report.note("files", entry, f"{file.name}: {said} {version}")
    return report


def export(paths: Sequence[Path], remote: Remote) -> Report:
    """Write what is live to `<folder>/<kind>/<key>.json`, for each folder."""
    report = Report()
    for folder in paths:
        for kind in KINDS:
            for key in remote.keys(kind):
                live = remote.live(kind, key)
                if live is None:
                    continue
                path = folder / kind / f"{key}.json"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(json.dumps(live.document, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
                entry: dict[str, Json] = {"file": str(path), "name": f"{kind}/{key}", "version": live.version}
                report.note("files", entry, f"{path}: version {live.version}")
    return report


def _publish(file: File, remote: Remote, note: str | None) -> int:
    return remote.publish(file.kind, str(file.key), file.source.text if file.source else "", note)


def _findings(file: File, catalogue: Catalogue, remote: Remote | None) -> Iterator[Told]:
    if remote is not None and _unusable(file) is None:
        yield from _judged(file, remote)
    elif file.problem:
        yield file.problem
    else:
        found = checks.find_without_service(file.kind, file.document, catalogue)
        yield from file.told([finding.to_json() for finding in found])


def _judged(file: File, remote: Remote) -> Iterator[Told]:
    """What a service finds in a file."""
    if problem := _unusable(file):
        yield problem
    elif file.source:
        yield from file.told(remote.check(file.kind, str(file.key), file.source.text))


def _unusable(file: File) -> Told | None:
    """Why a service cannot be asked about this file."""
    if file.problem or file.key:
        return file.problem
    return file.tell("schema", "/key", "A definition needs a key that matches [a-z][a-z0-9-]{0,62}.")


def _concluded(report: Report, files: int, *, judged_all: bool) -> Report:
    listed = report.content.setdefault("findings", [])
    found = listed if isinstance(listed, list) else []
    errors = sum(isinstance(one, dict) and one["severity"] == "error" for one in found)
    report.lines.append(f"{files} file(s), {errors} error(s), {len(found) - errors} warning(s)")
    report.content["not_judged"] = [] if judged_all else list(NOT_JUDGED)
    if not judged_all:
        report.lines.append(_NOT_JUDGED)
    return report
