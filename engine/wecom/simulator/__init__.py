"""A WeCom to talk to: its HTTP API, its encrypted callbacks, its faults, and the people who use it."""
