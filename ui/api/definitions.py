"""Definitions: drafts, their checks and tests, publishing, versions.

Definitions belong to the whole chain: a key that is bound to a region or store may read them and change none.
"""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Body, Depends, Path, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from engine.definitions import checks, drafts, versions
from engine.definitions.accepted import Accepting, accept
from engine.definitions.diff import diff
from engine.definitions.errors import NotReadableError
from engine.definitions.kinds import KEY, Kind
from engine.definitions.listing import Listed, list_shown, show
from engine.definitions.models import Live, Version
from engine.definitions.publish import Choice, publish
from engine.definitions.source import Source, read_source
from engine.edits import store
from engine.journeys.findings import Finding
from rules.types import Json
from ui.api.definition_answers import (
    JSON_ANSWER,
    JSON_BODY,
    OPTIONAL_BODY,
    AcceptBody,
    ChangeAnswer,
    DefinitionItem,
    DefinitionList,
    DiffAnswer,
    DraftAnswer,
    FindingAnswer,
    FindingsAnswer,
    PublishAnswer,
    PublishRequest,
    TestsAnswer,
    VersionAnswer,
    VersionItem,
    VersionList,
)
from ui.definitions.checking import as_seen, check, check_context, find
from ui.definitions.presentable import presentable, two_titles
from ui.http.auth import Caller, require
from ui.http.conditional import IfMatch, revision_tag, revisions_in
from ui.http.lists import LARGEST_VERSION, KeyCursor, Limit, VersionCursor, page, part
from ui.http.problems import FieldError, Forbidden, NotFound, Unprocessable
from ui.http.routing import api_router, demand_json

router = api_router(tags=["Definitions"])

Reader = Annotated[Caller, Depends(require("definitions"))]
Key = Annotated[str, Path(pattern=f"^{KEY.pattern}$")]
Number = Annotated[int, Path(ge=1, le=LARGEST_VERSION)]


def author(caller: Reader) -> Caller:
    """The caller, if they may change what holds for the whole chain."""
    if caller.stores != "*":
        raise Forbidden(
            "Definitions hold for the whole chain: this key is bound to a region or store and may only read."
        )
    return caller


Author = Annotated[Caller, Depends(author)]


@router.get("/definitions/{kind}")
def list_definitions(caller: Reader, kind: Kind, limit: Limit = 50, cursor: KeyCursor = None) -> DefinitionList:
    """All definitions of a kind, by key."""
    with caller.begin() as session:
        found = sorted(list_shown(session, kind), key=lambda shown: shown.key)
    listed, more = part(found, limit, cursor, lambda shown: shown.key)
    return DefinitionList(items=[_item(shown) for shown in listed], next=more)


@router.get("/definitions/{kind}/{key}")
def read_definition(caller: Reader, kind: Kind, key: Key) -> DefinitionItem:
    """What stands under this key, without the document."""
    with caller.begin() as session:
        shown = show(session, kind, key)
    if shown is None:
        raise NotFound(f"There is no {kind} {key!r}, neither published nor as a draft.")
    return _item(shown)


@router.get("/definitions/{kind}/{key}/draft", response_class=Response, responses=JSON_ANSWER)
def read_draft(caller: Reader, kind: Kind, key: Key) -> Response:
    """The draft as it was sent; its revision is the ETag."""
    with caller.begin() as session:
        draft = drafts.read_draft(session, kind, key)
    return Response(draft.document, media_type="application/json", headers={"ETag": revision_tag(draft.revision)})


@router.put(
    "/definitions/{kind}/{key}/draft",
    openapi_extra=JSON_BODY,
    responses={201: {"model": DraftAnswer, "description": "The draft was created"}},
)
async def put_draft(
    request: Request, response: Response, caller: Author, kind: Kind, key: str, if_match: IfMatch = None
) -> DraftAnswer:
    """Store any JSON object as the draft, however unfinished, and say what the checks find."""
    if not KEY.fullmatch(key):
        raise Unprocessable("This key cannot be used.", errors=[FieldError("key", f"Keys match {KEY.pattern}.")])
    await demand_json(request)
    text = _decoded(await request.body())
    answer, created = await run_in_threadpool(_save, caller, kind, key, text, revisions_in(if_match))
    response.headers["ETag"] = revision_tag(answer.revision)
    response.status_code = 201 if created else 200
    return answer


def _save(
    caller: Caller, kind: Kind, key: str, text: str, if_match: frozenset[str] | None, told: Json = None
) -> tuple[DraftAnswer, bool]:
    with caller.begin() as session:
        created = drafts.find_draft(session, kind, key) is None
        now = caller.now()
        draft = store.put_draft(session, kind, key, text, by=caller.actor, now=now, if_match=if_match, told=told)
        revision = draft.revision
    return DraftAnswer(revision=revision, findings=findings_of(caller, kind, key, read_source(text))), created


@router.delete("/definitions/{kind}/{key}/draft", status_code=204)
def delete_draft(caller: Author, kind: Kind, key: Key, if_match: IfMatch = None) -> None:
    """Throw the draft away; published versions stay."""
    with caller.begin() as session:
        store.delete_draft(session, kind, key, by=caller.actor, now=caller.now(), if_match=revisions_in(if_match))


@router.post("/definitions/{kind}/{key}/draft/check", openapi_extra=OPTIONAL_BODY)
async def check_draft(request: Request, caller: Reader, kind: Kind, key: Key) -> FindingsAnswer:
    """All that the checks find in the draft, or in the document that is sent; nothing is stored."""
    text = await _sent(request)
    return await run_in_threadpool(_check, caller, kind, key, text)


def _check(caller: Caller, kind: Kind, key: str, text: str | None) -> FindingsAnswer:
    source = read_source(text) if text is not None else _draft(caller, kind, key)
    return FindingsAnswer(findings=findings_of(caller, kind, key, source))


@router.post("/definitions/{kind}/{key}/draft/test", openapi_extra=OPTIONAL_BODY)
async def test_draft(request: Request, caller: Reader, kind: Kind, key: Key) -> TestsAnswer:
    """Run the tests of the draft, or of the document that is sent; 422 when its format does not let them run."""
    text = await _sent(request)
    return await run_in_threadpool(_test, caller, kind, key, text)


def _test(caller: Caller, kind: Kind, key: str, text: str | None) -> TestsAnswer:
    document = (read_source(text) if text is not None else _draft(caller, kind, key)).document
    with caller.deps.database.begin() as session:
        report = checks.run(kind, key, document, check_context(caller.deps, session))
    return TestsAnswer.model_validate(presentable(report.to_json()))


@router.post("/definitions/{kind}/{key}/draft/findings/accept")
def accept_finding(caller: Author, kind: Kind, key: Key, body: AcceptBody) -> FindingsAnswer:
    """Accept warnings of one code about just these rows. They come back when what they are about changes."""
    checked = check(caller.deps, kind, key, _draft(caller, kind, key).document)
    with caller.begin() as session:
        accepting = Accepting(body.code, body.rows, body.reason, body.pointer, body.other)
        accept(session, checked, accepting, by=caller.actor, now=caller.now())
    return FindingsAnswer(findings=_answers(as_seen(caller.deps, checked, in_sight=caller.begin)))


@router.get("/definitions/{kind}/{key}/draft/diff")
def diff_draft(caller: Reader, kind: Kind, key: Key) -> DiffAnswer:
    """How the draft differs from the live version."""
    with caller.begin() as session:
        draft = read_source(drafts.read_draft(session, kind, key).document)
        live = versions.find_live_version(session, kind, key)
    before = read_source(live.document).document if live else {}
    changes = [
        ChangeAnswer(
            op=change.op, pointer=change.pointer, before=presentable(change.before), after=presentable(change.after)
        )
        for change in diff(before, draft.document)
    ]
    found = findings_of(caller, kind, key, draft) if live and kind == "ruleset" else []
    outcomes = [each for each in found if each.code == "changed"]
    return DiffAnswer(version=live.n if live else None, changes=changes, outcomes=outcomes)


@router.post("/definitions/{kind}/{key}/publish", status_code=201)
def publish_draft(
    caller: Author,
    kind: Kind,
    key: Key,
    body: Annotated[PublishRequest | None, Body()] = None,
    if_match: IfMatch = None,
) -> PublishAnswer:
    """Make the draft the live version. Every event that is accepted after the answer is matched against it.

    `If-Match` takes the draft's ETag, and `hash` the hash of what was read: a draft that was changed since is not
    published.
    """
    asked = body or PublishRequest()
    choice = Choice(asked.note, asked.in_flight, asked.hash, revisions_in(if_match))
    with caller.begin() as session:
        done = publish(
            session,
            kind,
            key,
            catalogue=caller.deps.catalogue,
            by=caller.actor,
            now=caller.now(),
            choice=choice,
            proofs=caller.deps.proofs,
            approvals=caller.deps.approvals,
        )
    job = None if done.job is None else str(done.job)
    return PublishAnswer(version=done.version, hash=done.hash, bundle_hash=done.bundle_hash, job=job)


@router.get("/definitions/{kind}/{key}/versions")
def list_versions(caller: Reader, kind: Kind, key: Key, limit: Limit = 50, cursor: VersionCursor = None) -> VersionList:
    """The published versions, newest first."""
    with caller.begin() as session:
        found = versions.list_versions(session, kind, key, limit=limit + 1, before=cursor)
        live = session.get(Live, (kind, key))
    if live is None:
        raise NotFound(f"No version of {kind}/{key} was published.")
    listed, more = page(found, limit, lambda one: str(one.n))
    return VersionList(items=[VersionItem(**_version(one, live)) for one in listed], next=more)


@router.get("/definitions/{kind}/{key}/versions/{n}")
def read_version(caller: Reader, kind: Kind, key: Key, n: Number) -> VersionAnswer:
    """One published version with its document."""
    with caller.begin() as session:
        found = versions.read_version(session, kind, key, n)
        live = session.get(Live, (kind, key))
    return VersionAnswer(**_version(found, live), document=read_source(found.document).document)


@router.post("/definitions/{kind}/{key}/versions/{n}/restore")
def restore_version(response: Response, caller: Author, kind: Kind, key: Key, n: Number) -> DraftAnswer:
    """Make a published version the draft again."""
    with caller.begin() as session:
        text = versions.read_version(session, kind, key, n).document
    answer, _ = _save(caller, kind, key, text, None, {"command": "restore", "version": n})
    response.headers["ETag"] = revision_tag(answer.revision)
    return answer


def _draft(caller: Caller, kind: Kind, key: str) -> Source:
    with caller.begin() as session:
        return read_source(drafts.read_draft(session, kind, key).document)


def findings_of(caller: Caller, kind: Kind, key: str, source: Source) -> list[FindingAnswer]:
    """All that the checks find in a document."""
    return _answers(find(caller.deps, kind, key, source.document, in_sight=caller.begin))


def _answers(found: Sequence[Finding]) -> list[FindingAnswer]:
    return [FindingAnswer.model_validate(presentable(finding.to_json())) for finding in found]


async def _sent(request: Request) -> str | None:
    """The document in the body, if there is one."""
    if not await request.body():
        return None
    await demand_json(request)
    return _decoded(await request.body())


def _decoded(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        raise NotReadableError(
            "the text is not UTF-8", line, error.start - body.rfind(b"\n", 0, error.start)
        ) from error


def _item(shown: Listed) -> DefinitionItem:
    return DefinitionItem(
        kind=shown.kind,
        key=shown.key,
        title=two_titles(shown.title, shown.key),
        state=shown.condition,
        version=shown.version,
        hash=shown.hash,
        updated_at=shown.at,
        updated_by=shown.by,
        draft=shown.draft_at is not None,
    )


def _version(found: Version, live: Live | None) -> dict[str, Any]:
    return {
        "version": found.n,
        "hash": found.hash,
        "bundle_hash": found.bundle_hash,
        "note": found.note,
        "published_at": found.published_at,
        "published_by": found.published_by,
        "approved_by": found.approved_by,
        "live": live is not None and live.version == found.n and live.state != "retired",
    }
