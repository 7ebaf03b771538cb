"""What the processes of one app share through the database: its access token, and the codes of its groups."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from sqlalchemy import text

from engine.database.connection import Database
from engine.secrets.keyring import KeyRing, SealError
from engine.wecom.callback import App
from engine.wecom.tokens import Token


@dataclass(frozen=True)
class DatabaseCache:
    """A `TokenCache` in the database. Tokens are sealed; one that cannot be opened counts as none."""

    database: Database
    keys: KeyRing
    app: App

    async def load(self) -> Token | None:
        """The token that any process fetched last."""
        return await asyncio.to_thread(self._load)

    async def save(self, token: Token) -> None:
        """Keep the token for all processes."""
        await asyncio.to_thread(self._save, token)

    def _load(self) -> Token | None:
        with self.database.begin() as session:
            row = session.connection().execute(_TOKEN, {"app": name_of(self.app)}).first()
        if row is None:
            return None
        try:
            return Token(self.keys.open(bytes(row.value_enc)).decode(), row.expires_at)
        except SealError:
            return None

    def _save(self, token: Token) -> None:
        sealed = self.keys.seal(token.value.encode())
        with self.database.begin() as session:
            session.connection().execute(
                _KEEP_TOKEN, {"app": name_of(self.app), "value": sealed, "expires_at": token.expires_at}
            )


@dataclass(frozen=True)
class DatabaseGroupCodes:
    """The `GroupCodes` of an app in the database. Of two codes made at once for one group, the first is kept."""

    database: Database
    app: App

    async def load(self, chat_id: str) -> str | None:
        """The picture of a group's code."""
        return await asyncio.to_thread(self._load, chat_id)

    async def save(self, chat_id: str, config_id: str, picture: str) -> None:
        """Keep a new code."""
        await asyncio.to_thread(self._save, chat_id, config_id, picture)

    def _load(self, chat_id: str) -> str | None:
        with self.database.begin() as session:
            found = session.connection().execute(_CODE, {"app": name_of(self.app), "chat": chat_id})
            picture: str | None = found.scalar_one_or_none()
        return picture

    def _save(self, chat_id: str, config_id: str, picture: str) -> None:
        given = {"app": name_of(self.app), "chat": chat_id, "config": config_id, "picture": picture}
        with self.database.begin() as session:
            session.connection().execute(_KEEP_CODE, given)


def name_of(app: App) -> str:
    """An app as WeCom knows it, whatever our settings call it."""
    return f"{app.corp_id}/{app.agent_id}"


_TOKEN = text("SELECT value_enc, expires_at FROM wecom_tokens WHERE app = :app")
_KEEP_TOKEN = text("""
    INSERT INTO wecom_tokens (app, value_enc, expires_at) VALUES (:app, :value, :expires_at)
    ON CONFLICT (app) DO UPDATE SET value_enc = EXCLUDED.value_enc, expires_at = EXCLUDED.expires_at""")
_CODE = text("SELECT picture FROM group_codes WHERE app = :app AND chat_id = :chat")
_KEEP_CODE = text("""
    INSERT INTO group_codes (app, chat_id, config_id, picture) VALUES (:app, :chat, :config, :picture)
    ON CONFLICT DO NOTHING""")
