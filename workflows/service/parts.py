"""What every role works with, made from its settings."""

from dataclasses import dataclass

from engine.clock import Clock, SystemClock
from engine.database.connection import Database
from engine.database.readiness import NotReadyError, demand_ready
from engine.journeys.catalogue import Catalogue
from engine.secrets.keyring import KeyRing, KeyRingError
from workflows.activities.registry import Activities, catalogue_of
from workflows.service.errors import MisconfiguredError
from workflows.service.first_access import FirstAccess
from workflows.service.plug_ins import add_installed_operators, installed_activities
from workflows.service.settings import Settings, plain


@dataclass(frozen=True)
class Parts:
    """Settings, database, clock, keys and activity types. Made once per process."""

    settings: Settings
    database: Database
    clock: Clock
    keys: KeyRing
    activities: Activities

    @classmethod
    def of(cls, settings: Settings, role: str) -> "Parts":
        """Make them. Raises MisconfiguredError when a setting is missing, or a plug-in cannot be used."""
        add_installed_operators()
        key = plain(settings.secret_key)
        if not key:
            raise MisconfiguredError(
                "WAYSTATION_SECRET_KEY is not set: without it personal data can be neither kept nor read"
            )
        try:
            keys = KeyRing.from_text(key)
        except KeyRingError as error:
            raise MisconfiguredError(str(error)) from error
        database = Database(settings.needed_database_url(), application=f"waystation {role}")
        return cls(settings, database, SystemClock(), keys, installed_activities())

    @property
    def catalogue(self) -> Catalogue:
        """What checks and the interpreter know of the activity types."""
        return catalogue_of(self.activities)

    def can_work(self) -> bool:
        """Whether the database can be worked with now."""
        try:
            demand_ready(self.database)
        except NotReadyError:
            return False
        return True

    def grant_first_access(self) -> None:
        """Make the first user and keys, as far as settings ask for them."""
        settings = self.settings
        access = FirstAccess(
            password=plain(settings.bootstrap_password),
            first_password=plain(settings.first_password),
            api_key=plain(settings.bootstrap_api_key),
            events_key=plain(settings.events_api_key),
        )
        access.grant(self.database, self.clock)
