"""What can keep the service from running.

ServiceError
├── MisconfiguredError    a setting or an argument is missing or wrong
├── FolderUnusableError   this folder cannot be made or written
├── FolderInUseError      another service works on this folder
├── PortTakenError        somebody else listens there
├── ProgramMissingError   a server program is not installed
├── ClusterError          the PostgreSQL cluster cannot be used
└── StartFailedError      a child could not be brought up
"""


class ServiceError(Exception):
    """The service cannot run as asked; the message tells a person what to do about it."""


class MisconfiguredError(ServiceError):
    """A setting or an argument is missing or wrong."""


class FolderUnusableError(ServiceError):
    """This folder cannot be made or written."""


class FolderInUseError(ServiceError):
    """Another service works on this folder."""


class PortTakenError(ServiceError):
    """Somebody else listens there."""


class ProgramMissingError(ServiceError):
    """A server program is not installed."""


class ClusterError(ServiceError):
    """The PostgreSQL cluster cannot be used."""


class StartFailedError(ServiceError):
    """A child could not be brought up; the message holds the end of its log."""
