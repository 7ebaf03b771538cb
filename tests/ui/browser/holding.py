"""Requests on their way to the server, held back until a test lets them go on."""

from __future__ import annotations

from playwright.sync_api import Page, Route


class Holding:
    """Holds back what is posted to an address, or asked of it."""

    def __init__(self, page: Page, address: str, method: str = "POST") -> None:
        self.page, self.address, self.method = page, address, method
        self.held: list[Route] = []
        page.route(address, self._hold)

    def _hold(self, route: Route) -> None:
        if route.request.method == self.method:
            self.held.append(route)
        else:
            route.continue_()

    def wait(self) -> None:
        """Wait until something is held."""
        for _ in range(750):
            if self.held:
                return
            self.page.wait_for_timeout(20)
        raise AssertionError("nothing was sent")

    def go_on(self) -> None:
        """Let go on what has been held for longest, once something is."""
        self.wait()
        self.held.pop(0).continue_()

    def let_go(self) -> None:
        """Hold nothing any more; what was held goes on."""
        self.page.unroute(self.address)
