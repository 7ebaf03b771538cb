"""The demonstration in a new folder: in the database, and in the simulator's memory."""

from dataclasses import dataclass
from pathlib import Path

from engine.clock import Clock
from engine.database.connection import Database
from engine.journeys.catalogue import Catalogue
from engine.secrets.keyring import KeyRing
from engine.seeds.figures import STORES
from engine.seeds.seed import seed
from engine.seeds.simulator import simulator_load
from engine.wecom.simulator.load import Load, load
from engine.wecom.simulator.state import State


@dataclass(frozen=True)
class Seeding:
    """What to seed, and where the simulator keeps its memory."""

    stores: int | None
    password: str | None
    simulator_state: Path | None

    def add(self, database: Database, keys: KeyRing, clock: Clock, catalogue: Catalogue) -> None:
        """Add the parts that are missing. Whom the simulator does not know, WeCom would not know either."""
        stores = self.stores or len(STORES)
        seed(database, keys, clock, catalogue=catalogue, stores=stores, password=self.password)
        if self.simulator_state is None:
            return
        with database.begin() as session:
            known = Load.model_validate(simulator_load(session, keys))
        state = State(self.simulator_state, clock)
        load(state, known)
        state.close()
