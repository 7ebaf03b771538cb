"""What the processes of one app share through the database."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import text

from engine.clock import FixedClock
from engine.database.connection import Database
from engine.secrets.keyring import KeyRing, new_key
from engine.wecom.callback import App
from engine.wecom.shared import DatabaseCache, DatabaseGroupCodes
from engine.wecom.tokens import Token, TokenKeeper
from tests.engine.wecom.vectors import AES_KEY

APP = App(corp_id="ww1", agent_id=1, secret="s", token="t", aes_key=AES_KEY)
OTHER = replace(APP, agent_id=2)


async def test_processes_of_one_app_share_a_token_and_others_have_their_own(
    database: Database, keys: KeyRing, clock: FixedClock
) -> None:
    fetched: list[str] = []

    def keeper(app: App) -> TokenKeeper:
        async def fetch() -> Token:
            fetched.append(f"{app.agent_id}-{len(fetched)}")
            return Token(fetched[-1], clock.now() + timedelta(hours=2))

        return TokenKeeper(fetch, DatabaseCache(database, keys, app), clock)

    first, second, third = keeper(APP), keeper(APP), keeper(OTHER)
    token = await first.current()
    assert await second.current() == token
    assert await third.current() != token
    renewed = await second.renew(token)
    assert await first.renew(token) == renewed
    assert fetched == ["1-0", "2-1", "1-2"]


async def test_a_token_is_sealed_and_of_no_use_to_another_ring(
    database: Database, keys: KeyRing, clock: FixedClock
) -> None:
    await DatabaseCache(database, keys, APP).save(Token("secret-token", clock.now()))
    with database.begin() as session:
        kept = session.connection().execute(text("SELECT value_enc FROM wecom_tokens")).scalar_one()
    assert b"secret-token" not in bytes(kept)
    assert await DatabaseCache(database, KeyRing.from_text(new_key()), APP).load() is None


async def test_of_two_codes_of_a_group_the_first_is_kept(database: Database) -> None:
    codes = DatabaseGroupCodes(database, APP)
    assert await codes.load("wr1") is None
    await codes.save("wr1", "c1", "https://one")
    await codes.save("wr1", "c2", "https://two")
    assert await asyncio.gather(codes.load("wr1"), codes.load("wr2")) == ["https://one", None]
    assert await DatabaseGroupCodes(database, OTHER).load("wr1") is None
