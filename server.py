"""Waystation's composition root: reads the settings, wires the parts, one command each. Nothing imports it.

Each command imports what it runs and nothing else: the supervisor has its servers up before the roles have loaded
their libraries, and no role pays for the libraries of another.
"""

import gc
import json
import os
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from rules.errors import OperatorError
from workflows.service.errors import MisconfiguredError, ServiceError
from workflows.service.settings import Settings, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from starlette.types import ASGIApp

    from engine.journeys.context import Proofs
    from workflows.service.parts import Parts
    from workflows.service.role import Stop

cli = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Waystation: customer journeys for chain retailers. Without a command: dev.",
    epilog="Settings: WAYSTATION_* and TEMPORAL_* in the environment, or WAYSTATION_* in .env.",
)


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
    """Run all of Waystation on this machine. PostgreSQL and Temporal are included."""
    from workflows.service.dev import DevOptions, run_dev
    from workflows.service.roles import Given

    options = DevOptions(
        data=data,
        port=port,
        host=host,
        program=(sys.executable, str(Path(__file__).absolute())),
        environment={"WAYSTATION_LOG_STYLE": "console", **os.environ},
        preparation=(*([] if seed else ["--no-seed"]), *(["--stores", str(stores)] if stores else [])),
        given=Given.of(Settings.read(), os.environ.get("TEMPORAL_ADDRESS")),
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
    from workflows.service.parts import Parts
    from workflows.service.seeding import Seeding

    settings = _role()
    bring_up_to_date(settings.needed_database_url())
    parts = Parts.of(settings, "prepare")
    parts.grant_first_access()
    if seed:
        password = plain(settings.bootstrap_password or settings.first_password)
        seeding = Seeding(stores, password, simulator_state)
        seeding.add(parts.database, parts.keys, parts.clock, parts.catalogue)


@cli.command()
def demo(
    *,
    data: Annotated[Path, typer.Option(help="The folder of the running service.")] = Path("data"),
    customers: Annotated[int, typer.Option(help="How many people come.", min=1, max=100_000)] = 200,
    seconds: Annotated[float, typer.Option(help="Within how many seconds they come.", min=1)] = 60,
    faults: Annotated[bool, typer.Option("--faults", help="WeCom has its bad days meanwhile.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON value for programs.")] = False,
) -> None:
    """Play customers against the running service. Its funnel is compared with what was played."""
    from engine.clock import SystemClock
    from workflows.demo import run_demo

    key = plain(Settings.read().bootstrap_api_key)
    status = run_demo(
        data, SystemClock(), customers=customers, seconds=seconds, faults=faults, as_json=as_json, api_key=key
    )
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
    from workflows.service.parts import Parts
    from workflows.service.waiting import wait_for_database

    settings = _role("web")
    parts = Parts.of(settings, "web")
    assets.install()
    wait_for_database(parts.database)
    parts.grant_first_access()
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
        proofs=_proofs(),
        approvals=settings.kinds_to_approve(),
    )
    _serve(create_app(deps), host, port)


@cli.command()
def worker() -> None:
    """Execute journeys. These are the workflows, their turns, and the calls to outside systems."""
    from workflows.service.working import work

    _work(work, "worker")


@cli.command()
def router() -> None:
    """Route events to the runs that wait for them. Explains callbacks, and wakes what is overdue."""
    from workflows.service.routing import work

    _work(work, "router")


@cli.command()
def simulator(
    port: Annotated[int, typer.Option(help="The port to listen on.")] = 8401,
    state: Annotated[Path, typer.Option(help="The folder in which people and relations are kept.")] = Path("simulator"),
) -> None:
    """Play WeCom. This is its HTTP API, its callbacks, and people who scan, add and join."""
    from engine.clock import SystemClock
    from engine.wecom.simulator.app import create_app
    from engine.wecom.simulator.settings import SimulatorSettings
    from workflows.service.wecom_apps import wecom_apps

    settings = _role()
    simulated = SimulatorSettings(
        apps=wecom_apps(settings),
        callback_url=f"{settings.public_url}/wecom/callback/{{app}}",
        events_url=f"{settings.public_url}/api/v1/events",
        events_key=plain(settings.events_api_key) or "",
        public_url=settings.public_url,
    )
    _serve(create_app(state, simulated, SystemClock()), "127.0.0.1", port)


@cli.command()
def migrate() -> None:
    """Bring the database to the current schema."""
    from engine.database.migrate import migrate as bring_up_to_date

    bring_up_to_date(_role().needed_database_url())


# --- for those who write definitions, activity types and operators ----------------------------------------------------


@cli.command()
def definitions(
    action: Annotated[Literal["check", "test", "diff", "apply", "export"], typer.Argument(show_default=False)],
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Files, or folders that hold them.")],
    url: Annotated[str | None, typer.Option(help="The service to ask.", envvar="WAYSTATION_URL")] = None,
    key: Annotated[str | None, typer.Option(help="An API key.", envvar="WAYSTATION_API_KEY")] = None,
    *,
    drafts: Annotated[bool, typer.Option("--draft", help="apply: publish nothing; export: drafts as well.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON value for programs.")] = False,
) -> None:
    """Check, test, compare, publish or fetch definitions. They are kept as files.

    check and test need no service; diff, apply and export ask one. Findings name file, line and column; the exit
    status is 1 when one is an error.
    """
    from ui.definition_files.command import Command
    from ui.definition_files.files import FilesError
    from ui.definition_files.service import ServiceError
    from workflows.activities.registry import catalogue_of
    from workflows.service.plug_ins import add_installed_operators, installed_activities

    chinese = os.environ.get("LC_ALL", os.environ.get("LANG", "")).startswith("zh")
    add_installed_operators()
    command = Command(action, paths, "zh" if chinese else "en", url, key, drafts)
    try:
        outcome = command.run(catalogue_of(installed_activities()), _proofs())
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
    from workflows.scaffold.activity import NewActivity
    from workflows.scaffold.writing import ScaffoldError

    try:
        for path in NewActivity(name, remote=remote).write(Path(__file__).parent):
            typer.echo(path.relative_to(Path(__file__).parent))
    except ScaffoldError as error:
        raise MisconfiguredError(str(error)) from error


@cli.command()
def new_operator(
    name: Annotated[str, typer.Argument(help="Small letters, as in starts_with.", show_default=False)],
) -> None:
    """Write an operator of rules and its test."""
    from rules.operator_messages import LEFT_OUT, reserved
    from rules.operators import OPERATORS
    from workflows.scaffold.operator import NewOperator
    from workflows.scaffold.writing import ScaffoldError

    try:
        refused = {each: reserved(each) for each in LEFT_OUT}
        for path in NewOperator(name, OPERATORS, refused).write(Path(__file__).parent):
            typer.echo(path.relative_to(Path(__file__).parent))
    except ScaffoldError as error:
        raise MisconfiguredError(str(error)) from error


# --- shared by the commands -------------------------------------------------------------------------------------------


def _role(traced: str | None = None) -> Settings:
    """Read the settings of a role. Its log lines are sent where they belong and, under the name `traced`, its spans."""
    from workflows.service import tracing
    from workflows.service.log_lines import configure

    settings = Settings.read()
    configure(settings.log_style, settings.log_level)
    if traced and tracing.is_wanted(os.environ):
        from workflows.service import span_export

        span_export.start(tracing.service_name(traced, os.environ))
    return settings


def _work(work: "Callable[[Parts, Stop], Coroutine[None, None, None]]", role: str) -> None:
    """Run a role without pages until SIGTERM; it can be watched where settings say."""
    from workflows.service.parts import Parts
    from workflows.service.role import run_until_signalled
    from workflows.service.watched import Watched

    settings = _role(role)
    parts = Parts.of(settings, role)
    watched = Watched(settings.metrics_host, settings.metrics_port, parts.can_work)
    run_until_signalled(partial(work, parts), settings.ready_file, watched)


def _proofs() -> "Proofs":
    """The proofs of definitions: with z3, where the group `prove` is installed."""
    from engine.journeys.context import Proofs

    try:
        from rules.proofs.solver import Z3Prover
    except ImportError:
        return Proofs()
    return Proofs(Z3Prover())


def _serve(app: "ASGIApp", host: str, port: int) -> None:
    """Serve until SIGTERM; requests under way have three seconds to end.

    What is there by now stays: it is kept out of collections of garbage, which would stop all answers for as long as
    half a second, and which come less often than for a small program.
    """
    import uvicorn

    gc.freeze()
    gc.set_threshold(10_000, 20, 20)

    uvicorn.run(
        app, host=host, port=port, log_config=None, access_log=False, server_header=False, timeout_graceful_shutdown=3
    )


def _with_command(arguments: list[str]) -> list[str]:
    """The arguments, with `dev` where no command is named: options alone are its options."""
    named = arguments and (not arguments[0].startswith("-") or arguments[0] in ("-h", "--help"))
    return arguments if named else ["dev", *arguments]


def main() -> None:
    """Run a command; what a person must mend is told in a sentence, without a trace."""
    try:
        cli(_with_command(sys.argv[1:]))
    except (ServiceError, OperatorError) as error:
        typer.echo(f"server.py: {error}", err=True)
        sys.stdout.flush()
        sys.stderr.flush()
        # Temporal's native library sometimes aborts while Python is torn down, and the status would be 134 instead.
        os._exit(1)


if __name__ == "__main__":
    main()
