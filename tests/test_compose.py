"""docker-compose.yml and Dockerfile, as far as they can be judged without an engine: what they name exists."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

import server
from workflows.service.settings import Settings

ROOT = Path(__file__).parents[1]
COMPOSE = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")
SERVER = (ROOT / "server.py").read_text(encoding="utf-8")
DOCUMENT: dict[str, Any] = yaml.safe_load(COMPOSE)
SERVICES: dict[str, dict[str, Any]] = DOCUMENT["services"]
ROLES = ("migrate", "web", "worker", "router")
ONCE = ("migrate", "temporal-schema", "temporal-namespace")

TEMPORALS = frozenset({"TEMPORAL_ADDRESS", "TEMPORAL_NAMESPACE", "TEMPORAL_DEFAULT_NAMESPACE"})
OPEN_TELEMETRYS = frozenset({"OTEL_EXPORTER_OTLP_ENDPOINT"})
OPTIONS_OF_WEB = frozenset({"WAYSTATION_HOST", "WAYSTATION_PORT"})
"""Read by the command itself."""
ALL = frozenset(ROLES)
WORKING = frozenset({"worker", "router"})
READ_BY: dict[str, frozenset[str]] = {
    "database_url": ALL,
    "secret_key": ALL,
    "log_style": ALL,
    "log_level": ALL,
    "public_url": frozenset({"web"}),
    "temporal_ui_url": frozenset({"web"}),
    "bootstrap_password": frozenset({"web"}),
    "bootstrap_api_key": frozenset({"web"}),
    "approvals": frozenset({"web"}),
    "wecom_apps": frozenset({"web"}) | WORKING,
    "wecom_base_url": WORKING,
    "metrics_host": WORKING,
    "metrics_port": WORKING,
    "temporal_metrics_port": WORKING,
    "webhook_allow_private": frozenset({"worker"}),
    "keep_events_days": frozenset({"router"}),
    "keep_run_details_days": frozenset({"router"}),
    "keep_runs_days": frozenset({"router"}),
    "keep_funnel_days": frozenset({"router"}),
    "keep_decisions_days": frozenset({"router"}),
    "keep_audit_days": frozenset({"router"}),
}
"""Which roles read a setting. One more setting: one more line, here or below."""
OF_DEV = frozenset({"first_password", "events_api_key", "ready_file"})
"""What the supervisor of `dev` tells its children alone."""


def environment(name: str) -> dict[str, str]:
    return dict(SERVICES[name].get("environment", {}))


def test_the_images_are_pinned_and_those_that_are_maintained() -> None:
    images = {name: service["image"] for name, service in SERVICES.items()}
    assert all(re.fullmatch(r"[\w./-]+:v?\d+(\.\d+)+(-\w+)?", image) for image in images.values()), images
    assert images["temporal"] == "temporalio/server:1.32.2"
    assert images["temporal-schema"] == images["temporal-namespace"] == "temporalio/admin-tools:1.32.2"
    assert tuple(map(int, images["temporal-ui"].split(":")[1].split("."))) >= (2, 54)
    assert "auto-setup" not in COMPOSE


def test_temporal_gets_its_schema_its_shards_and_its_namespace() -> None:
    [script] = SERVICES["temporal-schema"]["command"]
    assert "--plugin postgres12" in script
    for word in ("temporal_visibility:visibility", "create", "setup-schema", "update-schema"):
        assert word in script
    temporal = environment("temporal")
    assert int(temporal["NUM_HISTORY_SHARDS"]) >= 512
    assert (temporal["DB"], temporal["DBNAME"], temporal["VISIBILITY_DBNAME"]) == (
        "postgres12",
        "temporal",
        "temporal_visibility",
    )
    [script] = SERVICES["temporal-namespace"]["command"]
    assert "cluster health" in script
    assert "--retention" in script
    assert environment("temporal-namespace")["TEMPORAL_NAMESPACE"] == environment("worker")["TEMPORAL_NAMESPACE"]


@pytest.mark.parametrize("name", ["temporal-schema", "temporal-namespace"])
def test_the_scripts_are_ones_that_a_shell_reads(name: str) -> None:
    [script] = SERVICES[name]["command"]
    subprocess.run(["sh", "-n"], input=script.replace("$$", "$"), text=True, check=True)


@pytest.mark.parametrize("name", ROLES)
def test_each_role_is_a_command_of_ours_with_settings_that_we_read(name: str) -> None:
    group = typer.main.get_command(server.cli)
    [command] = SERVICES[name]["command"]
    assert command in getattr(group, "commands", {})
    ours = {f"WAYSTATION_{field.upper()}" for field in Settings.model_fields}
    known = ours | TEMPORALS | OPEN_TELEMETRYS | (OPTIONS_OF_WEB if name == "web" else set())
    assert set(environment(name)) <= known


def test_every_setting_is_passed_to_the_roles_that_read_it() -> None:
    assert READ_BY.keys() | OF_DEV == Settings.model_fields.keys()
    missing = {
        field: sorted(role for role in roles if f"WAYSTATION_{field.upper()}" not in environment(role))
        for field, roles in READ_BY.items()
    }
    assert {field: roles for field, roles in missing.items() if roles} == {}


def test_a_setting_that_a_role_reads_is_said_to_be_read_by_it() -> None:
    """What its command and its own module read by name; what parts of theirs read stands in the table on our word."""
    commands = {node.name: node for node in ast.parse(SERVER).body if isinstance(node, ast.FunctionDef)}
    for name in ROLES:
        places = [commands[name], *([commands["_work"]] if name in WORKING else [])]
        read = {node.attr for place in places for node in ast.walk(place) if isinstance(node, ast.Attribute)}
        for field in (read & Settings.model_fields.keys()) - OF_DEV:
            assert name in READ_BY[field], (name, field)


@pytest.mark.parametrize("name", ROLES)
def test_the_settings_of_a_role_can_be_read(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    filled = {"WAYSTATION_WECOM_APPS": "{}", "WAYSTATION_DB_PASSWORD": "d", "WAYSTATION_SECRET_KEY": "1:k"}
    for key, value in environment(name).items():
        monkeypatch.setenv(key, re.sub(r"\$\{(\w+):[?-]([^}]*)\}", lambda m: filled.get(m[1], m[2]), value))
    settings = Settings.read()
    assert settings.needed_database_url() == "postgresql://waystation:d@postgres:5432/waystation"
    assert settings.metrics_port == (9400 if name in {"worker", "router"} else None)


def test_what_a_service_waits_for_exists_and_can_come_true() -> None:
    for name, service in SERVICES.items():
        for other, how in service.get("depends_on", {}).items():
            condition = how["condition"]
            assert other in SERVICES, (name, other)
            if condition == "service_healthy":
                assert "healthcheck" in SERVICES[other], (name, other)
            assert (condition == "service_completed_successfully") == (other in ONCE), (name, other)


def test_health_is_asked_where_the_roles_answer() -> None:
    for name in ("web", "worker", "router"):
        asked = " ".join(SERVICES[name]["healthcheck"]["test"])
        port = environment(name).get("WAYSTATION_METRICS_PORT") or environment(name)["WAYSTATION_PORT"]
        assert f":{port}/readyz" in asked


def test_secrets_come_from_outside() -> None:
    for name, service in SERVICES.items():
        for key, value in service.get("environment", {}).items():
            if re.search(r"PASSWORD|PWD|SECRET|_KEY$|WECOM_APPS|DATABASE_URL", key):
                assert re.search(r"\$\{\w+:[?-]", value), (name, key)
                assert not re.search(r"\$\{\w+:-[^}]+\}", value), "no secret has a default"
    for line in EXAMPLE.splitlines():
        key, given, value = line.partition("=")
        if given and not key.startswith("#") and key != "WAYSTATION_PUBLIC_URL":
            assert value == "", key


def test_the_example_names_what_is_asked_for() -> None:
    asked = set(re.findall(r"(?<!\$)\$\{(\w+)", COMPOSE)) | {DOCUMENT["secrets"]["prometheus-api-key"]["environment"]}
    offered = set(re.findall(r"^(\w+)=", EXAMPLE, re.MULTILINE))
    assert asked == offered


def test_only_pages_are_published_and_only_on_the_loopback_interface() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if service.get("ports")}
    assert set(published) == {"web", "temporal-ui", "jaeger", "prometheus"}
    assert all(port.startswith("127.0.0.1:") for ports in published.values() for port in ports)
    for name in ("jaeger", "prometheus", "otel-collector"):
        assert SERVICES[name]["profiles"] == ["telemetry"]


def test_everything_that_lasts_is_started_again_and_bounded() -> None:
    for name, service in SERVICES.items():
        if name in ONCE:
            assert service["restart"].startswith("on-failure"), name
        else:
            assert service["restart"] == "unless-stopped", name
            assert service["deploy"]["resources"]["limits"]["memory"], name
    for name in ROLES:
        assert SERVICES[name]["read_only"] is True
        assert SERVICES[name]["cap_drop"] == ["ALL"]
        assert "container_name" not in SERVICES[name], "it could not be scaled"


def test_configurations_are_there_and_can_be_read() -> None:
    mounted = {config["source"] for service in SERVICES.values() for config in service.get("configs", [])}
    assert mounted == set(DOCUMENT["configs"])
    for name in ("temporal-dynamic", "collector", "prometheus"):
        assert yaml.safe_load(DOCUMENT["configs"][name]["content"])
    scraped = yaml.safe_load(DOCUMENT["configs"]["prometheus"]["content"])["scrape_configs"]
    for job in scraped:
        for found in job["dns_sd_configs"]:
            assert set(found["names"]) <= set(SERVICES)
    assert "http://jaeger:4318" in DOCUMENT["configs"]["collector"]["content"]


def test_the_dockerfile_copies_what_exists_and_ends_without_root() -> None:
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
    sources = [source for line in copied for source in line.split()]
    assert all((ROOT / source).exists() for source in sources), sources
    assert {"rules", "engine", "workflows", "ui", "server.py", "pyproject.toml"} <= set(sources)
    last_stage = DOCKERFILE[DOCKERFILE.rindex("\nFROM ") :]
    assert re.search(r"^USER waystation$", last_stage, re.MULTILINE)
    assert 'ENTRYPOINT ["python", "server.py"]' in last_stage
    compiled = re.search(r"^RUN python -m compileall -q (.+)\n(.*\n)*USER", last_stage, re.MULTILINE)
    assert compiled
    assert set(compiled[1].split()) == set(sources) & {"rules", "engine", "workflows", "ui"}
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert {source.split("/")[0] for source in sources} == allowed


def test_the_image_has_a_python_that_the_project_supports() -> None:
    versions = set(re.findall(r"^FROM python:(\d+)\.(\d+)-slim", DOCKERFILE, re.MULTILINE))
    assert versions == {("3", "11")}
    assert 'requires-python = ">=3.11"' in (ROOT / "pyproject.toml").read_text()
