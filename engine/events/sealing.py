"""Events that were accepted before a field was declared personal: what they tell of it is taken out and sealed."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from engine.events.personal import Taken
from engine.secrets.keyring import KeyRing
from rules.limits import escape


def last_place(session: Session) -> int:
    """The last place in the log."""
    return int(session.connection().execute(_LAST).scalar_one())


def seal_events(session: Session, keys: KeyRing, names: Collection[str], *, after: int, upto: int) -> None:
    """Seal the personal parts of events from behind one place in the log up to another."""
    given = {"after": after, "upto": upto, "names": list(names)}
    for row in session.connection().execute(_PLAIN, given).all():
        personal: Taken = keys.open_json(bytes(row.personal_enc)) if row.personal_enc else {}
        left = {name: value for name, value in row.data.items() if name not in names}
        personal |= {f"/{escape(name)}": row.data[name] for name in names if row.data.get(name) is not None}
        sealed = keys.seal_json(personal) if personal else None
        session.connection().execute(_SEAL, {"seq": row.seq, "data": left, "sealed": sealed})


_LAST = text("SELECT COALESCE(max(seq), 0) FROM events")
_PLAIN = text("""
    SELECT seq, data, personal_enc FROM events
    WHERE seq > :after AND seq <= :upto AND jsonb_exists_any(data, :names) ORDER BY seq""")
_SEAL = text("UPDATE events SET data = :data, personal_enc = :sealed WHERE seq = :seq").bindparams(
    bindparam("data", type_=JSONB)
)
