"""The list of addresses that `bench pages` looks at is that of the router."""

from __future__ import annotations

import re

from fastapi.routing import APIRoute

from bench.addresses import COUNTED, FILES, PAGES, PARTS
from ui import pages

LISTS = (PAGES, PARTS, COUNTED, FILES)


def routes() -> set[str]:
    found = [route for module in pages.MODULES for route in module.router.routes if isinstance(route, APIRoute)]
    return {route.path for route in found if "GET" in route.methods}


def test_every_page_and_part_is_looked_at_or_says_why_not() -> None:
    listed = [route for each in LISTS for route in each]
    assert sorted(listed) == sorted(routes())


def test_each_address_is_one_of_its_route() -> None:
    for route, addresses in {**PAGES, **PARTS, **COUNTED}.items():
        shape = re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(route)))
        for address in addresses:
            assert shape.fullmatch(address.partition("?")[0]), (route, address)
