"""The way out: which addresses are called, and that the one that was looked at is the one that is called."""

from __future__ import annotations

from collections.abc import Sequence

import httpx
import pytest

from workflows.activities.outside import AddressRefusedError
from workflows.guard import GuardedTransport, is_public, resolve

PUBLIC, OTHER = "93.184.215.14", "2606:4700::1111"


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.9.10", "0.0.0.0",  # noqa: S104 - what is refused
        "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254",
        "100.64.0.1", "100.100.100.200", "168.63.129.16", "192.0.0.192", "224.0.0.1", "239.255.255.250", "240.0.0.1",
        "255.255.255.255", "198.18.0.1", "192.0.2.1", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1",
        "fd00:ec2::254", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1",
        "2002:7f00:1::", "2001:0:7f00:1::",
    ],
)  # fmt: skip
def test_what_only_somebody_inside_should_reach_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", [PUBLIC, OTHER, "8.8.8.8", "2400:3200::1"])
def test_the_internet_at_large_is(address: str) -> None:
    assert is_public(address)


class Line:
    """A transport that notes where it would connect to; `away` are addresses where nobody answers."""

    def __init__(self, away: Sequence[str] = ()) -> None:
        self.away = away
        self.asked: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if request.url.host in self.away:
            raise httpx.ConnectError("nobody")
        return httpx.Response(200, request=request)

    async def aclose(self) -> None:
        pass


class Names:
    """Answers a look-up with the next of its lists."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)

    async def __call__(self, _host: str, _port: int) -> Sequence[str]:
        return self.answers.pop(0)


async def ask(line: Line, names: Names, url: str = "https://crm.example.com:8443/a?b=c", **options: bool) -> None:
    transport = GuardedTransport(resolve=names, inner=line, **options)
    async with httpx.AsyncClient(transport=transport) as http:
        await http.post(url, content=b"body")


async def test_it_connects_to_the_address_that_it_looked_at_whatever_the_name_means_then() -> None:
    line = Line()
    await ask(line, Names([PUBLIC], ["127.0.0.1"]))
    [request] = line.asked
    assert str(request.url) == f"https://{PUBLIC}:8443/a?b=c"
    assert request.headers["host"] == "crm.example.com:8443"
    assert request.extensions["sni_hostname"] == "crm.example.com"
    assert await request.aread() == b"body"


@pytest.mark.parametrize("addresses", [["127.0.0.1"], [PUBLIC, "10.0.0.1"], [OTHER, "::ffff:127.0.0.1"]])
async def test_one_private_address_is_enough_to_refuse(addresses: list[str]) -> None:
    line = Line()
    with pytest.raises(AddressRefusedError):
        await ask(line, Names(addresses))
    assert line.asked == []


async def test_private_addresses_are_called_where_they_are_allowed() -> None:
    line = Line()
    await ask(line, Names(["::1"]), allow_private=True)
    assert line.asked[0].url.host == "::1"


async def test_the_next_address_is_tried_when_nobody_answers_at_the_first() -> None:
    line = Line(away=[OTHER])
    await ask(line, Names([OTHER, PUBLIC]))
    assert [one.url.host for one in line.asked] == [OTHER, PUBLIC]
    with pytest.raises(httpx.ConnectError):
        await ask(Line(away=[OTHER]), Names([OTHER]))


async def test_only_the_web_is_called() -> None:
    with pytest.raises((AddressRefusedError, httpx.UnsupportedProtocol)):
        await ask(Line(), Names([PUBLIC]), "ftp://crm.example.com/")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "2130706433", "0x7f.1", "127.1"])
async def test_other_ways_to_write_this_machine_are_seen_through(host: str) -> None:
    line = Line()
    async with httpx.AsyncClient(transport=GuardedTransport(inner=line)) as http:
        with pytest.raises(httpx.TransportError):
            await http.post(f"http://{host}/")
    assert line.asked == []


async def test_a_name_without_an_address_is_no_connection() -> None:
    with pytest.raises(httpx.ConnectError):
        await resolve("no-such-host.invalid", 80)
    with pytest.raises(httpx.ConnectError):
        await resolve("x" * 64 + ".example.com", 80)
