"""`dev`: all of Waystation from one command, below one folder."""

import json
import os
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

from workflows.service.account import database_account
from workflows.service.bytecode import bytecode_environment
from workflows.service.child import Child
from workflows.service.errors import ClusterError, FolderUnusableError, PortTakenError
from workflows.service.folder import Folder, Running, locked, write_private
from workflows.service.kept_secrets import KeptSecrets, load_or_make, mark_shown
from workflows.service.logs import LogFile
from workflows.service.ports import LOOPBACK, Ports, is_free
from workflows.service.postgres import Cluster, cluster_home, make_cluster, postgres_child
from workflows.service.preparation import Preparation, fingerprint
from workflows.service.programs import postgres_programs, temporal_program
from workflows.service.roles import SIMULATOR, Addresses, Given, RoleFactory, role_children, role_environment
from workflows.service.supervisor import Supervisor
from workflows.service.temporal import TemporalPorts, temporal_child
from workflows.service.wakeups import Wakeups

STOP_ORDER = ("web", "router", "worker", "simulator", "prepare", "temporal", "postgres")
LASTING = ("postgres", "temporal", "simulator", "web", "worker", "router")
EVERY_INTERFACE = ("0.0.0.0", "::")  # noqa: S104 - compared with, not bound
PORTS = "ports.json"
START_SECONDS = 300.0
ABREAST = max(2, os.cpu_count() or 2)
"""More children than processors, loading their libraries side by side, make all of them late, the pages too."""


@dataclass(frozen=True)
class DevOptions:
    """What `dev` was asked for. `program` is server.py as an argument list, `environment` what children inherit.

    `preparation` are the arguments of the command `prepare`, which migrates and seeds.
    """

    data: Path
    port: int
    program: tuple[str, ...]
    environment: Mapping[str, str]
    host: str = LOOPBACK
    preparation: tuple[str, ...] = ()
    given: Given = field(default_factory=Given)

    @property
    def url(self) -> str:
        """Where a browser on this machine finds the pages."""
        return f"http://{LOOPBACK if self.host in EVERY_INTERFACE else self.host}:{self.port}"


@dataclass(frozen=True)
class Plan:
    """The children of a service and their addresses."""

    children: tuple[Child, ...]
    addresses: Addresses
    preparation: Preparation

    def running(self, pids: Mapping[str, int | None]) -> Running:
        """Return what `dev.json` is to say."""
        return Running(
            pid=os.getpid(),
            url=self.addresses.url,
            simulator_url=self.addresses.simulator_url,
            temporal_address=self.addresses.temporal_address,
            temporal_ui_url=self.addresses.temporal_ui_url,
            database_url=self.addresses.database_url,
            database_dir=str(self.addresses.database_dir) if self.addresses.database_dir else None,
            processes={name: pids.get(name) for name in LASTING},
        )


def run_dev(options: DevOptions, say: Callable[[str], None]) -> None:
    """Run the service until SIGTERM or Ctrl-C. Raises ServiceError when it cannot run."""
    folder = Folder.at(options.data)

    def tell(text: str) -> None:
        with suppress(OSError):  # a console that is gone, or a file on a full disk, is no reason to end
            say(text)

    try:
        _run(folder, options, tell)
    except OSError as error:
        what = error.filename or folder.path
        raise FolderUnusableError(f"{what} cannot be used: {error.strerror}; mend that, or choose --data") from error


def _run(folder: Folder, options: DevOptions, say: Callable[[str], None]) -> None:
    with ExitStack() as stack:
        stack.enter_context(folder.held(options.url))
        wakeups = stack.enter_context(Wakeups())
        if not is_free(options.port, options.host):
            raise PortTakenError(f"port {options.port} of {options.host} is in use: choose another with --port")
        folder.forget_running()
        stack.callback(folder.forget_running)
        kept = keep_secrets(folder)
        _supervise(make_plan(options, folder, kept, stack), options, folder, kept, wakeups, say)


def keep_secrets(folder: Folder) -> KeptSecrets:
    """Read the folder's secrets, or make them for a new folder. Data whose key is lost is left alone."""
    if not folder.secrets.exists() and (folder.path / PORTS).exists():
        raise ClusterError(
            f"{folder.secrets} is missing: it holds the key of this folder's data. "
            "Bring it back from a backup, or start with another --data"
        )
    return load_or_make(folder.secrets)


def make_plan(options: DevOptions, folder: Folder, kept: KeptSecrets, stack: ExitStack) -> Plan:
    """Choose ports, make the cluster where it is missing, and describe all children. `stack` holds the locks."""
    given = options.given
    ports = Ports(_last_ports(folder))
    cluster = None if given.database_url else _cluster(folder, kept, ports, stack)
    temporal = None if given.temporal_address else _temporal_ports(ports)
    addresses = Addresses(
        url=options.url,
        simulator_port=ports.take("simulator"),
        database_url=cluster.url() if cluster else given.database_url or "",
        database_dir=cluster.home if cluster else None,
        temporal_address=temporal.address if temporal else given.temporal_address or "",
        temporal_ui_url=temporal.ui_url if temporal else given.temporal_ui_url,
    )
    write_private(folder.path / PORTS, json.dumps(ports.given) + "\n")
    environment = role_environment(options.environment, given, kept, addresses)
    environment |= bytecode_environment(options.environment, folder)
    children: list[Child] = []
    if cluster:
        children.append(postgres_child(cluster, _log(folder, "postgres")))
    if temporal:
        state = folder.part("temporal")
        children.append(temporal_child(temporal_program(), state, temporal, _log(folder, "temporal")))
    told = (*options.preparation, "--simulator-state", str(folder.part(SIMULATOR)))
    preparation = _preparation(told, folder, cluster, environment)
    factory = RoleFactory(options.program, environment, folder, Path.cwd())
    servers = tuple(child.name for child in children)
    if preparation.needed:
        children.append(factory.make("prepare", *told, once=True, after=servers))
    started_first = tuple(child.name for child in children)
    children += role_children(factory, addresses, host=options.host, port=options.port, after=started_first)
    return Plan(tuple(children), addresses, preparation)


def _supervise(
    plan: Plan, options: DevOptions, folder: Folder, kept: KeptSecrets, wakeups: Wakeups, say: Callable[[str], None]
) -> None:
    def changed(pids: dict[str, int | None]) -> None:
        folder.write_running(plan.running(pids))

    supervisor = Supervisor(plan.children, wakeups, say=say, changed=changed, abreast=ABREAST)
    say(f"starting Waystation in {folder.path}")
    if plan.preparation.needed:
        say("preparing its database, which takes longer the first time")
    try:
        if supervisor.bring_up(START_SECONDS):
            plan.preparation.done()
            say(_welcome(plan, options, folder, kept))
            mark_shown(folder.secrets, kept)
            supervisor.watch()
        say("stopping")
    finally:
        supervisor.stop(STOP_ORDER)


def _welcome(plan: Plan, options: DevOptions, folder: Folder, kept: KeptSecrets) -> str:
    """Say where the service is and how to sign in; a password that we made is shown once."""
    if options.given.bootstrap_password:
        where = "the password in WAYSTATION_BOOTSTRAP_PASSWORD"
    elif kept.password_shown:
        where = f"the password in {folder.secrets}"
    else:
        where = f"the password {kept.admin_password}   (shown this once; kept in {folder.secrets})"
    lines = [
        f"Waystation is ready at {plan.addresses.url}",
        f"  sign in    as admin, with {where}",
        f"  Temporal   {plan.addresses.temporal_ui_url or plan.addresses.temporal_address}",
        f"  logs       {folder.path / 'logs'}",
    ]
    database_dir = plan.addresses.database_dir
    if database_dir and folder.path not in database_dir.parents:
        lines.append(f"  database   {database_dir}   (belongs to {folder.path}: keep or remove both)")
    return "\n".join([*lines, "  stop       Ctrl-C"])


def _cluster(folder: Folder, kept: KeptSecrets, ports: Ports, stack: ExitStack) -> Cluster:
    """Return the folder's own cluster, held by us, with no leftover server on it."""
    account = database_account()
    home = cluster_home(folder.path, account, kept.instance)
    stack.enter_context(locked(home / "lock", f"the service with pid {os.getpid()} on {folder.path}"))
    programs = postgres_programs(account, home)
    cluster = Cluster(home, programs, account, ports.take("postgres"), kept.database_password)
    make_cluster(cluster)
    return cluster


def _preparation(
    told: tuple[str, ...], folder: Folder, cluster: Cluster | None, environment: Mapping[str, str]
) -> Preparation:
    settings = sorted(f"{name}={value}" for name, value in environment.items() if name.startswith("WAYSTATION_"))
    marks = (cluster.home / "prepared", folder.part(SIMULATOR) / "prepared") if cluster else ()
    return Preparation(marks, fingerprint([*told, *settings]))


def _temporal_ports(ports: Ports) -> TemporalPorts:
    return TemporalPorts(
        grpc=ports.take("temporal"),
        ui=ports.take("temporal-ui"),
        http=ports.take("temporal-http"),
        metrics=ports.take("temporal-metrics"),
    )


def _last_ports(folder: Folder) -> dict[str, int]:
    path = folder.path / PORTS
    last: dict[str, int] = json.loads(path.read_text()) if path.exists() else {}
    return last


def _log(folder: Folder, name: str) -> LogFile:
    return LogFile(folder.part("logs") / f"{name}.log")
