"""What can be wrong about the chain.

OrganisationError
├── UnknownReferenceError    a body names something that does not exist (or that the caller may not see)
├── TakenError               a value that must be unique belongs to another record
└── RegionLoopError          a region would stand below itself
"""


class OrganisationError(Exception):
    """The root of this package's errors; `pointer` is the place in the body."""

    pointer = ""


class UnknownReferenceError(OrganisationError):
    def __init__(self, pointer: str, noun: str, key: str) -> None:
        super().__init__(f"There is no {noun} {key!r}; make it first.")
        self.pointer = pointer


class TakenError(OrganisationError):
    def __init__(self, pointer: str, value: str, owner: str) -> None:
        super().__init__(f"{value!r} belongs to {owner} already.")
        self.pointer = pointer


class RegionLoopError(OrganisationError):
    def __init__(self, key: str) -> None:
        super().__init__(f"The region {key!r} would stand below itself.")
        self.pointer = "/parent"
