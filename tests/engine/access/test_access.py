"""Users, their sessions, API keys, and the limit on failed sign-ins."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session
from sqlmodel import col

from engine.access import bootstrap, sessions, sign_in, store
from engine.access.errors import NameTakenError, TooManyAttemptsError, UnknownScopeError, WrongCredentialsError
from engine.access.models import ApiKey, AuditEntry, User, UserSession
from engine.access.roles import ANYWHERE, ROLES, Place
from engine.access.tokens import digest, new_key
from engine.clock import FixedClock
from engine.database.connection import Database
from engine.organisation.models import Region, Store

PASSWORD = "correct horse battery"


def _add(session: Session, row: Region | Store) -> int:
    session.add(row)
    session.flush()
    return row.id


def _chain(session: Session) -> dict[str, int]:
    east = _add(session, Region(key="east"))
    city = _add(session, Region(key="city", parent_id=east))
    west = _add(session, Region(key="west"))
    stores = {
        key: _add(session, Store(key=key, region_id=region)) for key, region in (("E", east), ("C", city), ("W", west))
    }
    return {"east": east, "city": city, "west": west} | stores


def test_a_key_is_recognised_by_its_value_and_kept_only_as_a_digest(database: Database, clock: FixedClock) -> None:
    value = new_key()
    with database.begin() as session:
        store.add_key(session, "till", value, {"events"}, now=clock.now())
    with database.begin() as session:
        holder = store.holder_of(session, value, now=clock.now())
        assert holder is not None
        assert holder.may("events")
        assert not holder.may("definitions")
        assert store.holder_of(session, value + "x", now=clock.now()) is None
        stored = session.execute(select(ApiKey)).scalar_one()
        assert value not in repr(stored.model_dump())


def test_the_full_scope_stands_for_every_scope(database: Database, clock: FixedClock) -> None:
    with database.begin() as session:
        store.add_key(session, "all", "v", {"full"}, now=clock.now())
        holder = store.holder_of(session, "v", now=clock.now())
    assert holder is not None
    assert holder.may("phone-tokens.resolve")


def test_a_revoked_key_opens_nothing_and_is_revoked_once(database: Database, clock: FixedClock) -> None:
    with database.begin() as session:
        key = store.add_key(session, "till", "v", {"events"}, now=clock.now())
        assert store.revoke_key(session, key.id, now=clock.now())
        assert not store.revoke_key(session, key.id, now=clock.now())
        assert store.holder_of(session, "v", now=clock.now()) is None
        assert store.list_keys(session) == []


def test_it_is_noted_when_a_key_was_used_but_not_each_time(database: Database, clock: FixedClock) -> None:
    noted = []
    with database.begin() as session:
        store.add_key(session, "till", "v", {"events"}, now=clock.now())
    for seconds in (0, 59, 1):
        clock.advance(timedelta(seconds=seconds))
        with database.begin() as session:
            store.holder_of(session, "v", now=clock.now())
        with database.begin() as session:
            noted.append(session.execute(select(col(ApiKey.used_at))).scalar_one())
    assert noted == [clock.now() - timedelta(minutes=1)] * 2 + [clock.now()]


def test_a_key_is_recognised_while_another_request_notes_its_use(database: Database, clock: FixedClock) -> None:
    with database.begin() as session:
        store.add_key(session, "till", "v", {"events"}, now=clock.now())
    with database.begin() as first, database.begin() as second:
        assert store.holder_of(first, "v", now=clock.now())
        second.connection().execute(text("SET LOCAL lock_timeout = '2s'"))
        assert store.holder_of(second, "v", now=clock.now())


def test_a_key_with_an_unknown_scope_or_a_taken_name_is_refused(database: Database, clock: FixedClock) -> None:
    with database.begin() as session:
        with pytest.raises(UnknownScopeError, match="everything"):
            store.add_key(session, "till", "v", {"everything"}, now=clock.now())
        store.add_key(session, "till", "v", {"events"}, now=clock.now())
        with pytest.raises(NameTakenError):
            store.add_key(session, "till", "w", {"events"}, now=clock.now())


def test_a_place_bounds_the_stores_that_are_seen(database: Database) -> None:
    with database.begin() as session:
        ids = _chain(session)
        table = [
            (ANYWHERE, True, "*"),
            (ANYWHERE, False, ()),
            (Place(region_id=ids["east"]), False, (ids["E"], ids["C"])),
            (Place(region_id=ids["city"]), True, (ids["C"],)),
            (Place(store_id=ids["W"]), False, (ids["W"],)),
            (Place(region_id=ids["east"], store_id=ids["C"]), False, (ids["C"],)),
        ]
        for place, everywhere, expected in table:
            assert store.stores_of(session, place, everywhere=everywhere) == expected


def test_a_session_lives_until_it_is_closed(database: Database, clock: FixedClock) -> None:
    with database.begin() as session:
        user = store.add_user(session, "mei", PASSWORD, "operator", now=clock.now())
        token = sessions.open_session(session, user, now=clock.now())
    with database.begin() as session:
        viewer = sessions.viewer_of(session, token, now=clock.now())
        assert viewer is not None
        assert (viewer.name, viewer.stores) == ("mei", "*")
        sessions.close_session(session, token)
        assert sessions.viewer_of(session, token, now=clock.now()) is None


def test_a_session_ends_by_idleness_age_and_deactivation(database: Database, clock: FixedClock) -> None:
    with database.begin() as session:
        user = store.add_user(session, "mei", PASSWORD, "operator", now=clock.now())
        token = sessions.open_session(session, user, now=clock.now())
        started = clock.now()
        late = started + sessions.IDLE - timedelta(minutes=5)
        assert sessions.viewer_of(session, token, now=late) is not None
        session.expire_all()
        assert sessions.viewer_of(session, token, now=late + sessions.IDLE - timedelta(minutes=5)) is not None
        session.expire_all()
        assert sessions.viewer_of(session, token, now=late + 2 * sessions.IDLE) is None
        assert sessions.viewer_of(session, token, now=started + sessions.LONGEST) is None
        user.active = False
        session.flush()
        assert sessions.viewer_of(session, token, now=started) is None


def test_the_cookie_s_token_is_not_in_the_table(database: Database, clock: FixedClock) -> None:
    with database.begin() as session:
        user = store.add_user(session, "mei", PASSWORD, "admin", now=clock.now())
        token = sessions.open_session(session, user, now=clock.now())
        session.flush()
        assert session.execute(select(UserSession.digest)).scalar_one() == digest(token)


@pytest.mark.parametrize("role", ["region", "store"])
def test_people_of_a_place_without_one_see_no_store(database: Database, clock: FixedClock, role: str) -> None:
    with database.begin() as session:
        user = store.add_user(session, "mei", PASSWORD, role, now=clock.now())
        token = sessions.open_session(session, user, now=clock.now())
        viewer = sessions.viewer_of(session, token, now=clock.now())
    assert viewer is not None
    assert viewer.stores == ()
    assert not viewer.may("operate")


def test_every_role_may_read_and_only_admins_administer(database: Database, clock: FixedClock) -> None:
    with database.begin() as session:
        for role in ROLES:
            user = store.add_user(session, role, PASSWORD, role, now=clock.now())
            viewer = sessions.viewer_of(session, sessions.open_session(session, user, now=clock.now()), now=clock.now())
            assert viewer is not None
            assert viewer.may("read")
            assert viewer.may("administer") == (role == "admin")


def test_a_wrong_password_and_an_unknown_name_fail_alike(database: Database, clock: FixedClock) -> None:
    with database.begin() as session:
        store.add_user(session, "mei", PASSWORD, "admin", now=clock.now())
        assert sign_in.check_password(session, "mei", PASSWORD).name == "mei"
        for name, password in (
            ("mei", "wrong"),
            ("nobody", PASSWORD),
            ("nobody", "nobody has this password"),
            ("mei", ""),
        ):
            with pytest.raises(WrongCredentialsError):
                sign_in.check_password(session, name, password)


def test_failed_sign_ins_are_limited_and_forgiven_with_time(database: Database, clock: FixedClock) -> None:
    def attempt(name: str = "mei", address: str = "10.0.0.1") -> None:
        with database.begin() as session:
            sign_in.count_attempt(session, name, address, now=clock.now())

    for _ in range(sign_in.PER_NAME_AND_ADDRESS):
        attempt()
    with pytest.raises(TooManyAttemptsError) as caught:
        attempt("MEI")
    assert timedelta(0) < caught.value.wait <= sign_in.WINDOW
    attempt(address="10.0.0.2")
    attempt(name="lin")
    clock.advance(sign_in.WINDOW)
    attempt()


def test_a_right_password_forgets_the_failures_before_it(database: Database, clock: FixedClock) -> None:
    for _ in range(3):
        for _ in range(sign_in.PER_NAME_AND_ADDRESS - 1):
            with database.begin() as session:
                sign_in.count_attempt(session, "mei", "a", now=clock.now())
        with database.begin() as session:
            sign_in.forgive(session, "mei", "a")
    for _ in range(sign_in.PER_NAME_AND_ADDRESS):
        with database.begin() as session:
            sign_in.count_attempt(session, "mei", "a", now=clock.now())
    with pytest.raises(TooManyAttemptsError), database.begin() as session:
        sign_in.count_attempt(session, "mei", "a", now=clock.now())


def test_bootstrap_mends_what_is_missing_and_changes_nothing_else(database: Database, clock: FixedClock) -> None:
    for _ in range(2):
        with database.begin() as session:
            bootstrap.ensure_admin(session, PASSWORD, now=clock.now())
            bootstrap.ensure_key(session, "bootstrap", "value", {"full"}, now=clock.now())
    with database.begin() as session:
        assert session.execute(select(func.count()).select_from(User)).scalar_one() == 1
        assert session.execute(select(func.count()).select_from(ApiKey)).scalar_one() == 1
        assert session.execute(select(func.count()).select_from(AuditEntry)).scalar_one() == 2


def test_a_new_bootstrap_password_signs_the_admin_out(database: Database, clock: FixedClock) -> None:
    with database.begin() as session:
        bootstrap.ensure_admin(session, PASSWORD, now=clock.now())
        user = store.user_named(session, "admin")
        assert user is not None
        token = sessions.open_session(session, user, now=clock.now())
    with database.begin() as session:
        bootstrap.ensure_admin(session, "another password", now=clock.now())
        assert sessions.viewer_of(session, token, now=clock.now()) is None
        assert sign_in.check_password(session, "admin", "another password").role == "admin"


def test_a_new_bootstrap_key_replaces_the_old_one(database: Database, clock: FixedClock) -> None:
    with database.begin() as session:
        bootstrap.ensure_key(session, "bootstrap", "old", {"full"}, now=clock.now())
        bootstrap.ensure_key(session, "bootstrap", "new", {"events"}, now=clock.now())
        session.flush()
        assert store.holder_of(session, "old", now=clock.now()) is None
        holder = store.holder_of(session, "new", now=clock.now())
    assert holder is not None
    assert holder.scopes == {"events"}
