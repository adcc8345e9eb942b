"""Accounts, passwords, sessions, organizations and portal links."""

from __future__ import annotations

import pytest

from billing_sdk.errors import (
    AgreementNotLive,
    Conflict,
    EmailTaken,
    Forbidden,
    InvalidRequest,
    LinkUsed,
    NotFound,
    RateLimited,
    ReturnUrlNotAllowed,
    WrongCredentials,
)
from billing_sdk.server.domain.identity import Application
from billing_sdk.server.usecases.begin_session import begin_session, end_session, find_session
from billing_sdk.server.usecases.cancel_agreement import cancel_agreement
from billing_sdk.server.usecases.check_password import check_password
from billing_sdk.server.usecases.create_organization import create_organization
from billing_sdk.server.usecases.create_portal_link import create_portal_link
from billing_sdk.server.usecases.create_user import create_user
from billing_sdk.server.usecases.delete_organization import delete_organization
from billing_sdk.server.usecases.delete_user import delete_user
from billing_sdk.server.usecases.open_portal_link import end_portal_visit, find_portal_visit, open_portal_link
from billing_sdk.server.usecases.permissions import permissions_of, roles_of
from billing_sdk.server.usecases.register_user import register_user
from billing_sdk.server.usecases.subscribe import subscribe
from billing_sdk.server.usecases.update_organization import update_organization
from billing_sdk.server.usecases.update_user import update_user
from tests.engines import PASSWORD, advance, events_of, payer, person

APPLICATION = Application("app", "App", "web", redirect_uris=("https://app.example/callback",))


def key_of(url):
    return url.partition("key=")[2]


def test_an_address_is_one_account_in_whatever_case(engine):
    user_id = person(engine, "Ada@Example.com")

    assert check_password(engine, email=" ADA@example.COM ", password=PASSWORD).id == user_id
    with pytest.raises(EmailTaken):
        person(engine, "ada@EXAMPLE.com")


@pytest.mark.parametrize(
    "email", ["", "ada", "ada@", "@example.com", "a b@example.com", "ada@example.com\n.evil.test", "a" * 250 + "@b.cd"]
)
def test_what_is_not_an_address_is_refused(engine, email):
    with pytest.raises(InvalidRequest, match="e-mail address"):
        register_user(engine, email=email, password=PASSWORD)


@pytest.mark.parametrize("password", ["", "short", "nine char", "x" * 257, "\ud800" * 10])
def test_an_unusable_password_is_refused_and_not_repeated(engine, password):
    with pytest.raises(InvalidRequest) as refusal:
        register_user(engine, email="ada@example.com", password=password)

    assert not password or password not in str(refusal.value)


def test_a_password_is_stored_as_argon2id(engine):
    user_id = person(engine)

    with engine.read() as tx:
        stored = tx.users.find_password_hash(user_id)
    assert stored.startswith("$argon2id$")


@pytest.mark.parametrize("email", ["ada@example.com", "nobody@example.com", "not an address", ""])
def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(engine, email):
    person(engine)

    with pytest.raises(WrongCredentials) as refusal:
        check_password(engine, email=email, password="something else entirely")

    assert str(refusal.value) == str(WrongCredentials())


@pytest.mark.parametrize("email", ["ada@example.com", "nobody@example.com"])
def test_after_five_failures_within_a_minute_the_right_password_has_to_wait(engine, email):
    person(engine)
    for _ in range(5):
        with pytest.raises(WrongCredentials):
            check_password(engine, email=email, password="wrong")

    with pytest.raises(RateLimited) as refusal:
        check_password(engine, email=email, password=PASSWORD)

    assert refusal.value.facts["retry_after_seconds"] == 60


def test_after_the_minute_the_right_password_is_right_again(engine):
    user_id = person(engine)
    for _ in range(5):
        with pytest.raises(WrongCredentials):
            check_password(engine, email="ada@example.com", password="wrong")
    advance(engine, seconds=60)

    assert check_password(engine, email="ada@example.com", password=PASSWORD).id == user_id


def test_a_success_starts_the_count_anew(engine):
    person(engine)
    for _ in range(3):
        for _ in range(4):
            with pytest.raises(WrongCredentials):
                check_password(engine, email="ada@example.com", password="wrong")

        assert check_password(engine, email="ada@example.com", password=PASSWORD)


def test_an_account_without_a_password_can_not_be_signed_in_to(engine):
    create_user(engine, email="ada@example.com")

    with pytest.raises(WrongCredentials):
        check_password(engine, email="ada@example.com", password="")


def test_a_suspended_person_is_signed_out_and_kept_out(engine):
    user_id = person(engine)
    key = begin_session(engine, user_id=user_id)

    update_user(engine, user_id=user_id, is_suspended=True)

    assert find_session(engine, key=key) is None
    with pytest.raises(Forbidden):
        check_password(engine, email="ada@example.com", password=PASSWORD)


def test_a_session_ends_by_itself_and_when_it_is_ended(engine):
    user_id = person(engine)
    first, second = begin_session(engine, user_id=user_id), begin_session(engine, user_id=user_id)
    end_session(engine, key=first)
    assert first != second
    assert find_session(engine, key=first) is None
    assert find_session(engine, key=second) is not None

    advance(engine, seconds=engine.settings.session_seconds)

    assert find_session(engine, key=second) is None


def test_the_creator_of_an_organization_manages_its_billing_and_others_do_not(engine):
    ada, grace = person(engine), person(engine, "grace@example.com")
    organization = create_organization(engine, name="Acme", creator_id=ada, handle="acme", external_id="crm-1")
    with engine.begin() as tx:
        tx.organizations.add_member(organization.code, grace, at=engine.now())

    keys = [permission.key for permission in permissions_of(engine, user_id=ada, org_code=organization.code)]
    assert keys == ["org:read:billing", "org:write:billing", "org:write:members"]
    assert [role.key for role in roles_of(engine, user_id=ada, org_code=organization.code)] == ["billing_admin"]
    assert permissions_of(engine, user_id=grace, org_code=organization.code) == ()
    assert permissions_of(engine, user_id=ada, org_code=None) == ()


def test_a_handle_belongs_to_one_organization(engine):
    create_organization(engine, name="Acme", handle="acme")
    other = create_organization(engine, name="Other")

    with pytest.raises(Conflict):
        create_organization(engine, name="Acme too", handle="acme")
    with pytest.raises(Conflict):
        update_organization(engine, code=other.code, handle="acme")


@pytest.mark.parametrize(
    "values", [{"name": " "}, {"name": "x" * 101}, {"name": "A", "handle": "Acme!"}, {"name": "A", "external_id": "\n"}]
)
def test_what_can_not_name_an_organization_is_refused(engine, values):
    with pytest.raises(InvalidRequest):
        create_organization(engine, **values)


def test_an_organization_changes_by_what_is_named(engine):
    organization = create_organization(engine, name="Acme", handle="acme")

    changed = update_organization(engine, code=organization.code, name="Acme Ltd")

    assert (changed.name, changed.handle) == ("Acme Ltd", "acme")
    with pytest.raises(InvalidRequest):
        update_organization(engine, code=organization.code, is_default=True)


def test_deleting_a_person_ends_their_agreements_and_keeps_what_was_paid(engine):
    customer = payer(engine)
    agreement = subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")

    delete_user(engine, user_id=customer.user_id)

    with engine.read() as tx:
        assert tx.users.find(customer.user_id) is None
        assert len(tx.invoices.page(customer_id=customer.id).items) == 1
    assert events_of(engine, customer.id)[-1] == "customer.agreement_cancelled"
    with pytest.raises(AgreementNotLive):
        cancel_agreement(engine, agreement_id=agreement.id)
    with pytest.raises(NotFound):
        delete_user(engine, user_id=customer.user_id)


def test_deleting_an_organization_keeps_its_members_and_the_default_one_stays(engine):
    ada = person(engine)
    organization = create_organization(engine, name="Acme", creator_id=ada)
    delete_organization(engine, code=organization.code)

    with engine.read() as tx:
        default = tx.organizations.get_default()
        assert tx.organizations.of_user(ada) == (default,)
    with pytest.raises(Conflict):
        delete_organization(engine, code=default.code)


def test_a_portal_link_opens_once(engine):
    user_id = person(engine)
    url = create_portal_link(
        engine, user_id=user_id, application=APPLICATION, sub_nav="plan_details", return_url="https://app.example/me"
    )
    visit = open_portal_link(engine, key=key_of(url))

    assert url.startswith("http://127.0.0.1:3000/portal_redirect?key=")
    assert (visit.user_id, visit.sub_nav, visit.return_url) == (user_id, "plan_details", "https://app.example/me")
    assert find_portal_visit(engine, session_key=visit.session_key) == visit
    assert visit.session_key not in repr(visit)
    with pytest.raises(LinkUsed):
        open_portal_link(engine, key=key_of(url))


def test_a_visit_can_be_ended(engine):
    visit = open_portal_link(engine, key=key_of(create_portal_link(engine, user_id=person(engine))))

    end_portal_visit(engine, session_key=visit.session_key)

    assert find_portal_visit(engine, session_key=visit.session_key) is None


@pytest.mark.parametrize("url", ["https://evil.test/", "https://app.example@evil.test/", "/me", "javascript:alert(1)"])
@pytest.mark.parametrize("application", [APPLICATION, None])
def test_a_portal_link_leads_back_only_to_the_application(engine, url, application):
    user_id = person(engine)
    with engine.begin() as tx:
        tx.applications.save(APPLICATION)

    with pytest.raises(ReturnUrlNotAllowed):
        create_portal_link(engine, user_id=user_id, application=application, return_url=url)


def test_a_portal_link_is_for_members_and_for_pages_that_exist(engine):
    organization = create_organization(engine, name="Acme")
    user_id = person(engine)

    with pytest.raises(Forbidden):
        create_portal_link(engine, user_id=user_id, org_code=organization.code)
    with pytest.raises(InvalidRequest):
        create_portal_link(engine, user_id=user_id, sub_nav="nonsense")
    with pytest.raises(NotFound):
        create_portal_link(engine, user_id="kp_0")
