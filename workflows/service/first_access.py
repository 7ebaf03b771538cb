"""The first user and the first keys of a service, as far as settings ask for them."""

from dataclasses import dataclass, field

from engine.access import bootstrap, store
from engine.clock import Clock
from engine.database.connection import Database


@dataclass(frozen=True)
class FirstAccess:
    """What should exist. `first_password` is for an `admin` who does not exist yet, `password` for one who does too."""

    password: str | None = field(default=None, repr=False)
    first_password: str | None = field(default=None, repr=False)
    api_key: str | None = field(default=None, repr=False)
    events_key: str | None = field(default=None, repr=False)

    def grant(self, database: Database, clock: Clock) -> None:
        """Make what is missing; may be called at every start."""
        with database.begin() as session:
            password, now = self.password, clock.now()
            if password is None and store.user_named(session, bootstrap.ADMIN) is None:
                password = self.first_password
            if password:
                bootstrap.ensure_admin(session, password, now=now)
            if self.api_key:
                bootstrap.ensure_key(session, "bootstrap", self.api_key, {"full"}, now=now)
            if self.events_key:
                bootstrap.ensure_key(session, "simulator", self.events_key, {"events"}, now=now)
