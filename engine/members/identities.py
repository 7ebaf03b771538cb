"""Who is meant: finds or makes the members that events name, locks them, and joins those that prove to be one.

The rules: a handle belongs to one member; `member` and `unionid` have one value per member; handles of
one event that belong to two members merge them, unless both have different member numbers or unionids: then nothing
merges, the event goes to the member of its subject, and a dispute is recorded. So a phone or card number never merges
two members that both have a unionid.

Locks: handles that nobody has yet are reserved first (advisory locks, in the order of their hashes), then members are
locked in the order of their ids. So two transactions that meet the same new person make them once and never wait for
each other in a circle.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from engine.database import direct
from engine.database.bulk import bytes_array
from engine.database.retrying import ContendedError
from engine.members.handles import SINGLE, Handle
from engine.secrets.keyring import KeyRing

MOST_RESERVED = 256
"""New handles that a transaction reserves one by one; PostgreSQL's table of locks has room for some thousands."""
_ALL = 0x57415953_4D414B45


@dataclass(frozen=True)
class Naming:
    """How one event names its member: by handles, the subject first, or by the internal id, or both."""

    handles: tuple[Handle, ...]
    member_id: int | None = None


@dataclass(frozen=True)
class Disputed:
    """Two members that one naming, given by its index, says are one, and that must not be merged by themselves."""

    index: int
    member_a: int
    member_b: int
    reason: str


@dataclass
class Resolved:
    """The member of each naming (None where it names nobody); all of them are locked until the transaction ends.

    `merges` are (loser, survivor), to be carried out in this order by `engine.members.merge`.
    """

    members: list[int | None]
    merges: list[tuple[int, int]] = field(default_factory=list)
    disputes: list[Disputed] = field(default_factory=list)
    created: set[int] = field(default_factory=set)


def resolve(session: Session, keys: KeyRing, namings: Sequence[Naming], *, now: datetime) -> Resolved:
    """The members that are meant, made on the spot where new."""
    resolving = _Resolving(session, keys, now)
    resolving.lock(namings)
    resolving.make_missing(namings)
    for index, naming in enumerate(namings):
        resolving.settle(index, naming)
    resolving.write()
    resolving.found.members = [None if one is None else resolving.alive(one) for one in resolving.found.members]
    return resolving.found


def lookups(keys: KeyRing, handles: Iterable[Handle]) -> dict[Handle, bytes]:
    """The keyed hash of each handle, by which it is stored."""
    return {handle: keys.lookup(handle.kind, handle.value) for handle in handles}


class _Resolving:
    """The state of one call of `resolve`: who owns which handle, as far as known, and what is still to be written."""

    def __init__(self, session: Session, keys: KeyRing, now: datetime) -> None:
        self.session, self.keys, self.now = session, keys, now
        self.found = Resolved(members=[])
        self.hashes: dict[Handle, bytes] = {}
        self.owner: dict[Handle, int] = {}
        self.merged: dict[int, int] = {}
        self.attached: dict[Handle, int] = {}
        self._singles: dict[int, set[str]] | None = None
        self._locked: set[int] = set()

    def alive(self, member: int) -> int:
        """The member that this one became, in this call."""
        while member in self.merged:
            member = self.merged[member]
        return member

    def lock(self, namings: Sequence[Naming]) -> None:
        """Reserves the handles that nobody has, then locks the owners of the others, in the order of their ids."""
        self.hashes = lookups(self.keys, {handle for naming in namings for handle in naming.handles})
        self.owner = self._owners()
        if len(self.owner) < len(self.hashes):
            self._reserve(sorted(self.hashes[handle] for handle in self.hashes.keys() - self.owner.keys()))
            self.owner = self._owners()
        given = {naming.member_id for naming in namings if naming.member_id is not None}
        wanted = given | set(self.owner.values())
        while wanted := wanted - self._locked:
            if self._lock_members(sorted(wanted)):
                self.owner = self._owners()
                wanted = set(self.owner.values()) | set(self.merged.values())

    def _owners(self) -> dict[Handle, int]:
        if not self.hashes:
            return {}
        by_hash = {(handle.kind, digest): handle for handle, digest in self.hashes.items()}
        kinds, digests = zip(*by_hash, strict=True)
        if len(by_hash) == 1:
            rows = direct.rows(self.session, _OWNER, {"kind": kinds[0], "hash": digests[0]})
        else:
            rows = direct.rows(self.session, _OWNERS, {"kinds": ",".join(kinds), "hashes": bytes_array(digests)})
        return {by_hash[kind, lookup]: member for kind, lookup, member in rows}

    def _reserve(self, digests: Sequence[bytes]) -> None:
        """Holds off others who would make members of the same handles; a large batch holds off all makers."""
        if len(digests) > MOST_RESERVED:
            direct.execute(self.session, _RESERVE_ALL, {"all": _ALL})
            return
        direct.execute(self.session, _RESERVE_SOME, {"all": _ALL})
        numbers = sorted({int.from_bytes(digest[:8], signed=True) for digest in digests})
        direct.execute(self.session, _RESERVE_THESE, {"numbers": numbers})

    def _lock_members(self, ids: Sequence[int]) -> bool:
        """Locks these members; true if one of them was merged away, so that the owners must be read again."""
        self._locked.update(ids)
        if len(ids) == 1:
            rows = direct.rows(self.session, _LOCK_ONE, {"id": ids[0]})
        else:
            rows = direct.rows(self.session, _LOCK, {"ids": ids})
        moved = {member: into for member, into in rows if into is not None}
        self.merged.update(moved)
        return bool(moved)

    def make_missing(self, namings: Sequence[Naming]) -> None:
        """One member for each naming of which nothing is known; later namings of the batch may share it."""
        known = set(self.owner)
        first: list[Handle] = []
        for naming in namings:
            if naming.handles and naming.member_id is None and known.isdisjoint(naming.handles):
                first.append(naming.handles[0])
            known.update(naming.handles)
        self._make(first)

    def _make(self, handles: Sequence[Handle]) -> None:
        if not handles:
            return
        made = self._insert(_MAKE_MEMBERS, [(handle, 0) for handle in handles])
        self.owner.update(made)
        self.found.created.update(made.values())
        if self._singles is not None:
            for handle, member in made.items():
                self._singles[member] = {handle.kind} & SINGLE

    def settle(self, index: int, naming: Naming) -> None:
        """Decides who this naming means, with what it teaches about its handles."""
        owners = [] if naming.member_id is None else [self.alive(naming.member_id)]
        owners += [self.alive(self.owner[handle]) for handle in naming.handles if handle in self.owner]
        if not owners:
            self.found.members.append(None)
            return
        member = owners[0]
        for other in owners[1:]:
            member = self._join(index, member, other)
        for handle in naming.handles:
            if handle not in self.owner:
                self._attach(index, member, handle)
        self.found.members.append(member)

    def _join(self, index: int, member: int, other: int) -> int:
        other = self.alive(other)
        if other == member:
            return member
        clash = self._single(member) & self._single(other)
        if clash:
            self._dispute(index, member, other, f"both have a {' and a '.join(sorted(clash))}")
            return member
        survivor, loser = min(member, other), max(member, other)
        self.merged[loser] = survivor
        self.found.merges.append((loser, survivor))
        self._single(survivor).update(self._single(loser))
        return survivor

    def _attach(self, index: int, member: int, handle: Handle) -> None:
        if handle.kind in SINGLE and handle.kind in self._single(member):
            self._make([handle])
            self._dispute(index, member, self.owner[handle], f"a second {handle.kind}")
            return
        self.owner[handle] = member
        self.attached[handle] = member
        if handle.kind in SINGLE:
            self._single(member).add(handle.kind)

    def _dispute(self, index: int, member: int, other: int, reason: str) -> None:
        self.found.disputes.append(Disputed(index, min(member, other), max(member, other), reason))

    def _single(self, member: int) -> set[str]:
        """The kinds of single value that a member has; read for all locked members at first use."""
        if self._singles is None:
            members = self._locked | self.found.created
            self._singles = {one: set() for one in members}
            for owner, kind in direct.rows(self.session, _SINGLES, {"ids": sorted(members), "kinds": sorted(SINGLE)}):
                self._singles[owner].add(kind)
        return self._singles.setdefault(member, set())

    def write(self) -> None:
        """Stores the handles that were learnt."""
        if self.attached:
            self._insert(_ATTACH, [(handle, self.alive(member)) for handle, member in self.attached.items()])

    def _insert(self, statement: str, wanted: Sequence[tuple[Handle, int]]) -> dict[Handle, int]:
        """Inserts handles in one order for all, so that two transactions never wait for each other."""
        ordered = sorted(wanted)
        by_hash = {(handle.kind, self.hashes[handle]): handle for handle, _ in ordered}
        given = {
            "kinds": ",".join(handle.kind for handle, _ in ordered),
            "hashes": bytes_array(self.hashes[handle] for handle, _ in ordered),
            "values": bytes_array(self.keys.seal(handle.value.encode()) for handle, _ in ordered),
            "members": [member for _, member in ordered],
            "now": self.now,
        }
        made = {by_hash[kind, lookup]: member for kind, lookup, member in direct.rows(self.session, statement, given)}
        if len(made) < len(ordered):
            raise ContendedError("another transaction has just made one of these members")
        return made


_OWNERS = """
    SELECT i.kind, i.lookup, i.member_id
    FROM unnest(string_to_array(%(kinds)s, ','), CAST(%(hashes)s AS bytea[])) AS n (kind, lookup)
    JOIN identities i ON i.kind = n.kind AND i.lookup = n.lookup"""
_OWNER = "SELECT kind, lookup, member_id FROM identities WHERE kind = %(kind)s AND lookup = %(hash)s"
_LOCK_ONE = "SELECT id, merged_into FROM members WHERE id = %(id)s FOR NO KEY UPDATE"
_LOCK = "SELECT id, merged_into FROM members WHERE id = ANY(%(ids)s) ORDER BY id FOR NO KEY UPDATE"
_RESERVE_ALL = "SELECT pg_advisory_xact_lock(%(all)s)"
_RESERVE_SOME = "SELECT pg_advisory_xact_lock_shared(%(all)s)"
_RESERVE_THESE = "SELECT pg_advisory_xact_lock(number) FROM unnest(CAST(%(numbers)s AS bigint[])) AS number"

_MAKE_MEMBERS = """
    WITH wanted AS MATERIALIZED (
        SELECT nextval('members_id_seq') AS id, kind, lookup, sealed
        FROM unnest(string_to_array(%(kinds)s, ','), CAST(%(hashes)s AS bytea[]), CAST(%(values)s AS bytea[]))
            AS n (kind, lookup, sealed)
    ), made AS (
        INSERT INTO members (id, created_at, is_staff, attributes) SELECT id, %(now)s, false, '{}' FROM wanted
    )
    INSERT INTO identities (kind, lookup, member_id, value_enc)
    SELECT kind, lookup, id, sealed FROM wanted ORDER BY kind, lookup
    ON CONFLICT DO NOTHING RETURNING kind, lookup, member_id"""

_ATTACH = """
    INSERT INTO identities (kind, lookup, member_id, value_enc)
    SELECT * FROM unnest(
        string_to_array(%(kinds)s, ','), CAST(%(hashes)s AS bytea[]), CAST(%(members)s AS bigint[]),
        CAST(%(values)s AS bytea[]))
    ON CONFLICT DO NOTHING RETURNING kind, lookup, member_id"""

_SINGLES = "SELECT member_id, kind FROM identities WHERE member_id = ANY(%(ids)s) AND kind = ANY(%(kinds)s)"
