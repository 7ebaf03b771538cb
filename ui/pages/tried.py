"""A journey as the pages that try it read it: the draft or a version, compiled, and what a walk through it comes to."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from engine.definitions.listing import Shown, show
from engine.definitions.source import read_source
from engine.definitions.versions import read_version
from engine.edits.store import editable
from engine.journeys.compiled import compiled_if_it_runs
from engine.journeys.context import CheckContext
from engine.journeys.plan import Plan
from engine.journeys.trying.simulation import Simulation
from engine.trying.simulating import try_script
from rules.types import Json
from ui.definitions.checking import check_context
from ui.http.problems import NotFound
from ui.journeys.deciding import decisions
from ui.pages.visit import Visit
from ui.trying import walks
from ui.trying.walks import Walk


@dataclass(frozen=True, kw_only=True)
class Tried:
    """What is tried: the draft or a version, compiled; `plan` is None where it cannot run."""

    shown: Shown
    document: dict[str, Json]
    version: int | None
    revision: int
    """Of the draft that is tried; 0 for what is published."""
    context: CheckContext
    plan: Plan | None
    decided: Mapping[str, str]
    """What its branches decide on, in the words of whoever looks."""

    @property
    def base(self) -> str:
        """Where the page is, without a walk."""
        return f"/journeys/{self.shown.key}/simulate"

    def address(self, walk: Walk | None = None, pressed: str = "", saved: int | None = None) -> str:
        """The page's address with a walk; `pressed` is the button that led there, `saved` the test that it became."""
        parts = [f"walk={walks.encode(walk)}"] if walk else []
        parts += [f"version={self.version}"] if self.version else []
        parts += [f"pressed={pressed}"] if pressed else []
        parts += [f"saved={saved}"] if saved is not None else []
        return f"{self.base}?{'&'.join(parts)}" if parts else self.base


def tried_by(visit: Visit, key: str, version: int | None) -> Tried:
    """The draft, or what is live where there is none; or a version. Raises NotFound."""
    with visit.begin() as session:
        shown = show(session, "journey", key, version)
        if shown is None:
            raise NotFound(f"There is no journey {key!r}" + (f" with a version {version}." if version else "."))
        text, revision = _source(session, key, version)
    document = read_source(text).document
    with visit.deps.database.begin() as session:
        context = check_context(visit.deps, session)
        plan = compiled_if_it_runs(document, context)
        decided = decisions(document, context, visit.language)
    return Tried(
        shown=shown,
        document=document,
        version=version,
        revision=revision,
        context=context,
        plan=plan,
        decided=decided,
    )


def _source(session: Session, key: str, version: int | None) -> tuple[str, int]:
    if version:
        return read_version(session, "journey", key, version).document, 0
    found = editable(session, "journey", key)
    return found.text, found.revision


def simulated(visit: Visit, session: Session, tried: Tried, plan: Plan, walk: Walk) -> Simulation:
    """What becomes of the walk, for somebody in the visitor's sight; whom life would leave alone walks all the same."""
    if walk.member is not None:
        walk = walk.model_copy(update={"given": walk.given.model_copy(update={"holdout": False})})
    return try_script(session, visit.deps.keys, plan, walk, fields=tried.context.fields, now=visit.now())
