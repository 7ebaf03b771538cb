"""Bring a database to the current schema. Runs as the login role, which thereby owns the tables."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text

from engine.database.connection import sqlalchemy_url

FOLDER = Path(__file__).parent

_LOCK = 0x57415953  # "WAYS": several roles may start at once, one migrates


def alembic_config() -> Config:
    """The configuration of our migrations, without an ini file."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option("path_separator", "os")
    return config


def migrate(url: str, revision: str = "head") -> None:
    """Upgrade (or, for an earlier `revision`, downgrade) the database at `url`, one process at a time."""
    engine = create_engine(sqlalchemy_url(url))
    try:
        with engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            config = alembic_config()
            config.attributes["connection"] = connection
            if revision == "base":
                command.downgrade(config, revision)
            else:
                command.upgrade(config, revision)
    finally:
        engine.dispose()
