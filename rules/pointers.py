"""JSON pointers (RFC 6901) as texts: keys as their steps, and steps as the keys that they name."""

from __future__ import annotations

from collections.abc import Iterable


def step_of(key: str) -> str:
    """A key as one step of a pointer."""
    return key.replace("~", "~0").replace("/", "~1")


def key_of(step: str) -> str:
    """The key that one step of a pointer names."""
    return step.replace("~1", "/").replace("~0", "~")


def pointer_of(keys: Iterable[str | int]) -> str:
    """The pointer that these keys and positions make."""
    return "".join(f"/{step_of(str(key))}" for key in keys)


def keys_of(pointer: str) -> list[str]:
    """The keys and positions that a well-formed pointer names, from the outside."""
    return [key_of(step) for step in pointer.split("/")[1:]]
