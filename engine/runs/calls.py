"""Journeys that others start or call. A journey node asks by an event, `run.requested`, accepted in the turn's own
transaction; routing decides it in the order of the member's log, as any entry, and answers in the effect's row.

    turn       asks: effect, call, event                               ask
    routing    enters, or says why not; of a start that is the answer   question_of, entered, refused
    turn       of the called run: its end answers the call              returned
    turn       of the caller takes the answer                           take

Each caller asks once per visit (an operator's retry asks again). Its age, goal and exits act meanwhile; whom it has
called goes on without it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from engine.database import direct
from engine.events.incoming import INTERNAL, IncomingEvent
from engine.events.ingest import ingest
from engine.journeys.start import BY_HAND
from engine.journeys.state import EventIn, Failure
from engine.journeys.steps import Called
from engine.journeys.turn import TurnResult
from engine.runs import effects
from engine.runs.effects import FINAL, EffectKey
from engine.runs.models import Call, Run
from engine.secrets.keyring import KeyRing
from rules.types import Json

SOURCE = f"{INTERNAL}calls"
MAX_DEPTH = 10
"""So many journeys may call, or begin, one another in a row; a run that began one after an hour begins a new row."""
_A_NEW_ROW = timedelta(hours=1)

WHY = {
    "once": "the member has been there, and it is entered once",
    "live": "the member is there already",
    "cooldown": "the member was there too lately",
    "too-old": "it was asked so long ago that the journey lets nobody in by it any more",
    "changed": "no entry of the journey lets the member in by this call",
    "paused": "the journey is paused",
    "retired": "the journey is not published, or retired",
    "too-deep": f"more than {MAX_DEPTH} journeys would call one another",
    "expired": "the journey that was called ended by its age",
    "ended-by-operator": "an operator ended the journey that was called",
}
"""What a failure says, by its code."""


def ask(session: Session, run: Run, key: EffectKey, called: Called, *, keys: KeyRing, now: datetime) -> None:
    """Ask for the entry, in the turn that holds the member's lock and the run's; nothing that was asked already."""
    row, before = effects.find(session, key), find(session, key)
    if row is not None and row.state not in FINAL:
        return
    row = row or effects.ask(key, journey=run.journey, type_name=called.effect, contact="none", params=None, now=now)
    effects.ask_again(row, now=now)
    effects.save(session, row)
    attempt = before.attempt + 1 if before else 1
    data: dict[str, Json] = {"journey": called.journey, "called_by": str(run.id)}
    event = IncomingEvent(SOURCE, f"{key}/{attempt}", BY_HAND, None, now, data, member_id=run.member_id)
    [seq] = ingest(session, [event], now=now, keys=keys).seqs
    call = Call(
        run_id=run.id,
        node=key.node,
        visit=key.visit,
        journey=called.journey,
        mode=called.mode,
        version=called.pinned.version if called.pinned else None,
        bundle_hash=called.pinned.bundle_hash if called.pinned else None,
        attempt=attempt,
        depth=_depth(session, run, called, now),
        seq=seq or 0,
    )
    direct.execute(session, _SAVE, {name: getattr(call, name) for name in _NAMES})


def find(session: Session, key: EffectKey) -> Call | None:
    """What a journey node asked, if it has."""
    found = direct.objects(session, Call, _FIND, {"run": key.run_id, "node": key.node, "visit": key.visit})
    return found[0] if found else None


def question_of(session: Session, event: EventIn) -> Call | None:
    """The call that an event asks for; None for any other event."""
    if event.type != BY_HAND or event.source != SOURCE:
        return None
    found = direct.objects(session, Call, _BY_SEQ, {"seq": event.seq})
    return found[0] if found else None


def is_waited_for(session: Session, call: Call) -> bool:
    """Whether the caller still stands at the node and waits for the answer."""
    row = effects.find(session, _key(call))
    return call.state == "asked" and row is not None and row.state == "asked"


def entered(session: Session, call: Call, run: Run, *, keys: KeyRing, now: datetime) -> bool:
    """The journey let the member in; whether that answers the caller. Of a holdout nothing is awaited."""
    held_out = run.status == "holdout"
    call.called_run_id = run.id
    if call.mode == "call" and not held_out:
        call.state = "entered"
        _write(session, call)
        return False
    _answer(session, call, {"run": str(run.id), **({"holdout": True} if held_out else {})}, None, keys, now)
    return True


def refused(session: Session, call: Call, why: str, *, keys: KeyRing, now: datetime) -> None:
    """The journey did not let the member in."""
    _answer(session, call, {}, Failure(why, WHY[why], final=True), keys, now)


def returned(session: Session, run: Run, result: TurnResult, *, keys: KeyRing, now: datetime) -> None:
    """A run has ended in this turn: who called it is answered. What it called itself is nobody's concern any more."""
    end = result.state.end
    if end is None:
        return
    direct.execute(session, _FORGET, {"run": run.id})
    for call in direct.objects(session, Call, _WAITING, {"run": run.id}):
        by_operator = end.status == "exited" and not isinstance(result.ended_by, EventIn)
        code = "expired" if end.status == "expired" else "ended-by-operator" if by_operator else None
        failure = Failure(code, WHY[code], final=True) if code else None
        _answer(session, call, {"run": str(run.id), "outcome": end.outcome}, failure, keys, now)


def take(session: Session, key: EffectKey) -> None:
    """The caller's turn has taken the answer."""
    direct.execute(session, _TAKE, {"run": key.run_id, "node": key.node, "visit": key.visit})


def _answer(
    session: Session, call: Call, told: dict[str, Json], failure: Failure | None, keys: KeyRing, now: datetime
) -> None:
    """Settle the effect, unless the caller has ended, and let the caller be looked at."""
    call.state = "over"
    _write(session, call)
    row = effects.find(session, _key(call))
    if row is None or row.state in FINAL:
        return
    if failure is None:
        effects.settle(row, "done", told, keys=keys, now=now)
    else:
        effects.fail(row, failure, now=now)
    effects.save(session, row)
    direct.execute(session, _WAKE, {"run": call.run_id, "now": now})


def _write(session: Session, call: Call) -> None:
    direct.execute(session, _SAVE, {name: getattr(call, name) for name in _NAMES})


def _depth(session: Session, run: Run, called: Called, now: datetime) -> int:
    if called.mode == "start" and now - run.entered_at >= _A_NEW_ROW:
        return 1
    above: int | None = direct.scalars(session, _ABOVE, {"run": run.id})[0]
    return (above or 0) + 1


def _key(call: Call) -> EffectKey:
    return EffectKey(call.run_id, call.node, call.visit)


_NAMES = tuple(Call.model_fields)
_KEY = ("run_id", "node", "visit")
_FIND = "SELECT * FROM calls WHERE run_id = %(run)s AND node = %(node)s AND visit = %(visit)s"
_BY_SEQ = "SELECT * FROM calls WHERE seq = %(seq)s"
_WAITING = "SELECT * FROM calls WHERE called_run_id = %(run)s AND state = 'entered'"
_ABOVE = "SELECT max(depth) FROM calls WHERE called_run_id = %(run)s"
_SAVE = f"""
INSERT INTO calls ({", ".join(_NAMES)}) VALUES ({", ".join(f"%({name})s" for name in _NAMES)})
ON CONFLICT (run_id, node, visit) DO UPDATE SET {", ".join(f"{n} = EXCLUDED.{n}" for n in _NAMES if n not in _KEY)}"""  # noqa: S608 - our columns
_WAKE = "UPDATE runs SET wake_at = %(now)s WHERE id = %(run)s AND ended_at IS NULL"
_TAKE = "UPDATE calls SET taken = TRUE WHERE run_id = %(run)s AND node = %(node)s AND visit = %(visit)s"
_FORGET = "UPDATE calls SET taken = TRUE WHERE run_id = %(run)s AND NOT taken"
