"""The front-end files: installed once, checked by hash, safe for several processes at a time."""

import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ui import assets

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def vendor() -> Path:
    assets.install()
    return assets.VENDOR


def test_every_listed_file_is_in_place(vendor: Path) -> None:
    assert {file.name for file in vendor.iterdir()} == {asset.name for asset in assets.ASSETS}
    assert assets.complete()


def test_a_damaged_file_is_noticed(vendor: Path, tmp_path: Path) -> None:
    for asset in assets.ASSETS:
        (tmp_path / asset.name).write_bytes((vendor / asset.name).read_bytes())
    assert assets.complete(tmp_path)
    (tmp_path / "htmx.min.js").write_text("alert(1)")
    assert not assets.complete(tmp_path)


def test_a_file_with_another_hash_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file.js").write_text("other")
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    meant = assets.Asset("file.js", "file.js", hashlib.sha256(b"meant").hexdigest())
    with pytest.raises(assets.AssetsError, match=r"file\.js"):
        assets._take(tmp_path, fresh, meant)


def test_several_processes_may_install_at_once(vendor: Path, tmp_path: Path) -> None:
    """The files are fetched once: whoever comes second waits, and finds them."""
    target = tmp_path / "static" / "vendor"
    code = f"from pathlib import Path; from ui.assets import install; install(Path({str(target)!r}))"
    running = [subprocess.Popen([sys.executable, "-c", code], cwd=ROOT) for _ in range(3)]
    assert [process.wait(120) for process in running] == [0, 0, 0]
    assert assets.complete(target)
    assert [path.name for path in target.parent.iterdir() if path.name != ".vendor.lock"] == ["vendor"]


def test_every_file_comes_with_its_licence() -> None:
    names = {asset.name for asset in assets.ASSETS}
    assert {"htmx.LICENSE.txt", "tabler.LICENSE.txt"} <= names


def test_the_manifest_pins_exactly_and_the_lock_names_no_address_to_fetch_from() -> None:
    manifest = json.loads((assets.FRONTEND / "package.json").read_text())
    lock = json.loads((assets.FRONTEND / "package-lock.json").read_text())
    packages = lock["packages"]
    for name, version in manifest["dependencies"].items():
        assert packages[f"node_modules/{name}"]["version"] == version
    assert not [name for name, entry in packages.items() if "resolved" in entry]
    assert all("integrity" in entry for name, entry in packages.items() if name)


@pytest.mark.parametrize(
    ("css", "kept"),
    [
        ("a{b:c}.x:has(.y){b:c}d{e:f}", "a{b:c}d{e:f}"),
        ("@media print{.x:not(:has(> .y)),p{b:c}}", "@media print{p{b:c}}"),
        (".x:is(a,:has(b)) c,.z:is(d,e){b:c}", ".z:is(d,e){b:c}"),
        (".has{b:c}legend{e:f}legend+*{b:c}legend+p{b:c}", ".has{b:c}legend{e:f}legend+p{b:c}"),
        ('@charset "x";.divide-x>:not(template)~:not(template),.y{b:","}', '@charset "x";.y{b:","}'),
    ],
)
def test_selectors_that_make_long_pages_slow_are_left_out(css: str, kept: str) -> None:
    assert assets.lean(css) == kept


def test_no_stylesheet_of_npm_asks_for_the_styles_of_a_whole_page_at_each_change(vendor: Path) -> None:
    """Whichever element comes after another, or whatever holds one: then every element may be meant."""
    whole_page = re.compile(r":has\(|[~+] ?(\*|:not\([^()]*\))$")
    for sheet in vendor.glob("*.css"):
        selectors = [each for rule in re.findall(r"([^{}]+)\{", sheet.read_text("utf-8")) for each in rule.split(",")]
        assert len(selectors) > 1000
        assert [each for each in selectors if whole_page.search(each)] == []
