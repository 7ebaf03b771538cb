"""`check` and `test`: what can be said about files without a service."""

from collections.abc import Sequence
from pathlib import Path

from engine.definitions import checks
from engine.definitions.context import context_without_service
from engine.definitions.errors import NotPublishableError
from engine.journeys.catalogue import Catalogue
from engine.journeys.context import Proofs
from rules.documents.report import Report
from rules.types import Json
from ui.definition_files.files import DefinitionFile, read_files
from ui.definition_files.outcome import Located, Outcome

NOT_JUDGED = {
    "zh": "未连接服务：没有核对引用、总部自定义字段和与其他旅程的重叠。",
    "en": "Without a service: references, HQ's own fields and overlaps with other journeys were not judged.",
}
NOT_PLAYED = {
    "zh": "测试没有运行：旅程用到的规则集不在这些文件里。请把规则集的文件一起给出。",
    "en": "The tests were not played: a ruleset that the journey asks is not among the files. Name its file too.",
}


def check_files(paths: Sequence[Path], catalogue: Catalogue, language: str, proofs: Proofs | None = None) -> Outcome:
    """All findings; not well when one is an error."""
    files, found = read_files(paths)
    read, rulesets = len(files) + len(found), _rulesets(files)
    for file in files:
        findings = checks.find_without_service(file.kind, file.source.document, catalogue, proofs, rulesets)
        found += [file.locate(one.code, one.severity, one.pointer, one.message) for one in findings]
    outcome = Outcome(data={"findings": [one.to_json() for one in found], "without_service": True})
    tell_findings(outcome, found, language)
    outcome.lines += [counted(read, len(found), language), NOT_JUDGED[language]]
    return outcome


def play_files(paths: Sequence[Path], catalogue: Catalogue, language: str) -> Outcome:
    """Play every embedded test; not well when one fails or cannot be played."""
    files, found = read_files(paths)
    outcome = Outcome(data={"without_service": True})
    played: list[Json] = []
    around = context_without_service(catalogue, rulesets=_rulesets(files))
    for file in files:
        try:
            report = checks.run(file.kind, None, file.source.document, around)
        except NotPublishableError as error:
            findings = [one for one in error.findings if one.severity == "error"]
            found += [file.locate(one.code, one.severity, one.pointer, one.message) for one in findings]
            found += [] if findings else [file.locate("not-available", "error", "", NOT_PLAYED)]
            continue
        played.append({"file": str(file.path), **report.to_json()})
        _tell_report(outcome, file, report)
    tell_findings(outcome, found, language)
    outcome.data |= {"files": played, "findings": [one.to_json() for one in found]}
    outcome.lines.append(NOT_JUDGED[language])
    return outcome


def _rulesets(files: Sequence[DefinitionFile]) -> list[dict[str, Json]]:
    """The rulesets among the files: journeys that ask them are judged and played with them."""
    return [file.source.document for file in files if file.kind == "ruleset"]


def tell_findings(outcome: Outcome, found: Sequence[Located], language: str) -> None:
    """Tell of findings, in the order of files and lines."""
    for one in sorted(found, key=lambda one: (one.file, one.place.line, one.place.column)):
        outcome.lines.append(one.line(language))
        outcome.ok &= one.severity != "error"


def counted(files: int, findings: int, language: str) -> str:
    """How many files were read, those that cannot be used included, and how much was found in them."""
    if language == "zh":
        return f"{files} 个文件，{findings} 处问题"
    return f"{files} {'file' if files == 1 else 'files'}, {findings} {'finding' if findings == 1 else 'findings'}"


def _tell_report(outcome: Outcome, file: DefinitionFile, report: Report) -> None:
    for i, test in enumerate(report.tests):
        if test.ok:
            outcome.lines.append(f"{file.path}: ok       {test.name}")
            continue
        place = file.source.place(f"/tests/{i}")
        outcome.fail(f"{file.path}:{place.line}:{place.column}: failed   {test.name}")
        for difference in test.differences:
            expected, actual = difference.expected, difference.actual
            outcome.lines.append(f"    {difference.field}: expected {expected!r}, got {actual!r}")
    visited = sum(bool(seen) for *_, seen in report.coverage)
    count = len(report.coverage)
    outcome.lines.append(f"{file.path}: {len(report.tests)} test(s) visit {visited} of {count} {report.places}")
    left = [words for *words, seen in report.coverage if not seen]
    outcome.lines += [f"    never visited: {' by '.join(map(str, words))}" for words in left]
