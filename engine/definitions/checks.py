"""Check and test a document, with a service around it or without."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

from engine.definitions.context import context_without_service
from engine.definitions.errors import NotPublishableError
from engine.definitions.kinds import Kind
from engine.definitions.source import value_at
from engine.fields.check import check as check_fields
from engine.journeys.catalogue import Catalogue
from engine.journeys.check import check
from engine.journeys.compiled import compiled, compiled_if_it_runs
from engine.journeys.context import CheckContext, Proofs
from engine.journeys.findings import Finding, finding
from engine.journeys.parse import parse
from engine.journeys.plan import bundle_of
from engine.journeys.report import run_tests
from engine.rulesets import check as rulesets
from engine.rulesets.bundle import bundle_of as ruleset_bundle
from rules.documents.report import Report
from rules.types import Json


def find(kind: Kind, key: str | None, document: dict[str, Json], context: CheckContext) -> list[Finding]:
    """All findings, by place. `key` is that under which the document is kept, None for a file of its own."""
    match kind:
        case "journey":
            return _keyed(key, document, check(document, context))
        case "ruleset":
            return _keyed(key, document, rulesets.check(document, context))
        case "fields":
            return _keyed(key, document, check_fields(key, document, context))
        case _:
            zh = f"还不能发布：本版本不执行 {kind}。"
            en = f"It cannot be published: this release does not execute a {kind} yet."
            return [finding("not-available", "", zh, en)]


def _keyed(key: str | None, document: dict[str, Json], findings: list[Finding]) -> list[Finding]:
    """With a finding about a document's key that is not the one under which it is kept."""
    given = document.get("key")
    if key is not None and isinstance(given, str) and given != key:
        zh = f"发布后会找不到它：文档的 key 是“{given[:63]}”，却保存为 {key}。请改成一样的。"
        en = (
            f"Nobody would find it once published: its key is {given[:63]!r}, yet it is kept as {key!r}. Make them one."
        )
        findings = [*findings, finding("schema", "/key", zh, en)]
    return findings


def find_without_service(
    kind: Kind,
    document: dict[str, Json],
    catalogue: Catalogue,
    proofs: Proofs | None = None,
    rulesets: Sequence[Mapping[str, Json]] = (),
) -> list[Finding]:
    """What can be found without a service. A member's field that we do not know may be HQ's own: only a warning.

    `rulesets` are documents that count as published.
    """
    found = find(kind, None, document, context_without_service(catalogue, proofs, rulesets))
    return [_doubted(each) if _is_members_field(each, document) else each for each in found]


def run(kind: Kind, key: str | None, document: dict[str, Json], context: CheckContext) -> Report:
    """Play the document's tests. Raises NotPublishableError when its findings do not let them run."""
    match kind:
        case "journey":
            report = _played(document, context)
        case "ruleset":
            report = rulesets.report(document, context)
        case "fields":
            _demand_no_errors(find(kind, key, document, context))
            report = Report((), (), "ports", ("node", "port"))
        case _:
            report = None
    if report is None:
        raise NotPublishableError(find(kind, key, document, context))
    return report


def bundle(kind: Kind, document: dict[str, Json], context: CheckContext) -> Json:
    """All that a document without errors resolves to."""
    match kind:
        case "ruleset":
            return ruleset_bundle(document, context)
        case "fields":
            return {"document": document}
        case _:
            plan = compiled(document, context)
            return bundle_of(document, plan, context.fields, context.events, context.conditions)


def _demand_no_errors(findings: list[Finding]) -> None:
    if any(each.severity == "error" for each in findings):
        raise NotPublishableError(findings)


def _is_members_field(found: Finding, document: dict[str, Json]) -> bool:
    return found.code == "unknown-field" and "member." in json.dumps(value_at(document, found.pointer))


def _doubted(found: Finding) -> Finding:
    zh = f"{found.message['zh']}(如果是总部自定义的会员字段，连接服务后才能核对。)"
    en = f"{found.message['en']} (A field of HQ's own is known only to the service.)"
    return replace(found, severity="warning", message={"zh": zh, "en": en})


def _played(document: dict[str, Json], context: CheckContext) -> Report | None:
    journey, _ = parse(document)
    plan = compiled_if_it_runs(document, context)
    return run_tests(plan, journey.tests) if journey is not None and plan is not None else None
