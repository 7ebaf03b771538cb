"""Which system user runs PostgreSQL, which refuses to run as root."""

import os
import pwd
from dataclasses import dataclass

from workflows.service.errors import ClusterError

OWN_USER = "waystation"
ANY_SYSTEM = "nobody"


@dataclass(frozen=True)
class Account:
    """A system user by number. PostgreSQL looks itself up, so the user has an entry in passwd."""

    name: str
    uid: int
    gid: int


def database_account() -> Account | None:
    """Return who is to run PostgreSQL: ourselves (None), or as root the user `waystation`, else `nobody`."""
    if os.geteuid() != 0:
        return None
    entries = {entry.pw_name: entry for entry in pwd.getpwall()}
    entry = entries.get(OWN_USER) or entries.get(ANY_SYSTEM)
    if entry is None or entry.pw_uid == 0:
        raise ClusterError(
            f"PostgreSQL does not run as root, and this system has neither a user {OWN_USER} nor {ANY_SYSTEM}: "
            f"add one (useradd --system {OWN_USER}), or give WAYSTATION_DATABASE_URL"
        )
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
