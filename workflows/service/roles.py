"""Waystation's own roles as children: the commands of server.py, each with its settings in the environment."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Self

from workflows.service.child import Child, Probe
from workflows.service.folder import Folder
from workflows.service.kept_secrets import KeptSecrets
from workflows.service.logs import LogFile
from workflows.service.ports import LOOPBACK
from workflows.service.probes import answers_http
from workflows.service.settings import Settings, plain
from workflows.service.temporal import NAMESPACE

OWN_APP = "demo"
SIMULATOR = "simulator"
CORP_ID = "ww_demo_orchard"
AGENT_ID = "1000002"


@dataclass(frozen=True)
class Addresses:
    """Where the parts of one service find one another."""

    url: str
    simulator_port: int
    database_url: str
    database_dir: Path | None
    temporal_address: str
    temporal_ui_url: str | None

    @property
    def simulator_url(self) -> str:
        """Where the WeCom simulator answers."""
        return f"http://{LOOPBACK}:{self.simulator_port}"


@dataclass(frozen=True)
class Given:
    """What the person who started the service has set; what is None is made up."""

    database_url: str | None = None
    temporal_address: str | None = None
    temporal_ui_url: str | None = None
    secret_key: str | None = None
    bootstrap_password: str | None = None
    bootstrap_api_key: str | None = None
    wecom_base_url: str | None = None
    wecom_apps: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @classmethod
    def of(cls, settings: Settings, temporal_address: str | None) -> Self:
        """Take it from the settings, which Temporal's own are no part of."""
        return cls(
            database_url=settings.database_url,
            temporal_address=temporal_address,
            temporal_ui_url=settings.temporal_ui_url,
            secret_key=plain(settings.secret_key),
            bootstrap_password=plain(settings.bootstrap_password),
            bootstrap_api_key=plain(settings.bootstrap_api_key),
            wecom_base_url=settings.given("wecom_base_url"),
            wecom_apps=settings.apps(),
        )


def role_environment(
    inherited: Mapping[str, str], given: Given, kept: KeptSecrets, addresses: Addresses
) -> dict[str, str]:
    """Return the environment of every role. The embedded Temporal is reached without any profile of the user's."""
    ours = {name: value for name, value in inherited.items() if given.temporal_address or not _is_temporal(name)}
    if not given.temporal_address:
        ours |= {"TEMPORAL_NAMESPACE": NAMESPACE, "TEMPORAL_CONFIG_FILE": "/dev/null"}
    return ours | {
        "PYTHONUNBUFFERED": "1",
        "NO_PROXY": ",".join(filter(None, (inherited.get("NO_PROXY"), LOOPBACK, "localhost"))),
        "TEMPORAL_ADDRESS": addresses.temporal_address,
        "WAYSTATION_DATABASE_URL": addresses.database_url,
        "WAYSTATION_SECRET_KEY": given.secret_key or kept.secret_key,
        "WAYSTATION_BOOTSTRAP_API_KEY": given.bootstrap_api_key or kept.api_key,
        "WAYSTATION_EVENTS_API_KEY": kept.events_key,
        "WAYSTATION_FIRST_PASSWORD": kept.admin_password,
        # Meant for roles on machines of their own: here they would all want the same port.
        "WAYSTATION_METRICS_PORT": "",
        "WAYSTATION_TEMPORAL_METRICS_PORT": "",
        "WAYSTATION_PUBLIC_URL": addresses.url,
        "WAYSTATION_TEMPORAL_UI_URL": addresses.temporal_ui_url or "",
        "WAYSTATION_WECOM_BASE_URL": given.wecom_base_url or addresses.simulator_url,
        "WAYSTATION_WECOM_APPS": json.dumps({OWN_APP: own_app(kept), **given.wecom_apps}),
    }


def _is_temporal(name: str) -> bool:
    return name.startswith("TEMPORAL_")


def own_app(kept: KeptSecrets) -> dict[str, str]:
    """Return the WeCom app that the simulator plays."""
    return {
        "corp_id": CORP_ID,
        "agent_id": AGENT_ID,
        "secret": kept.wecom_secret,
        "token": kept.wecom_token,
        "aes_key": kept.wecom_aes_key,
    }


@dataclass(frozen=True)
class RoleFactory:
    """Makes children from commands of server.py; `program` is server.py as an argument list."""

    program: tuple[str, ...]
    environment: Mapping[str, str]
    folder: Folder
    working_folder: Path

    def make(
        self,
        name: str,
        *arguments: str,
        after: tuple[str, ...] = (),
        ready: Probe | None = None,
        patience: float = 10.0,
        once: bool = False,
        extra: Mapping[str, str] | None = None,
    ) -> Child:
        """Return the child for the command `name`. Without a probe it says by a file that it is ready."""
        ready_file = self.folder.part("run") / f"{name}.ready"
        return Child(
            name=name,
            argv=(*self.program, name, *arguments),
            environment={**self.environment, **(extra or {}), "WAYSTATION_READY_FILE": str(ready_file)},
            log=LogFile(self.folder.part("logs") / f"{name}.log"),
            ready=ready or ready_file.exists,
            before_start=partial(ready_file.unlink, missing_ok=True),
            after=after,
            once=once,
            folder=self.working_folder,
            patience=patience,
        )


def role_children(
    factory: RoleFactory, addresses: Addresses, *, host: str, port: int, after: tuple[str, ...]
) -> list[Child]:
    """Return the lasting roles, to be started when the children named in `after` are ready.

    Their order says who is wanted first: the pages, which also take events and callbacks from outside.
    """
    simulator_state = str(factory.folder.part(SIMULATOR))
    return [
        factory.make("web", "--host", host, "--port", str(port), after=after, ready=answers_http(port, "/livez")),
        factory.make(
            *("simulator", "--port", str(addresses.simulator_port), "--state", simulator_state),
            after=after,
            ready=answers_http(addresses.simulator_port, "/livez"),
        ),
        factory.make("worker", after=after, patience=15.0),
        factory.make("router", after=after),
    ]
