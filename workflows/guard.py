"""The way out of remote activity types: it calls no address that only somebody inside should reach.

Authors write where `webhook.call` goes, so a definition could name a database, a metadata service or this machine
itself. A name is resolved once, every address that it has must be public, and the connection goes to one of those that
were looked at: what the name means a moment later changes nothing. Connections are not kept, since another name may
lead to the same address under another certificate.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

import httpx

from workflows.activities.outside import AddressRefusedError

Address = IPv4Address | IPv6Address
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

NOT_FOR_US = (IPv4Network("168.63.129.16/32"), IPv4Network("192.0.0.0/24"))
"""Addresses that look public and are a cloud's own: the wire server of Azure, and the metadata of Oracle."""
_NAT64 = IPv6Network("64:ff9b::/96")
_MOST = httpx.Limits(max_connections=100, max_keepalive_connections=0)
_PATIENCE = httpx.Timeout(10.0, connect=5.0)


async def resolve(host: str, port: int) -> Sequence[str]:
    """The addresses of a name, as this machine sees them. Raises `httpx.ConnectError` when it has none."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpx.ConnectError("the name of the host has no address") from error
    return list(dict.fromkeys(str(one[4][0]) for one in found))


def is_public(address: str) -> bool:
    """Whether an address is one of the internet at large, also when another is wrapped in it."""
    found = ip_address(address.partition("%")[0])
    return all(_is_public(one) for one in (found, *_wrapped(found)))


def _is_public(address: Address) -> bool:
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    return not any(address in network for network in NOT_FOR_US)


def _wrapped(address: Address) -> list[Address]:
    """IPv4 addresses inside an IPv6 one: mapped, 6to4, Teredo, NAT64."""
    if isinstance(address, IPv4Address):
        return []
    inside = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in _NAT64:
        inside.append(IPv4Address(int(address) & 0xFFFFFFFF))
    return [one for one in inside if one is not None]


class GuardedTransport(httpx.AsyncBaseTransport):
    """Connects to public addresses only, unless `allow_private`."""

    def __init__(
        self,
        *,
        allow_private: bool = False,
        resolve: Resolve = resolve,
        inner: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._allow_private, self._resolve = allow_private, resolve
        self._inner = inner or httpx.AsyncHTTPTransport(limits=_MOST)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request to the first address that takes a connection. Raises AddressRefusedError."""
        url, host = request.url, request.url.raw_host.decode("ascii")
        if url.scheme not in ("http", "https"):
            raise AddressRefusedError("only http and https are called")
        addresses = await self._resolve(host, url.port or {"http": 80, "https": 443}[url.scheme])
        if not self._allow_private and not all(map(is_public, addresses)):
            raise AddressRefusedError("private addresses are refused; see WAYSTATION_WEBHOOK_ALLOW_PRIVATE")
        failed: httpx.TransportError = httpx.ConnectError("the name of the host has no address")
        for address in addresses:
            try:
                return await self._inner.handle_async_request(_to(request, address))
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                failed = error
        raise failed

    async def aclose(self) -> None:
        """Close what is open."""
        await self._inner.aclose()


def guarded(*, allow_private: bool) -> httpx.AsyncClient:
    """The client that remote activity types are given. Proxies of the environment are not used: they would resolve."""
    transport = GuardedTransport(allow_private=allow_private)
    return httpx.AsyncClient(transport=transport, trust_env=False, follow_redirects=False, timeout=_PATIENCE)


def _to(request: httpx.Request, address: str) -> httpx.Request:
    """The same request to an address: the name goes on in the Host header, and in TLS, which checks it."""
    extensions = {**request.extensions, "sni_hostname": request.url.raw_host.decode("ascii")}
    return httpx.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=request.headers,
        stream=request.stream,
        extensions=extensions,
    )
