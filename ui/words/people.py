"""Who did something, as pages tell it: people by their title, programs by the name of their key."""

from collections.abc import Iterable, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from engine.access.models import User
from ui.messages import Language, text


def names_of(session: Session, actors: Iterable[str], language: Language) -> Mapping[str, str]:
    """What to call each of these actors (`user:admin`, `key:till`, `service`) of the audit."""
    wanted = set(actors)
    users = {actor.removeprefix("user:") for actor in wanted if actor.startswith("user:")}
    rows = session.execute(select(col(User.name), col(User.title)).where(col(User.name).in_(users)))
    titles = {f"user:{name}": title or name for name, title in rows}
    return {actor: titles.get(actor) or name_of(actor, language) for actor in wanted}


def name_of(actor: str, language: Language) -> str:
    """What to call an actor where nobody looks up titles: people by the name with which they sign in."""
    kind, _, name = actor.partition(":")
    return text(language, "edits.by_key", name=name) if kind == "key" else name or text(language, "edits.by_service")
