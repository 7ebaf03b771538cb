"""A router in a process of its own that kills itself while it tells the chosen: in a transaction, or right behind one.

python -m tests.workflows.dying_router DATABASE_URL KEYS NOW open|choose|tell before|after
"""

from __future__ import annotations

import os
import signal
import sys
from datetime import datetime

from engine.clock import FixedClock
from engine.database.connection import Database
from engine.definitions.plans import Plans
from engine.occurrences import choosing, issuing, opening
from engine.secrets.keyring import KeyRing


def main(url: str, key_text: str, now_text: str, step: str, moment: str) -> None:
    """Do one transaction of a step, and die before or after its commit."""
    database, keys, clock = Database(url), KeyRing.from_text(key_text), FixedClock(datetime.fromisoformat(now_text))
    plans, now = Plans({}), clock.now()
    with database.begin() as session:
        if step == "open":
            [(journey, entry)] = opening.due_clocks(session, now)
            opening.open_due(session, journey, entry, plans=plans, now=now)
        elif step == "choose":
            choosing.choose_page(session, choosing.unchosen(session)[0], plans=plans, keys=keys, now=now)
        else:
            issuing.tell_page(session, issuing.untold(session, now)[0], plans=plans, keys=keys, now=now)
        if moment == "before":
            os.kill(os.getpid(), signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main(*sys.argv[1:])
