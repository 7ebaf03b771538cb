"""Decisions: what a published ruleset says of a member and some facts, and the record of what it said."""

from collections.abc import Sequence
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import Depends, Path, Response
from sqlalchemy.orm import Session

from engine.decisions import records
from engine.decisions.asking import Asker, Question, ask, subject_of
from engine.decisions.changing import would_change
from engine.decisions.errors import DecisionError
from engine.decisions.records import Made
from engine.decisions.rulesets import Ruleset, draft_ruleset
from engine.decisions.showing import Shown, show
from engine.definitions.errors import DefinitionError
from engine.definitions.kinds import KEY
from ui.api.decision_answers import (
    BatchAnswer,
    BatchBody,
    DecisionAnswer,
    DecisionBody,
    RecordAnswer,
    RefusedAnswer,
)  # fmt: skip
from ui.definitions.checking import check_context
from ui.http.auth import Caller, require
from ui.http.idempotency import NOT_KEPT
from ui.http.lists import LARGEST
from ui.http.routing import api_router
from ui.translations import problem_of

router = api_router(tags=["Decisions"])

Asking = Annotated[Caller, Depends(require("decisions"))]
Key = Annotated[str, Path(pattern=f"^{KEY.pattern}$")]


@router.post("/decisions/{ruleset}")
def decide(caller: Asking, ruleset: Key, body: DecisionBody, response: Response) -> DecisionAnswer:
    """What the ruleset says. Given facts win over those that are known; missing ones make it uncertain.

    An outcome that is made of personal data is answered and kept nowhere: an `Idempotency-Key` does not repeat it.
    """
    question = body.question(caller.now())
    with caller.begin() as session:
        chosen = _chosen(session, caller, ruleset, body.version)
        subject = subject_of(session, caller.deps.keys, question)
        [made] = ask(session, caller.deps.keys, chosen, [(question, subject)], asker=_asker(caller), at=caller.now())
    _keep_personal_nowhere(chosen, response)
    answer = _answer(made, chosen)
    if answer.explanation is not None:
        answer.explanation["would_change"] = would_change(
            chosen.table, made.facts, now=made.now, zone=made.zone, proofs=caller.deps.proofs
        )
    return answer


@router.post("/decisions/{ruleset}/batch")
def decide_batch(caller: Asking, ruleset: Key, body: BatchBody, response: Response) -> BatchAnswer:
    """At most 1,000 questions. One that cannot be asked, of an unknown member say, does not stop the others.

    Explanations do not tell here what would have changed the outcome: `GET /decisions/{id}` does.
    """
    answers: list[DecisionAnswer | RefusedAnswer | None] = [None] * len(body.items)
    with caller.begin() as session:
        for version in dict.fromkeys(item.version for item in body.items):
            places = [i for i, item in enumerate(body.items) if item.version == version]
            chosen = _chosen(session, caller, ruleset, version)
            _keep_personal_nowhere(chosen, response)
            found = _asked(session, caller, chosen, [body.items[i].question(caller.now()) for i in places])
            for i, answer in zip(places, found, strict=True):
                answers[i] = answer
    return BatchAnswer(items=[answer for answer in answers if answer is not None])


@router.get("/decisions/{decision_id}")
def read_decision(caller: Asking, decision_id: Annotated[int, Path(ge=1, le=LARGEST)]) -> RecordAnswer:
    """A decision as it was made, explained again from its version and the facts that it read."""
    with caller.begin() as session:
        shown = show(session, caller.deps.keys, caller.deps.rulesets, records.find(session, decision_id))
    answer = _record(shown)
    if answer.explanation is not None and shown.table is not None:
        record = shown.record
        answer.explanation["would_change"] = would_change(
            shown.table, shown.known, now=record.now, zone=ZoneInfo(record.zone), proofs=caller.deps.proofs
        )
    return answer


def _keep_personal_nowhere(ruleset: Ruleset, response: Response) -> None:
    """Have the answer not kept for a repetition, if it may tell personal data in plain."""
    if ruleset.table.personal_outputs:
        response.headers["Cache-Control"] = NOT_KEPT


def _asked(
    session: Session, caller: Caller, chosen: Ruleset, questions: Sequence[Question]
) -> list[DecisionAnswer | RefusedAnswer]:
    """The answers to questions about one version."""
    answers: list[DecisionAnswer | RefusedAnswer | None] = [None] * len(questions)
    askable = []
    for i, question in enumerate(questions):
        try:
            askable.append((i, question, subject_of(session, caller.deps.keys, question)))
        except DecisionError as error:
            answers[i] = _refused(error)
    made = ask(
        session,
        caller.deps.keys,
        chosen,
        [(question, subject) for _, question, subject in askable],
        asker=_asker(caller),
        at=caller.now(),
    )
    for (i, _, _), each in zip(askable, made, strict=True):
        answers[i] = _answer(each, chosen)
    return [answer for answer in answers if answer is not None]


def _chosen(session: Session, caller: Caller, key: str, version: int | str | None) -> Ruleset:
    match version:
        case None:
            return caller.deps.rulesets.live(session, key)
        case int() as n:
            return caller.deps.rulesets.version(session, key, n)
        case _:
            with caller.deps.database.begin() as seeing_all:
                return draft_ruleset(seeing_all, key, check_context(caller.deps, seeing_all))


def _asker(caller: Caller) -> Asker:
    """A key that is bound to one store keeps what it asks of nobody there."""
    stores = caller.stores
    return Asker(caller.actor, stores[0] if stores != "*" and len(stores) == 1 else None)


def _answer(made: Made, ruleset: Ruleset) -> DecisionAnswer:
    decision = made.decision
    return DecisionAnswer(
        decision_id=str(made.id),
        outcome=decision.outcome,
        reason=decision.reason,
        rows=list(decision.rows),
        missing=list(decision.missing),
        version=ruleset.version,
        hash=ruleset.hash,
        trouble=decision.trouble,
        explanation=dict(made.explanation) if made.explanation is not None else None,
    )


def _refused(error: DecisionError | DefinitionError) -> RefusedAnswer:
    body = problem_of(error).body()
    return RefusedAnswer.model_validate({name: body[name] for name in ("status", "title", "detail")})


def _record(shown: Shown) -> RecordAnswer:
    record = shown.record
    return RecordAnswer(
        decision_id=str(record.id),
        outcome=shown.outcome,
        reason=record.reason,
        rows=record.rows,
        missing=record.missing,
        version=record.version,
        hash=record.hash,
        trouble=record.trouble,
        explanation=shown.explanation,
        ruleset=record.ruleset,
        at=record.at,
        by=record.by,
        now=record.now,
        time_zone=record.zone,
        member=None if record.member_id is None else str(record.member_id),
        store=shown.store,
        facts=shown.facts,
    )
