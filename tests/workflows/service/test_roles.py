"""What each role is told: the commands of server.py, their settings in the environment."""

import json
from pathlib import Path

import pytest

from workflows.service.folder import Folder
from workflows.service.kept_secrets import KeptSecrets, load_or_make
from workflows.service.roles import OWN_APP, Addresses, Given, RoleFactory, role_children, role_environment

ADDRESSES = Addresses(
    url="http://127.0.0.1:8400",
    simulator_port=15001,
    database_url="postgresql://a:b@127.0.0.1:15003/c",
    database_dir=None,
    temporal_address="127.0.0.1:15002",
    temporal_ui_url="http://127.0.0.1:15004",
)


@pytest.fixture
def kept(tmp_path: Path) -> KeptSecrets:
    return load_or_make(tmp_path / "secrets.json")


def test_what_is_missing_is_made_up(kept: KeptSecrets) -> None:
    told = role_environment({"PATH": "/bin"}, Given(), kept, ADDRESSES)
    assert told["PATH"] == "/bin"
    assert told["WAYSTATION_DATABASE_URL"] == ADDRESSES.database_url
    assert told["WAYSTATION_SECRET_KEY"] == kept.secret_key
    assert told["WAYSTATION_BOOTSTRAP_API_KEY"] == kept.api_key
    assert told["WAYSTATION_WECOM_BASE_URL"] == "http://127.0.0.1:15001"
    assert list(json.loads(told["WAYSTATION_WECOM_APPS"])) == [OWN_APP]


def test_what_is_given_wins_and_further_apps_are_added(kept: KeptSecrets) -> None:
    given = Given(
        secret_key="theirs",
        bootstrap_api_key="key",
        wecom_base_url="http://wecom.example",
        wecom_apps={"shop": {"corp_id": "ww1"}},
    )
    told = role_environment({}, given, kept, ADDRESSES)
    assert told["WAYSTATION_SECRET_KEY"] == "theirs"
    assert told["WAYSTATION_BOOTSTRAP_API_KEY"] == "key"
    assert told["WAYSTATION_WECOM_BASE_URL"] == "http://wecom.example"
    assert set(json.loads(told["WAYSTATION_WECOM_APPS"])) == {OWN_APP, "shop"}


def test_the_embedded_temporal_is_reached_without_the_users_profiles(kept: KeptSecrets) -> None:
    profile = {"TEMPORAL_TLS": "true", "TEMPORAL_API_KEY": "k", "TEMPORAL_PROFILE": "prod", "TEMPORAL_NAMESPACE": "n"}
    told = role_environment(profile, Given(), kept, ADDRESSES)
    assert {name: value for name, value in told.items() if name.startswith("TEMPORAL_")} == {
        "TEMPORAL_ADDRESS": "127.0.0.1:15002",
        "TEMPORAL_NAMESPACE": "default",
        "TEMPORAL_CONFIG_FILE": "/dev/null",
    }
    theirs = role_environment(profile, Given(temporal_address="127.0.0.1:15002"), kept, ADDRESSES)
    assert profile.items() <= theirs.items()


def test_roles_are_commands_that_start_after_their_servers(kept: KeptSecrets, tmp_path: Path) -> None:
    environment = role_environment({}, Given(), kept, ADDRESSES)
    factory = RoleFactory(("python", "server.py"), environment, Folder.at(tmp_path), tmp_path)
    roles = role_children(factory, ADDRESSES, host="127.0.0.1", port=8400, after=("postgres", "temporal"))
    assert {role.name for role in roles} == {"web", "simulator", "worker", "router"}
    assert roles[0].name == "web", "it answers people and callbacks, and is to be ready first"
    assert all(role.argv[:3] == ("python", "server.py", role.name) for role in roles)
    assert all(role.after == ("postgres", "temporal") for role in roles)
    assert len({role.environment["WAYSTATION_READY_FILE"] for role in roles}) == 4
