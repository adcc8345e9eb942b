"""Members of organizations: who is invited, who joins, who may do what, and who has to stay."""

from __future__ import annotations

import re

import pytest

from billing_sdk.errors import Conflict, Forbidden, InvalidRequest, LinkUsed, NotFound, RateLimited, WrongCredentials
from billing_sdk.server.domain.identity import WRITE_MEMBERS
from billing_sdk.server.storage.paging import PageRequest
from billing_sdk.server.storage.tables.identity import permissions, role_permissions, roles
from billing_sdk.server.usecases.accept_invitation import (
    accept_invitation,
    accept_signed_in,
    look_at_invitation,
    prove_invited,
)
from billing_sdk.server.usecases.begin_session import find_session
from billing_sdk.server.usecases.change_member_role import change_member_role
from billing_sdk.server.usecases.check_password import check_password
from billing_sdk.server.usecases.create_organization import create_organization
from billing_sdk.server.usecases.create_user import create_user
from billing_sdk.server.usecases.invite_member import invite_member, resend_invitation
from billing_sdk.server.usecases.open_portal_link import find_portal_visit
from billing_sdk.server.usecases.remove_member import remove_member
from billing_sdk.server.usecases.update_user import update_user
from billing_sdk.server.usecases.withdraw_invitation import withdraw_invitation
from tests.engines import PASSWORD, advance, engine_on, person

ADA, BOB, ADMIN = "ada@example.com", "bob@example.com", "billing_admin"


@pytest.fixture
def engine():
    with engine_on("sqlite:///:memory:") as engine:
        yield engine


@pytest.fixture
def ada(engine):
    return person(engine, ADA)


@pytest.fixture
def org_code(engine, ada):
    return create_organization(engine, name="Acme", creator_id=ada).code


def invite(engine, org_code, inviter_id, email=BOB, role_keys=()):
    return invite_member(engine, org_code=org_code, email=email, role_keys=role_keys, inviter_id=inviter_id)


def key_of(engine):
    """Return the key in the newest mail."""
    with engine.read() as tx:
        [mail] = tx.mails.list(PageRequest(1, newest_first=True), kind="invitation").items
    return re.search(r"key=([A-Za-z0-9_-]+)", str(mail.values))[1]


def role_with(engine, key, *granted):
    """Make a role that allows some things."""
    with engine.begin() as tx:
        tx._connection.execute(roles.insert().values(id=f"role_{key}", key=key, name=key.title(), is_creator=False))
        found = permissions.select().where(permissions.c.key.in_(granted))
        for row in tx._connection.execute(found).mappings().all():
            values = {"role_id": f"role_{key}", "permission_id": row["id"]}
            tx._connection.execute(role_permissions.insert().values(**values))


def roles_in(engine, org_code, user_id):
    with engine.read() as tx:
        found = tx.organizations.find_membership(org_code, user_id)
    return None if found is None else found.role_keys


def accept(engine, key, password, **names):
    proof = prove_invited(engine, key=key, password=password)
    return accept_invitation(engine, key=key, proof=proof, **names)


def test_whoever_is_invited_makes_an_account_and_belongs_with_the_roles(engine, ada, org_code):
    invite(engine, org_code, ada, role_keys=[ADMIN])
    key = key_of(engine)

    assert look_at_invitation(engine, key=key).inviter.id == ada
    joined = accept(engine, key, PASSWORD, given_name="Bob")

    bob = check_password(engine, email=BOB, password=PASSWORD)
    assert roles_in(engine, org_code, bob.id) == (ADMIN,)
    assert find_session(engine, key=joined.session_key).user_id == bob.id
    assert find_portal_visit(engine, session_key=joined.visit.session_key).org_code == org_code
    with engine.read() as tx:
        (told,) = (event for event in tx.outbox.list(limit=100) if event.type == "user.updated")
    assert [one["code"] for one in told.data["user"]["organizations"]] == [org_code]
    with pytest.raises(LinkUsed):
        accept(engine, key, PASSWORD)


def test_whoever_has_an_account_joins_with_its_password_alone(engine, ada, org_code):
    bob = person(engine, BOB)
    invite(engine, org_code, ada)
    key = key_of(engine)

    with pytest.raises(WrongCredentials):
        accept(engine, key, "not the password")
    assert roles_in(engine, org_code, bob) is None
    accept(engine, key, PASSWORD)
    assert roles_in(engine, org_code, bob) == ()


def test_an_account_without_a_password_gets_one_by_the_link_to_its_address(engine, ada, org_code):
    bob = create_user(engine, email=BOB)
    invite(engine, org_code, ada)
    accept(engine, key_of(engine), PASSWORD)
    assert check_password(engine, email=BOB, password=PASSWORD).id == bob.id


def test_who_is_signed_in_joins_if_the_invitation_is_for_that_address(engine, ada, org_code):
    bob, eve = person(engine, BOB), person(engine, "eve@example.com")
    invite(engine, org_code, ada)
    key = key_of(engine)

    with pytest.raises(Forbidden, match="another e-mail address"):
        accept_signed_in(engine, key=key, user_id=eve)
    assert accept_signed_in(engine, key=key, user_id=bob).session_key == ""
    assert (roles_in(engine, org_code, eve), roles_in(engine, org_code, bob)) == (None, ())


def test_a_suspended_person_does_not_join(engine, ada, org_code):
    bob = create_user(engine, email=BOB)
    update_user(engine, user_id=bob.id, is_suspended=True)
    invite(engine, org_code, ada)
    with pytest.raises(Forbidden):
        accept(engine, key_of(engine), PASSWORD)
    assert roles_in(engine, org_code, bob.id) is None


def test_an_invitation_ends_after_seven_days_when_it_is_withdrawn_and_when_it_is_sent_again(engine, ada, org_code):
    first = invite(engine, org_code, ada)
    key = key_of(engine)
    again = resend_invitation(engine, org_code=org_code, invitation_id=first.id, inviter_id=ada)
    with pytest.raises(LinkUsed):
        look_at_invitation(engine, key=key)
    key = key_of(engine)
    assert look_at_invitation(engine, key=key).invitation == again

    advance(engine, days=7)
    with pytest.raises(LinkUsed):
        accept(engine, key, PASSWORD)

    invite(engine, org_code, ada)
    key = key_of(engine)
    withdraw_invitation(engine, org_code=org_code, invitation_id=first.id, manager_id=ada)
    with pytest.raises(LinkUsed):
        look_at_invitation(engine, key=key)
    with pytest.raises(NotFound):
        withdraw_invitation(engine, org_code=org_code, invitation_id=first.id, manager_id=ada)


def test_only_who_manages_the_members_invites_and_withdraws(engine, ada, org_code):
    bob = person(engine, BOB)
    with engine.begin() as tx:
        tx.organizations.add_member(org_code, bob, at=engine.now())
    sent = invite(engine, org_code, ada, email="cy@example.com")
    for refused in (
        lambda: invite(engine, org_code, bob, email="dee@example.com"),
        lambda: resend_invitation(engine, org_code=org_code, invitation_id=sent.id, inviter_id=bob),
        lambda: withdraw_invitation(engine, org_code=org_code, invitation_id=sent.id, manager_id=bob),
        lambda: change_member_role(engine, org_code=org_code, user_id=ada, role_keys=(), manager_id=bob),
        lambda: remove_member(engine, org_code=org_code, user_id=ada, manager_id=bob),
    ):
        with pytest.raises(Forbidden, match=WRITE_MEMBERS):
            refused()


def test_an_invitation_of_another_organization_is_not_there(engine, ada, org_code):
    sent = invite(engine, org_code, ada)
    eve = person(engine, "eve@example.com")
    other = create_organization(engine, name="Evil", creator_id=eve).code
    for refused in (
        lambda: resend_invitation(engine, org_code=other, invitation_id=sent.id, inviter_id=eve),
        lambda: withdraw_invitation(engine, org_code=other, invitation_id=sent.id, manager_id=eve),
        lambda: change_member_role(engine, org_code=other, user_id=ada, role_keys=(), manager_id=eve),
        lambda: remove_member(engine, org_code=other, user_id=ada, manager_id=eve),
    ):
        with pytest.raises(NotFound):
            refused()


def test_what_can_not_be_an_invitation_is_refused(engine, ada, org_code):
    with pytest.raises(InvalidRequest, match="e-mail address"):
        invite(engine, org_code, ada, email="nobody")
    with pytest.raises(InvalidRequest, match="no role"):
        invite(engine, org_code, ada, role_keys=["emperor"])
    with pytest.raises(Conflict, match="already"):
        invite(engine, org_code, ada, email=ADA)


def test_too_many_invitations_within_a_minute_have_to_wait(engine, ada, org_code):
    for number in range(20):
        invite(engine, org_code, ada, email=f"guest-{number}@example.com")
    with pytest.raises(RateLimited):
        invite(engine, org_code, ada, email="guest-20@example.com")


def test_nobody_gives_or_takes_away_more_than_they_may_do(engine, ada, org_code):
    role_with(engine, "greeter", WRITE_MEMBERS)
    bob = person(engine, BOB)
    with engine.begin() as tx:
        tx.organizations.add_member(org_code, bob, at=engine.now(), role_keys=["greeter"])

    with pytest.raises(Forbidden, match="allows more"):
        invite(engine, org_code, bob, email="cy@example.com", role_keys=[ADMIN])
    with pytest.raises(Forbidden, match="allows more"):
        change_member_role(engine, org_code=org_code, user_id=bob, role_keys=["greeter", ADMIN], manager_id=bob)
    with pytest.raises(Forbidden, match="allows more"):
        change_member_role(engine, org_code=org_code, user_id=ada, role_keys=[], manager_id=bob)
    assert (roles_in(engine, org_code, ada), roles_in(engine, org_code, bob)) == ((ADMIN,), ("greeter",))


def test_roles_are_given_and_taken_away_until_one_manager_is_left(engine, ada, org_code):
    bob = person(engine, BOB)
    with engine.begin() as tx:
        tx.organizations.add_member(org_code, bob, at=engine.now())
    with pytest.raises(Conflict, match="nobody else"):
        change_member_role(engine, org_code=org_code, user_id=ada, role_keys=[], manager_id=ada)
    with pytest.raises(Conflict, match="nobody else"):
        remove_member(engine, org_code=org_code, user_id=ada, manager_id=ada)

    change_member_role(engine, org_code=org_code, user_id=bob, role_keys=[ADMIN], manager_id=ada)
    change_member_role(engine, org_code=org_code, user_id=ada, role_keys=[], manager_id=ada)
    assert (roles_in(engine, org_code, ada), roles_in(engine, org_code, bob)) == ((), (ADMIN,))


def test_whoever_is_removed_loses_everything_of_the_organization_and_keeps_the_account(engine, ada, org_code):
    bob = person(engine, BOB)
    with engine.begin() as tx:
        default = tx.organizations.get_default().code
        tx.organizations.remove_member(default, bob)
        tx.organizations.add_member(org_code, bob, at=engine.now(), role_keys=[ADMIN])
    invite(engine, org_code, bob, email="bobs-other-address@example.com")
    key = key_of(engine)

    remove_member(engine, org_code=org_code, user_id=bob, manager_id=ada)

    assert (roles_in(engine, org_code, bob), roles_in(engine, default, bob)) == (None, ())
    with pytest.raises(LinkUsed):
        look_at_invitation(engine, key=key)
    with pytest.raises(NotFound):
        remove_member(engine, org_code=org_code, user_id=bob, manager_id=ada)
