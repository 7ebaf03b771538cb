"""`server.py definitions …`: definitions as files, for editors, git and CI. Exit status 1 on errors."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import httpx
import typer

from engine.journeys.catalogue import Catalogue
from ui.commands import definition_work as work
from ui.commands.definition_work import Report
from ui.commands.files import read_files
from ui.commands.remote import Remote, RemoteError

TIMEOUT = 30.0

Paths = Annotated[list[Path], typer.Argument(metavar="PATH…", help="Files, or folders with *.json below them.")]
Folders = Annotated[list[Path], typer.Argument(metavar="PATH…", help="Folders to write to.")]
Url = Annotated[str | None, typer.Option(envvar="WAYSTATION_URL", help="The address of a running service.")]
ApiKey = Annotated[str | None, typer.Option("--key", envvar="WAYSTATION_API_KEY", help="An API key of that service.")]
Note = Annotated[str | None, typer.Option(help="A note to keep with the version.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object, for programs.")]


def make_app(load_catalogue: Callable[[], Catalogue]) -> typer.Typer:
    """The commands. `load_catalogue` gives the activity types that are installed here."""
    app = typer.Typer(help="Definitions as files: check, test, compare, publish, export.", no_args_is_help=True)

    @app.command()
    def check(paths: Paths, url: Url = None, key: ApiKey = None, *, as_json: AsJson = False) -> None:
        """Find what is wrong. With a service, also what only it can tell."""
        with _service(url, key) as remote:
            _show(work.check(read_files(paths), load_catalogue(), remote), as_json=as_json)

    @app.command()
    def test(paths: Paths, *, as_json: AsJson = False) -> None:
        """Run the tests that stand in the documents."""
        _show(work.test(read_files(paths), load_catalogue()), as_json=as_json)

    @app.command()
    def diff(paths: Paths, url: Url = None, key: ApiKey = None, *, as_json: AsJson = False) -> None:
        """Compare files with what is live."""
        with _service(url, key) as remote:
            _show(work.compare(read_files(paths), _demanded(remote)), as_json=as_json)

    @app.command()
    def apply(paths: Paths, url: Url = None, key: ApiKey = None, note: Note = None, *, as_json: AsJson = False) -> None:
        """Publish the files that differ from what is live; none of them, if one has errors."""
        with _service(url, key) as remote:
            _show(work.apply(read_files(paths), _demanded(remote), note), as_json=as_json)

    @app.command()
    def export(paths: Folders, url: Url = None, key: ApiKey = None, *, as_json: AsJson = False) -> None:
        """Write what is live to <folder>/<kind>/<key>.json."""
        with _service(url, key) as remote:
            _show(work.export(paths, _demanded(remote)), as_json=as_json)

    return app


@contextmanager
def _service(url: str | None, key: str | None) -> Iterator[Remote | None]:
    """The service that was named, if one was; what it refuses ends the program with its words."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    try:
        if url is None:
            yield None
            return
        with httpx.Client(base_url=url, headers=headers, timeout=TIMEOUT) as client:
            yield Remote(client)
    except RemoteError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error


def _demanded(remote: Remote | None) -> Remote:
    if remote is None:
        raise RemoteError(
            "This needs a running service: give --url and --key, or WAYSTATION_URL and WAYSTATION_API_KEY."
        )
    return remote


def _show(report: Report, *, as_json: bool) -> None:
    """Print a report and end the program."""
    typer.echo(json.dumps(report.content, ensure_ascii=False, indent=2) if as_json else "\n".join(report.lines))
    raise typer.Exit(1 if report.failed else 0)
