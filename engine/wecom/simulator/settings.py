"""What a simulator is told when it starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.wecom.callback import App


@dataclass(frozen=True)
class SimulatorSettings:
    """The apps it serves and where Waystation listens; then WeCom's own limits, so that a test can make them small.

    `callback_url` may hold `{app}`, which becomes the app's name. `public_url` is where `/q/<state>` lies.
    """

    apps: Mapping[str, App]
    callback_url: str
    events_url: str
    events_key: str = field(repr=False)
    public_url: str
    token_seconds: int = 7200
    welcome_seconds: int = 20
    calls_per_minute: int = 10_000
    parallel_calls: int = 200
    tags_per_relation: int = 3_000
    corp_tags: int = 10_000
    messages_per_minute: int = 30
    messages_per_hour: int = 1_000
    answer_seconds: float = 5.0
    deliveries: int = 3
    repeat_after_refusal: bool = True
    loopback_only: bool = True

    def own_apps(self) -> dict[str, App]:
        """The apps of the corp that is played, the first one's. Apps of other corps are served but see no callbacks."""
        corps = [app.corp_id for app in self.apps.values()]
        return {name: app for name, app in self.apps.items() if app.corp_id == corps[0]}
