"""Lines against their models, against each other and against the chain as it is: nothing is written.

A line may refer to what another line of the file makes, wherever that stands, if that one is right itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError
from sqlalchemy import ColumnElement, Select, String, any_, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, Session
from sqlmodel import col

from engine.jobs.errors import Text
from engine.jobs.pages import Finding
from engine.organisation import views
from engine.organisation.importing.lines import KINDS, Kind, Line, Wrong, wrong
from engine.organisation.importing.wrong import in_words
from engine.organisation.models import Associate, Region

Name = tuple[str, str]
"""Kind and key."""


@dataclass
class Checked:
    """The lines that can be applied, in the order in which they must be, and what is wrong with the others."""

    good: list[Line] = field(default_factory=list)
    wrong: list[Wrong] = field(default_factory=list)

    def findings(self) -> list[Finding]:
        """One for each line that is wrong, with all that is wrong with it: so a job counts lines."""
        of_line: dict[str, list[Text]] = {}
        for one in map(Wrong.finding, self.wrong):
            of_line.setdefault(one.subject, []).append(one.message)
        return [
            Finding(line, {"zh": "；".join(one["zh"] for one in said), "en": " ".join(one["en"] for one in said)})
            for line, said in of_line.items()
        ]


def check(session: Session, read: Sequence[Line | Wrong]) -> Checked:
    """What of a file can be applied. The session must see all stores."""
    found = Checked(wrong=[one for one in read if isinstance(one, Wrong)])
    lines = [one for one in read if isinstance(one, Line)]
    good = _alone(lines, found.wrong)
    good = _taken(session, good, lines, found.wrong)
    good = _connected(session, good, found.wrong)
    found.wrong += _dangling_of_bad(session, lines, good, found.wrong)
    found.good = _ordered(good)
    found.wrong.sort(key=lambda one: one.n)
    return found


def body_of(line: Line) -> views.Body:
    """The body of a line as `PUT` would take it. Raises ValidationError."""
    return KINDS[line.kind].body.model_validate(line.body)


def _alone(lines: Iterable[Line], found: list[Wrong]) -> dict[Name, Line]:
    """Each line for itself, and no record twice."""
    good: dict[Name, Line] = {}
    first: dict[Name, int] = {}
    unreadable = {one.n for one in found}
    keyless = {one.n for one in found if one.field == "key"}
    for line in lines:
        kind, name = KINDS[line.kind], (line.kind, line.key)
        wrongs = list(_of_body(line, kind))
        if line.n not in keyless:
            wrongs += _of_key(line, first.setdefault(name, line.n))
        found += wrongs
        if not wrongs and line.n not in unreadable:
            good[name] = line
    return good


def _of_key(line: Line, first: int) -> Iterator[Wrong]:
    if not views.is_key(line.key):
        yield _bad_key(line.n)
    if first != line.n:
        yield _repeated(line.n, first)


def _of_body(line: Line, kind: Kind) -> Iterator[Wrong]:
    try:
        body_of(line)
    except ValidationError as error:
        yield from in_words(line.n, kind, error)


def _taken(session: Session, good: dict[Name, Line], lines: Sequence[Line], found: list[Wrong]) -> dict[Name, Line]:
    """A WeCom account belongs to one associate: of the lines that claim one, those that are right come first."""
    right = {line.n for line in good.values()}
    claims = [*good.values(), *(line for line in lines if line.n not in right)]
    given = [(line, str(userid)) for line in claims if (userid := line.body.get("wecom_userid"))]
    wanted = select(Associate).where(_is_one_of(col(Associate.wecom_userid), {userid for _, userid in given}))
    owners = {row.wecom_userid: row for row in session.execute(wanted).scalars()}
    first: dict[str, str] = {}
    left = dict(good)
    for line, userid in given:
        owner = owners.get(userid)
        other = first.setdefault(userid, line.key)
        if other == line.key and owner is not None and owner.key != line.key and not _is_free(owner, left):
            other = owner.key
        if other != line.key:
            found.append(_belongs(line.n, userid, other))
            if line.n in right:
                del left[line.kind, line.key]
    return left


def _is_free(owner: Associate, good: Mapping[Name, Line]) -> bool:
    """Whether nobody has described the account yet, so that it takes the key of whoever does."""
    return owner.name_enc is None and owner.store_id is None and ("associate", owner.key) not in good


def _connected(session: Session, good: dict[Name, Line], found: list[Wrong]) -> dict[Name, Line]:
    """What lines refer to is there or made by a line that is right; and no region stands below itself."""
    known = _known(session, good.values())
    parents = _parents(session)
    while True:
        good = _attached(good, known, found)
        wrongs = list(_loops(parents, good))
        if not wrongs:
            return good
        found += wrongs
        bad = {one.n for one in wrongs}
        good = {name: line for name, line in good.items() if line.n not in bad}


def _attached(good: Mapping[Name, Line], known: set[Name], found: list[Wrong]) -> dict[Name, Line]:
    """Drop what refers to nothing, then what refers to that: of each round only the users of what the last dropped."""
    left = dict(good)
    users: dict[Name, list[Line]] = {}
    for line in good.values():
        for _, name in _references(line):
            users.setdefault(name, []).append(line)
    looked_at = {line.n: line for line in good.values()}
    while looked_at:
        wrongs = [one for line in looked_at.values() for one in _dangling(line, known, left)]
        found += wrongs
        bad = {one.n for one in wrongs}
        dropped = [(line.kind, line.key) for line in looked_at.values() if line.n in bad]
        for name in dropped:
            del left[name]
        looked_at = {line.n: line for name in dropped for line in users.get(name, ()) if (line.kind, line.key) in left}
    return left


def _references(line: Line) -> Iterator[tuple[str, Name]]:
    """The places of a line that name another record."""
    for name, kind in KINDS[line.kind].references.items():
        value = line.body.get(name)
        if isinstance(value, list):
            yield from ((f"{name}.{index}", (kind, str(one))) for index, one in enumerate(value))
        elif value is not None:
            yield name, (kind, str(value))


def _known(session: Session, lines: Iterable[Line]) -> set[Name]:
    """Of what the lines refer to, what is there already."""
    wanted: dict[str, set[str]] = {}
    for line in lines:
        for _, (kind, key) in _references(line):
            wanted.setdefault(kind, set()).add(key)
    return {
        (kind, key) for kind, keys in wanted.items() for key in session.execute(_keys_of(KINDS[kind], keys)).scalars()
    }


def _keys_of(kind: Kind, keys: set[str]) -> Select[Any]:
    column = col(getattr(kind.noun.model, kind.noun.key))
    return select(column).where(_is_one_of(column, keys))


def _is_one_of(column: Mapped[Any], values: set[str]) -> ColumnElement[bool]:
    """As one parameter, however many there are: a statement takes 65,535 of them."""
    among: ColumnElement[bool] = column == any_(literal(sorted(values), ARRAY(String)))
    return among


def _dangling(line: Line, known: set[Name], good: Mapping[Name, Line]) -> Iterator[Wrong]:
    for place, (kind, key) in _references(line):
        if (kind, key) not in known and (kind, key) not in good:
            yield wrong(
                line.n,
                place,
                f"没有 {kind} {key!r}；请在文件里加上它（并确认那一行无误），或改正这里的键",
                f"There is no {kind} {key!r}: add a (right) line for it, or correct the key.",
            )


def _dangling_of_bad(
    session: Session, lines: Sequence[Line], good: Mapping[Name, Line], found: Iterable[Wrong]
) -> list[Wrong]:
    """What the lines that are wrong refer to in vain as well: who mends a line wants to mend all of it."""
    right = {line.n for line in good.values()}
    bad = [line for line in lines if line.n not in right]
    told = {(one.n, one.field) for one in found}
    known = _known(session, bad)
    return [one for line in bad for one in _dangling(line, known, good) if (one.n, one.field) not in told]


def _parents(session: Session) -> dict[str, str | None]:
    """What each region that is there stands below."""
    regions = {row.id: row for row in session.execute(select(Region)).scalars()}
    return {row.key: regions[row.parent_id].key if row.parent_id else None for row in regions.values()}


def _loops(there: Mapping[str, str | None], good: Mapping[Name, Line]) -> Iterator[Wrong]:
    made = {key: _parent(line) for (kind, key), line in good.items() if kind == "region"}
    looped = _below_themselves({**there, **made})
    for key in made:
        if key in looped:
            n = good["region", key].n
            yield wrong(n, "parent", f"大区 {key!r} 会成为自己的下级", f"The region {key!r} would stand below itself.")


def _below_themselves(parents: Mapping[str, str | None]) -> set[str]:
    """The regions that are met again on the way up from them; each region is passed once."""
    found: set[str] = set()
    passed: set[str] = set()
    for start in parents:
        way: dict[str, int] = {}
        at: str | None = start
        while at is not None and at not in passed and at not in way:
            way[at] = len(way)
            at = parents.get(at)
        if at in way:
            found.update(list(way)[way[at] :])
        passed.update(way)
    return found


def _parent(line: Line) -> str | None:
    given = line.body.get("parent")
    return given if isinstance(given, str) else None


def _ordered(good: Mapping[Name, Line]) -> list[Line]:
    """What is referred to first: kinds in their order, regions from above."""
    ranks = {name: rank for rank, name in enumerate(KINDS)}
    depths = _depths({key: _parent(line) for (kind, key), line in good.items() if kind == "region"})

    def place(line: Line) -> tuple[int, int, int]:
        return ranks[line.kind], depths[line.key] if line.kind == "region" else 0, line.n

    return sorted(good.values(), key=place)


def _depths(parents: Mapping[str, str | None]) -> dict[str, int]:
    """Below how many of these regions each of them stands; none stands below itself."""
    found: dict[str, int] = {}
    for start in parents:
        way: list[str] = []
        at: str | None = start
        while at is not None and at in parents and at not in found:
            way.append(at)
            at = parents[at]
        above = found.get(at, -1) if at is not None else -1
        found |= {key: steps for steps, key in enumerate(reversed(way), start=above + 1)}
    return found


def _bad_key(n: int) -> Wrong:
    return wrong(
        n,
        "key",
        "键由字母、数字、点、下划线和连字符组成，以字母或数字开头，最长 64 个字符",
        f"This key cannot be used: keys match {views.KEY}.",
    )


def _repeated(n: int, first: int) -> Wrong:
    return wrong(
        n, None, f"与第 {first} 行是同一条记录；请只留一行", f"Line {first} makes the same record: keep one of them."
    )


def _belongs(n: int, userid: str, owner: str) -> Wrong:
    return wrong(
        n,
        "wecom_userid",
        f"企业微信账号 {userid!r} 已属于导购 {owner!r}；请改正其中一个",
        f"{userid!r} belongs to the associate {owner!r} already: correct one of them.",
    )
