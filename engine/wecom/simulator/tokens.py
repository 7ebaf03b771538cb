"""Access tokens: one per app, for two hours or until WeCom takes it back."""

from __future__ import annotations

import secrets

from engine.wecom.simulator.asked import Answer, RefusedError
from engine.wecom.simulator.settings import SimulatorSettings
from engine.wecom.simulator.state import State


def give(state: State, settings: SimulatorSettings, corp_id: str, secret: str) -> Answer:
    """`gettoken`: the same token again while it lives."""
    if not any(app.corp_id == corp_id for app in settings.apps.values()):
        raise RefusedError(40013, "invalid corpid")
    for name, app in settings.apps.items():
        if app.corp_id == corp_id and secrets.compare_digest(app.secret.encode(), secret.encode()):
            return _give(state, name, settings.token_seconds)
    raise RefusedError(40001, "invalid credential")


def owner(state: State, token: str) -> str:
    """The name of the app whose token this is."""
    if not token:
        raise RefusedError(41001, "access_token missing")
    row = state.row("SELECT app FROM tokens WHERE token = ? AND expires_at > ?", token, state.seconds())
    if row is None:
        raise RefusedError(40014, "invalid access_token")
    return str(row["app"])


def lose(state: State) -> None:
    """Take all tokens back early, as WeCom may."""
    state.run("DELETE FROM tokens")


def _give(state: State, app: str, life: int) -> Answer:
    now = state.seconds()
    row = state.row("SELECT token, expires_at FROM tokens WHERE app = ? AND expires_at > ?", app, now + 1)
    if row is None:
        token, ends = secrets.token_urlsafe(64), now + life
        state.run("INSERT INTO tokens VALUES (?, ?, ?)", token, app, ends)
        return {"access_token": token, "expires_in": life}
    return {"access_token": row["token"], "expires_in": int(row["expires_at"] - now)}
