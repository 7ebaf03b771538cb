"""The WeCom apps of the settings, as WeCom's client and the simulator take them."""

from engine.wecom.callback import App
from workflows.service.settings import Settings


def wecom_apps(settings: Settings) -> dict[str, App]:
    """Return the apps by name, in the order of the settings."""
    return {
        name: App(app.corp_id, int(app.agent_id), app.secret, app.token, app.aes_key)
        for name, app in settings.wecom_apps.items()
    }
