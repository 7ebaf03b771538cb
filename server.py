"""Waystation's composition root: settings, wiring, commands. Nothing imports it.

Each command imports what it runs and nothing else: the supervisor has its servers up before the roles have loaded
their libraries, and no role pays for the libraries of another.
"""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

import typer
from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

if TYPE_CHECKING:
    from httpx import AsyncClient
    from starlette.types import ASGIApp
    from temporalio.client import Client as TemporalClient

    from engine.clock import Clock
    from engine.database.connection import Database
    from engine.journeys.catalogue import Catalogue
    from engine.secrets.keyring import KeyRing
    from engine.wecom.callback import App
    from engine.wecom.client import WeCom
    from workflows.activities.registry import Activities
    from workflows.service.first_access import FirstAccess
    from workflows.service.role import Stop

cli = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Waystation: customer journeys for chain retailers. Without a command: dev.",
    epilog="Settings: WAYSTATION_* and TEMPORAL_* in the environment, or WAYSTATION_* in .env.",
)


class WecomApp(BaseModel):
    """One WeCom app, as `WAYSTATION_WECOM_APPS` describes it."""

    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True)

    corp_id: str
    agent_id: str
    secret: str
    token: str
    aes_key: str


class Settings(BaseSettings):
    """All settings, read once. Temporal's are read by its own library."""

    model_config = SettingsConfigDict(env_prefix="WAYSTATION_", env_file=".env", extra="ignore", env_ignore_empty=True)

    database_url: str | None = None
    secret_key: SecretStr | None = None
    public_url: str = "http://127.0.0.1:8400"
    bootstrap_api_key: SecretStr | None = None
    bootstrap_password: SecretStr | None = None
    first_password: SecretStr | None = None
    events_api_key: SecretStr | None = None
    wecom_base_url: str = "https://qyapi.weixin.qq.com"
    wecom_apps: dict[str, WecomApp] = {}
    webhook_allow_private: bool = False
    temporal_ui_url: str | None = None
    log_style: Literal["console", "json"] | None = None
    log_level: str = "INFO"
    ready_file: Path | None = None

    @field_validator("database_url")
    @classmethod
    def _is_postgresql(cls, url: str | None) -> str | None:
        if url is not None and not url.startswith(("postgresql://", "postgresql+psycopg://", "postgres://")):
            raise ValueError("must begin with postgresql:// (no other database is supported)")
        return url

    def given(self, name: str) -> str | None:
        """Return a setting that somebody made, in the environment or in `.env`; None for a default."""
        return getattr(self, name) if name in self.model_fields_set else None

    def apps(self) -> dict[str, dict[str, str]]:
        """Return the WeCom apps as plain mappings."""
        return {name: app.model_dump() for name, app in self.wecom_apps.items()}

    def first_access(self) -> "FirstAccess":
        """Return the first user and keys that these settings ask for."""
        from workflows.service.first_access import FirstAccess

        return FirstAccess(
            password=_plain(self.bootstrap_password),
            first_password=_plain(self.first_password),
            api_key=_plain(self.bootstrap_api_key),
            events_key=_plain(self.events_api_key),
        )


class MisconfiguredError(Exception):
    """A command cannot be run as it was given; the message says why."""


# --- the service on one machine ---------------------------------------------------------------------------------------


@cli.command()
def dev(
    *,
    port: Annotated[int, typer.Option(help="Where the pages and the API are served.", min=1, max=65535)] = 8400,
    data: Annotated[Path, typer.Option(help="The folder in which everything is kept.")] = Path("data"),
    seed: Annotated[bool, typer.Option("--seed/--no-seed", help="Fill an empty folder with the demo chain.")] = True,
    stores: Annotated[int | None, typer.Option(help="How many stores the demo chain has.", min=1, max=5000)] = None,
    host: Annotated[str, typer.Option(help="The interface to listen on.")] = "127.0.0.1",
) -> None:
    """Run all of Waystation on this machine, PostgreSQL and Temporal included."""
    from workflows.service.dev import DevOptions, run_dev
    from workflows.service.roles import Given

    settings = _settings()
    options = DevOptions(
        data=data,
        port=port,
        host=host,
        program=(sys.executable, str(Path(__file__).absolute())),
        environment={"WAYSTATION_LOG_STYLE": "console", **os.environ},
        preparation=(*([] if seed else ["--no-seed"]), *(["--stores", str(stores)] if stores else [])),
        given=Given(
            database_url=settings.database_url,
            temporal_address=os.environ.get("TEMPORAL_ADDRESS"),
            temporal_ui_url=settings.temporal_ui_url,
            secret_key=_plain(settings.secret_key),
            bootstrap_password=_plain(settings.bootstrap_password),
            bootstrap_api_key=_plain(settings.bootstrap_api_key),
            wecom_base_url=settings.given("wecom_base_url"),
            wecom_apps=settings.apps(),
        ),
    )
    run_dev(options, say=typer.echo)


@cli.command(hidden=True)
def prepare(
    *,
    seed: Annotated[bool, typer.Option("--seed/--no-seed")] = True,
    stores: Annotated[int | None, typer.Option()] = None,
    simulator_state: Annotated[Path | None, typer.Option()] = None,
) -> None:
    """Migrate, make the first user and the keys, seed: what `dev` does before it starts the roles."""
    from engine.database.migrate import migrate as bring_up_to_date
    from workflows.service.seeding import Seeding

    settings = _role()
    bring_up_to_date(_database_url(settings))
    parts = _parts(settings, "prepare")
    settings.first_access().grant(parts.database, parts.clock)
    if seed:
        password = _plain(settings.bootstrap_password or settings.first_password)
        seeding = Seeding(stores, password, simulator_state)
        seeding.add(parts.database, parts.keys, parts.clock, parts.catalogue)


@cli.command()
def demo(
    *,
    data: Annotated[Path, typer.Option(help="The folder of the running service.")] = Path("data"),
    customers: Annotated[int, typer.Option(help="How many people come.", min=1, max=100_000)] = 200,
    seconds: Annotated[float, typer.Option(help="Within how many seconds they come.", min=1)] = 60,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON value for programs.")] = False,
) -> None:
    """Play customers against the running service, and compare its funnel with what was played."""
    from engine.clock import SystemClock
    from workflows.demo import run_demo

    key = _plain(_settings().bootstrap_api_key)
    status = run_demo(data, SystemClock(), customers=customers, seconds=seconds, as_json=as_json, api_key=key)
    raise typer.Exit(status)


# --- one role each ----------------------------------------------------------------------------------------------------


@cli.command()
def web(
    port: Annotated[int, typer.Option(help="The port to listen on.", envvar="WAYSTATION_PORT")] = 8400,
    host: Annotated[str, typer.Option(help="The interface to listen on.", envvar="WAYSTATION_HOST")] = "127.0.0.1",
) -> None:
    """Serve the pages, the JSON API and WeCom's callbacks."""
    from engine.seeds.seed import is_seeded
    from ui import assets
    from ui.app import Dependencies, create_app

    settings = _role()
    assets.install()
    parts = _parts(settings, "web")
    settings.first_access().grant(parts.database, parts.clock)
    with parts.database.begin() as session:
        demo = is_seeded(session)
    deps = Dependencies(
        database=parts.database,
        clock=parts.clock,
        keys=parts.keys,
        catalogue=parts.catalogue,
        wecom_apps=settings.apps(),
        public_url=settings.public_url,
        temporal_ui_url=settings.temporal_ui_url,
        temporal_namespace=os.environ.get("TEMPORAL_NAMESPACE", "default"),
        demo=demo,
    )
    _serve(create_app(deps), host, port)


@cli.command()
def worker() -> None:
    """Execute journeys: the workflows, their turns, and the calls to outside systems."""
    import httpx

    from engine.definitions.plans import Plans
    from workflows.activities.outside import Outside
    from workflows.service.role import run_until_signalled
    from workflows.worker import WorkerParts, run_worker

    settings = _role()
    parts = _parts(settings, "worker")

    async def work(stop: "Stop") -> None:
        temporal = await _temporal(parts)
        async with httpx.AsyncClient() as http:
            wecom = next(iter(_wecoms(parts, http).values()))
            worker_parts = WorkerParts(
                client=temporal,
                database=parts.database,
                clock=parts.clock,
                keys=parts.keys,
                activities=parts.activities,
                plans=Plans(parts.catalogue),
                outside=Outside(wecom=wecom, http=http),
            )
            await run_worker(worker_parts, stop)

    run_until_signalled(work, settings.ready_file)


@cli.command()
def router() -> None:
    """Route events to the runs that wait for them; explain callbacks; wake what is overdue."""
    import httpx

    from engine.definitions.plans import Plans
    from workflows.callbacks import CallbackMapper
    from workflows.chores import Chores
    from workflows.router import RouterParts, run_router
    from workflows.service.role import run_until_signalled

    settings = _role()
    parts = _parts(settings, "router")

    async def work(stop: "Stop") -> None:
        temporal = await _temporal(parts)
        async with httpx.AsyncClient() as http, asyncio.TaskGroup() as tasks:
            clients = _wecoms(parts, http)
            mapper = CallbackMapper(parts.database, parts.clock, parts.keys, clients)
            router_parts = RouterParts(
                client=temporal,
                database=parts.database,
                clock=parts.clock,
                keys=parts.keys,
                plans=Plans(parts.catalogue),
                contacts=next(iter(clients.values())),
                chores=Chores(parts.database, parts.clock).all(),
            )
            tasks.create_task(mapper.run(stop.asked))
            tasks.create_task(run_router(router_parts, stop))

    run_until_signalled(work, settings.ready_file)


@cli.command()
def simulator(
    port: Annotated[int, typer.Option(help="The port to listen on.")] = 8401,
    state: Annotated[Path, typer.Option(help="The folder in which people and relations are kept.")] = Path("simulator"),
) -> None:
    """Play WeCom: its HTTP API, its callbacks, and people who scan, add and join."""
    from engine.clock import SystemClock
    from engine.wecom.simulator.app import create_app
    from engine.wecom.simulator.settings import SimulatorSettings

    settings = _role()
    simulated = SimulatorSettings(
        apps=_apps(settings),
        callback_url=f"{settings.public_url}/wecom/callback/{{app}}",
        events_url=f"{settings.public_url}/api/v1/events",
        events_key=_plain(settings.events_api_key) or "",
        public_url=settings.public_url,
    )
    _serve(create_app(state, simulated, SystemClock()), "127.0.0.1", port)


@cli.command()
def migrate() -> None:
    """Bring the database to the current schema."""
    from engine.database.migrate import migrate as bring_up_to_date

    bring_up_to_date(_database_url(_role()))


# --- for those who write definitions and activity types ---------------------------------------------------------------


@cli.command()
def definitions(
    action: Annotated[Literal["check", "test", "diff", "apply", "export"], typer.Argument(show_default=False)],
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Files, or folders that hold them.")],
    url: Annotated[str | None, typer.Option(help="The service to ask.", envvar="WAYSTATION_URL")] = None,
    key: Annotated[str | None, typer.Option(help="An API key.", envvar="WAYSTATION_API_KEY")] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON value for programs.")] = False,
) -> None:
    """Check, test, compare, publish or fetch definitions that are kept as files.

    check and test need no service. Findings name file, line and column; the exit status is 1 when one is an error.
    """
    from ui.definition_files.command import Command
    from ui.definition_files.files import FilesError
    from ui.definition_files.service import ServiceError
    from workflows.activities.registry import catalogue_of, load_activities

    chinese = os.environ.get("LC_ALL", os.environ.get("LANG", "")).startswith("zh")
    command = Command(action, paths, "zh" if chinese else "en", url, key)
    try:
        outcome = command.run(catalogue_of(load_activities()))
    except (FilesError, ServiceError) as error:
        raise MisconfiguredError(str(error)) from error
    typer.echo(json.dumps(outcome.data, ensure_ascii=False, indent=2) if as_json else "\n".join(outcome.lines))
    raise typer.Exit(0 if outcome.ok else 1)


@cli.command()
def new_activity(
    name: Annotated[str, typer.Argument(help="Words with a dot, as in coupon.issue.", show_default=False)],
    *,
    remote: Annotated[bool, typer.Option("--remote", help="It calls the outside world.")] = False,
) -> None:
    """Write an activity type and its test."""
    from workflows.scaffold.activity import NewActivity, ScaffoldError

    try:
        for path in NewActivity(name, remote=remote).write(Path(__file__).parent):
            typer.echo(path.relative_to(Path(__file__).parent))
    except ScaffoldError as error:
        raise MisconfiguredError(str(error)) from error


# --- wiring -----------------------------------------------------------------------------------------------------------


class Parts(NamedTuple):
    """What every role works with."""

    settings: Settings
    database: "Database"
    clock: "Clock"
    keys: "KeyRing"
    activities: "Activities"
    catalogue: "Catalogue"


def _parts(settings: Settings, role: str) -> Parts:
    from engine.clock import SystemClock
    from engine.database.connection import Database
    from engine.secrets.keyring import KeyRing
    from workflows.activities.registry import catalogue_of, load_activities

    key = _plain(settings.secret_key)
    if not key:
        raise MisconfiguredError(
            "WAYSTATION_SECRET_KEY is not set: without it personal data can be neither kept nor read"
        )
    database = Database(_database_url(settings), application=f"waystation {role}")
    activities = load_activities()
    return Parts(settings, database, SystemClock(), KeyRing.from_text(key), activities, catalogue_of(activities))


def _settings() -> Settings:
    try:
        return Settings()
    except ValidationError as error:  # told without the values, which may be secret
        wrong = [("_".join(map(str, one["loc"])), one["msg"]) for one in error.errors()]
        told = "; ".join(f"WAYSTATION_{where.upper()}: {message}" for where, message in wrong)
        raise MisconfiguredError(f"a setting cannot be used: {told}") from None
    except SettingsError as error:
        raise MisconfiguredError(f"a setting cannot be used: {error}") from None


def _role() -> Settings:
    """Read the settings of a role, and send its log lines where they belong."""
    from workflows.service.log_lines import configure

    settings = _settings()
    configure(settings.log_style, settings.log_level)
    return settings


def _database_url(settings: Settings) -> str:
    if not settings.database_url:
        raise MisconfiguredError("WAYSTATION_DATABASE_URL is not set: give the address of a PostgreSQL database")
    return settings.database_url


def _apps(settings: Settings) -> dict[str, "App"]:
    from engine.wecom.callback import App

    return {
        name: App(app.corp_id, int(app.agent_id), app.secret, app.token, app.aes_key)
        for name, app in settings.wecom_apps.items()
    }


def _wecoms(parts: Parts, http: "AsyncClient") -> dict[str, "WeCom"]:
    """Return a client of each app, at least one. Activities call through the first, however many apps call us."""
    from engine.wecom.calls import Calls
    from engine.wecom.client import WeCom
    from engine.wecom.shared import DatabaseCache, DatabaseGroupCodes

    base_url, clients = parts.settings.wecom_base_url, {}
    for name, app in _apps(parts.settings).items():
        tokens = DatabaseCache(parts.database, parts.keys, app)
        calls = Calls(app, http, base_url, parts.clock, cache=tokens)
        clients[name] = WeCom(app, calls, DatabaseGroupCodes(parts.database, app))
    if not clients:
        raise MisconfiguredError("WAYSTATION_WECOM_APPS names no app: WeCom cannot be called")
    return clients


async def _temporal(parts: Parts) -> "TemporalClient":
    """Connect to Temporal as its own convention says."""
    from workflows.client import NoTemporalError, connect

    try:
        return await connect(parts.keys)
    except NoTemporalError as error:
        raise MisconfiguredError(str(error)) from error
    except RuntimeError as error:
        raise MisconfiguredError(f"Temporal cannot be reached: {error}") from error


def _serve(app: "ASGIApp", host: str, port: int) -> None:
    """Serve until SIGTERM; requests under way have three seconds to end."""
    import uvicorn

    uvicorn.run(
        app, host=host, port=port, log_config=None, access_log=False, server_header=False, timeout_graceful_shutdown=3
    )


def _plain(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None


def main() -> None:
    """Run a command; what a person must mend is told in a sentence, without a trace."""
    from engine.secrets.keyring import KeyRingError
    from workflows.service.errors import ServiceError

    try:
        cli(sys.argv[1:] or ["dev"])
    except (MisconfiguredError, ServiceError, KeyRingError) as error:
        typer.echo(f"server.py: {error}", err=True)
        raise SystemExit(1) from error


if __name__ == "__main__":
    main()
