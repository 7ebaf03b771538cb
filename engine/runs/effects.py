"""Effects: one row per (run, node, visit), which holds what was asked, how often it failed and what it came to.

`state` is asked (to be done, or to be tried again), started (a remote attempt is under way), then for good settled,
failed, cancelled (the run ended and no attempt was under way) or unknown (an attempt was lost that must not be
repeated: its type forbids it, or the run has ended).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from engine.database import direct
from engine.journeys.state import Failure, Outcome
from engine.runs.models import Effect
from engine.secrets.keyring import KeyRing
from rules.types import Json

FINAL = frozenset({"settled", "failed", "cancelled", "unknown"})
UNKNOWN_OUTCOME = "unknown-outcome"


@dataclass(frozen=True)
class EffectKey:
    """The stable key of an effect. Outside it is written `run/node/visit`, in a run's state `node:visit`."""

    run_id: int
    node: str
    visit: int

    @classmethod
    def of_run(cls, run_id: int, key: str) -> EffectKey:
        """The key as the interpreter names it, of this run."""
        node, _, visit = key.rpartition(":")
        return cls(run_id, node, int(visit))

    @classmethod
    def parse(cls, text: str) -> EffectKey:
        """The key as it was written by `str`."""
        run_id, node, visit = text.split("/")
        return cls(int(run_id), node, int(visit))

    def __str__(self) -> str:
        return f"{self.run_id}/{self.node}/{self.visit}"

    @property
    def in_run(self) -> str:
        """The key as the interpreter names it."""
        return f"{self.node}:{self.visit}"


def find(session: Session, key: EffectKey, *, lock: bool = False) -> Effect | None:
    """The effect's row, if there is one; `lock` makes others wait. What is changed in it is written by `save`."""
    query = f"{_FIND} FOR NO KEY UPDATE" if lock else _FIND
    found = direct.objects(session, Effect, query, asdict(key))
    return found[0] if found else None


def save(session: Session, effect: Effect) -> None:
    """Write the row, which may be new."""
    direct.execute(session, _SAVE, {name: getattr(effect, name) for name in _NAMES})


def ask(key: EffectKey, *, journey: str, type_name: str, contact: str, params: bytes | None, now: datetime) -> Effect:
    """A row for an effect that is asked for the first time; `params` are sealed, None where there are none."""
    return Effect(
        run_id=key.run_id,
        node=key.node,
        visit=key.visit,
        journey=journey,
        type=type_name,
        contact=contact,
        params_enc=params,
        asked_at=now,
    )


def key_outside(effect: Effect) -> str:
    """The key under which the world outside knows it: for good, whatever a migration calls its node."""
    return effect.known_as or str(EffectKey(effect.run_id, effect.node, effect.visit))


def of_runs(session: Session, run_ids: Iterable[int]) -> dict[int, list[Effect]]:
    """All effects of some runs."""
    found: dict[int, list[Effect]] = {}
    for row in direct.objects(session, Effect, _OF_RUNS, {"runs": list(run_ids)}):
        found.setdefault(row.run_id, []).append(row)
    return found


def carry(session: Session, key: EffectKey, to: EffectKey) -> None:
    """Let an effect stand at another node. Outside it keeps the key that it had."""
    given = {**asdict(key), "to_node": to.node, "to_visit": to.visit, "known_as": str(key)}
    direct.execute(session, _CARRY, given)


def settle(effect: Effect, port: str, value: Mapping[str, Json], *, keys: KeyRing, now: datetime) -> None:
    """The effect has happened; its outcome is stored for good."""
    effect.state, effect.port, effect.settled_at, effect.error = "settled", port, now, None
    effect.result_enc = keys.seal_json(dict(value)) if value else None


def fail_once(effect: Effect, failure: Failure) -> None:
    """An attempt failed and another one will follow."""
    effect.state = "asked"
    effect.failures += 1
    effect.error = describe(failure)


def fail(effect: Effect, failure: Failure, *, now: datetime) -> None:
    """The last attempt failed."""
    effect.state, effect.settled_at = "unknown" if failure.code == UNKNOWN_OUTCOME else "failed", now
    effect.failures += 1
    effect.error = describe(failure)


def abandon(effect: Effect, *, now: datetime) -> None:
    """The run has ended and no new attempt begins. What came of one that was under way is unknown unless it comes."""
    effect.state, effect.settled_at = "unknown" if effect.state == "started" else "cancelled", now


def cancel_asked(session: Session, run_id: int, *, now: datetime) -> None:
    """A run has ended: what was asked of it and is not under way does not begin any more."""
    direct.execute(session, _CANCEL_ASKED, {"run": run_id, "now": now})


def ask_again(effect: Effect, *, now: datetime) -> None:
    """An operator wants a failed effect tried anew, under the same key."""
    effect.state, effect.failures, effect.error = "asked", 0, None
    effect.asked_at, effect.started_at, effect.settled_at = now, None, None


def outcome_of(effect: Effect, keys: KeyRing) -> Outcome | None:
    """What the effect came to, as the interpreter takes it; None while that is open."""
    key = EffectKey(effect.run_id, effect.node, effect.visit).in_run
    match effect.state:
        case "settled":
            result: dict[str, Any] = keys.open_json(effect.result_enc) if effect.result_enc else {}
            return Outcome(key, effect.port or "done", result)
        case "failed" | "unknown":
            code, _, message = (effect.error or "failed: ").partition(": ")
            return Outcome(key, failure=Failure(code, message, final=True))
        case _:
            return None


def describe(failure: Failure) -> str:
    """A failure in one line, as it is kept and read back."""
    return f"{failure.code}: {failure.message}"


_CANCEL_ASKED = """
UPDATE effects SET state = 'cancelled', settled_at = %(now)s WHERE run_id = %(run)s AND state = 'asked'"""
_OF_RUNS = "SELECT * FROM effects WHERE run_id = ANY(%(runs)s)"
_CARRY = """
UPDATE effects SET node = %(to_node)s, visit = %(to_visit)s, known_as = COALESCE(known_as, %(known_as)s)
WHERE run_id = %(run_id)s AND node = %(node)s AND visit = %(visit)s"""
_NAMES = tuple(Effect.model_fields)
_KEY = ("run_id", "node", "visit")
_FIND = "SELECT * FROM effects WHERE run_id = %(run_id)s AND node = %(node)s AND visit = %(visit)s"
_SAVE = f"""
INSERT INTO effects ({", ".join(_NAMES)}) VALUES ({", ".join(f"%({name})s" for name in _NAMES)})
ON CONFLICT (run_id, node, visit) DO UPDATE SET {", ".join(f"{n} = EXCLUDED.{n}" for n in _NAMES if n not in _KEY)}"""  # noqa: S608 - our columns
