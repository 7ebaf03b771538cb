"""Ports: free ones, the last ones where they are free."""

import socket

import pytest

from workflows.service.errors import PortTakenError
from workflows.service.ports import FIRST, LAST, Ports, is_free


def test_a_port_that_somebody_listens_on_is_not_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert not is_free(port)
        assert not is_free(port, "0.0.0.0")  # noqa: S104 - asked about, not bound for long
    assert is_free(port)


def test_an_interface_that_is_not_ours_is_named() -> None:
    with pytest.raises(PortTakenError, match=r"192\.0\.2\.1"):
        is_free(20_000, "192.0.2.1")


def test_each_name_gets_one_port_of_its_own() -> None:
    ports = Ports({})
    names = [f"n{number}" for number in range(50)]
    taken = [ports.take(name) for name in names]
    assert len(set(taken)) == 50
    assert all(FIRST <= port <= LAST for port in taken)
    assert [ports.take(name) for name in names] == taken


def test_the_last_port_is_kept_unless_somebody_took_it() -> None:
    last = Ports({}).take("a")
    assert Ports({"a": last}).take("a") == last
    with socket.create_server(("127.0.0.1", last)):
        assert Ports({"a": last}).take("a") != last
