"""The demonstration: customers with different fates, played against a running service, and the funnel beside them."""

from workflows.demo.command import run_demo

__all__ = ["run_demo"]
