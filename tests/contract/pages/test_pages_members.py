"""The portal's pages about members, the page that an invitation leads to, and the account of a person."""

from __future__ import annotations

import re
import secrets
from urllib.parse import urljoin

import httpx
import pytest

from billing_sdk.server.domain.events.mail import Mail
from billing_sdk.server.domain.workspace import PortalSettings
from billing_sdk.server.storage.paging import PageRequest
from billing_sdk.server.usecases.account_links import ask_for_email, ask_for_password
from billing_sdk.server.usecases.check_password import check_password
from billing_sdk.server.usecases.create_organization import create_organization
from billing_sdk.server.usecases.create_user import create_user
from billing_sdk.server.usecases.register_user import register_user
from billing_sdk.server.usecases.update_user import update_user
from billing_sdk.testing.visitor import Page, Visitor
from tests.contract.pages.visits import PASSWORD, begin, enter_portal, user_of
from tests.serving import CALLBACK, RunningServer

FRESH = "staple battery correct horse"


@pytest.fixture
def manager(site: RunningServer, email: str) -> str:
    """Somebody who has an account."""
    register_user(site.engine, email=email, password=PASSWORD, given_name="Vera", family_name="Visitor")
    return email


@pytest.fixture
def org_code(site: RunningServer, manager: str) -> str:
    """The code of an organization that they have created."""
    return create_organization(site.engine, name="Acme <b>", creator_id=user_of(site, manager).id).code


@pytest.fixture
def guest() -> str:
    """The address of somebody who is invited."""
    return f"gus-{secrets.token_hex(6)}@example.com"


def link_to(site: RunningServer, guest: str) -> str:
    """Return the link in the newest mail to somebody."""
    with site.engine.read() as tx:
        (mail,) = tx.mails.list(PageRequest(1, newest_first=True), recipient=guest).items
    return str(mail.values["url"])


def members_of(site: RunningServer, org_code: str) -> set[str]:
    with site.engine.read() as tx:
        return {user.email for user in tx.users.list(PageRequest(50), org_code=org_code).items}


def mails_to(site: RunningServer, email: str) -> list[Mail]:
    with site.engine.read() as tx:
        return list(tx.mails.list(PageRequest(50), recipient=email).items)


def twice(site: RunningServer, visitor: Visitor, **typed: str) -> list[str]:
    """Send the form of a page two times, and return where each copy leads to."""
    form = visitor.page.forms[0]
    fields, headers = {**form.fields, **typed}, {"Origin": site.base_url}
    url, places = urljoin(visitor.page.url, form.action), []
    with httpx.Client(cookies=dict(visitor.http.cookies), headers=headers) as browser:
        for _ in range(2):
            answer = browser.post(url, data=fields)
            assert answer.status_code == 303, answer.text
            places.append(answer.headers["location"])
    return places


def way_on_from(page: Page) -> str:
    """Return where the button of a page leads to."""
    [address] = re.findall(r'<p class="actions return"><a class="button" href="([^"]+)"', page.html)
    return address


def invite(site: RunningServer, visitor: Visitor, manager: str, org_code: str, guest: str) -> str:
    enter_portal(visitor, site, manager, sub_nav="organization_members", org_code=org_code)
    page = visitor.submit("Send invitation", email=guest)
    assert "The invitation was sent." in page.text
    return link_to(site, guest)


def test_somebody_is_invited_joins_gets_a_role_and_is_removed(
    site: RunningServer, visitor: Visitor, manager: str, org_code: str, guest: str
) -> None:
    link = invite(site, visitor, manager, org_code, guest)
    with Visitor() as other:
        page = other.open(link)
        assert "has invited you to Acme <b>" in page.text
        assert "<b>" not in page.html
        page = other.submit("Create account and join", password=PASSWORD, given_name="Gus")
        assert page.url.startswith(f"{site.base_url}/portal/organization_details")
        assert "You belong to the organization now." in page.text
        assert other.open(link).status == 410
        assert "Invite somebody" not in other.open("/portal/organization_members").text

        visitor.open("/portal/organization_members")
        visitor.follow("Change Gus")
        page = visitor.submit("Save", role_billing_admin="yes")
        assert "Billing admin" in page.text
        assert "Invite somebody" in other.open("/portal/organization_members").text

    visitor.follow("Change Gus")
    page = visitor.submit("Remove")
    assert "The member was removed." in page.text
    assert members_of(site, org_code) == {manager}


def test_an_invitation_is_sent_again_and_withdrawn(
    site: RunningServer, visitor: Visitor, manager: str, org_code: str, guest: str
) -> None:
    link = invite(site, visitor, manager, org_code, guest)
    visitor.submit("Send again")
    newer = link_to(site, guest)
    with Visitor() as other:
        assert (other.open(link).status, other.open(newer).status) == (410, 200)
        page = visitor.submit("Withdraw")
        assert "The invitation was withdrawn." in page.text
        page = other.open(newer)
        assert page.status == 410
        assert "Ask whoever has invited you" in page.text


@pytest.mark.attack(117)
def test_whoever_only_looks_at_an_invitation_leaves_it_as_it_is(
    site: RunningServer, visitor: Visitor, manager: str, org_code: str, guest: str
) -> None:
    link = invite(site, visitor, manager, org_code, guest)
    with Visitor() as other:
        for _ in range(2):
            assert other.open(link).status == 200
        page = other.submit("Create account and join", password="short")
        assert "Choose a password of 10 to 256 characters." in page.text
        assert members_of(site, org_code) == {manager}


def test_whoever_has_an_account_is_asked_for_its_password_or_is_signed_in_already(
    site: RunningServer, visitor: Visitor, manager: str, org_code: str, guest: str
) -> None:
    register_user(site.engine, email=guest, password=PASSWORD)
    link = invite(site, visitor, manager, org_code, guest)
    with Visitor() as other:
        other.open(link)
        page = other.submit("Sign in and join", password="not the password")
        assert page.status == 422
        other.submit("Sign in and join", password=PASSWORD)
        assert members_of(site, org_code) == {manager, guest}

        second = create_organization(site.engine, name="Second", creator_id=user_of(site, manager).id).code
        other.open(invite(site, visitor, manager, second, guest))
        page = other.submit("Join")
        assert "You belong to the organization now." in page.text
    assert members_of(site, second) == {manager, guest}


@pytest.mark.parametrize("sub_nav", ["organization_members", "profile"])
def test_where_mail_is_promised_it_is_said_that_none_is_sent(
    site: RunningServer, visitor: Visitor, manager: str, org_code: str, sub_nav: str
) -> None:
    page = enter_portal(visitor, site, manager, sub_nav=sub_nav, org_code=org_code)
    if sub_nav == "profile":
        page = visitor.follow("Change the e-mail address")
    assert "This service sends no mail at present." in page.text


def test_a_refused_form_of_a_link_can_be_read_in_another_language_and_keeps_its_key(
    site: RunningServer, visitor: Visitor, manager: str, org_code: str, guest: str
) -> None:
    register_user(site.engine, email=guest, password=PASSWORD)
    link = invite(site, visitor, manager, org_code, guest)
    with Visitor() as other:
        other.open(link)
        refused = other.submit("Sign in and join", password="not the password")
        page = other.follow("Deutsch")
        assert (refused.status, page.status) == (422, 200)
        assert page.forms[-1].fields["key"] == refused.forms[-1].fields["key"]
        assert "Passwort" in page.text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"email": ""}, "Enter the e-mail address of the person."),
        ({"email": "nobody"}, "Enter a whole e-mail address"),
    ],
)
def test_what_is_no_address_to_invite_is_said_beside_its_field(
    site: RunningServer, visitor: Visitor, manager: str, org_code: str, typed: dict[str, str], said: str
) -> None:
    enter_portal(visitor, site, manager, sub_nav="organization_members", org_code=org_code)
    page = visitor.submit("Send invitation", **typed)
    assert (page.status, said in page.text) == (422, True)
    assert "This person belongs to the organization already." in visitor.submit("Send", email=manager).text


def test_the_last_one_who_manages_the_members_stays_and_keeps_the_role(
    site: RunningServer, visitor: Visitor, manager: str, org_code: str
) -> None:
    enter_portal(visitor, site, manager, sub_nav="organization_members", org_code=org_code)
    visitor.follow("Change Vera Visitor")
    page = visitor.submit("Remove")
    assert (page.status, "Give another member such a role first." in page.text) == (422, True)
    fields = {"csrf_token": visitor.page.forms[-1].fields["csrf_token"]}
    answer = visitor.http.post(visitor.page.url, data=fields, headers={"Origin": site.base_url})
    assert answer.status_code == 422
    assert members_of(site, org_code) == {manager}


@pytest.mark.attack(118)
def test_members_of_another_organization_are_not_there(
    site: RunningServer, visitor: Visitor, manager: str, org_code: str
) -> None:
    enter_portal(visitor, site, manager, sub_nav="organization_members", org_code=org_code)
    ada = user_of(site, site.seed.users[0][0])
    assert visitor.open(f"/portal/organization_members/{ada.id}").status == 404


def test_an_organization_is_renamed_by_who_manages_it(
    site: RunningServer, visitor: Visitor, manager: str, org_code: str
) -> None:
    enter_portal(visitor, site, manager, sub_nav="organization_details", org_code=org_code)
    handle = f"acme-{secrets.token_hex(4)}"
    assert "small letters" in visitor.submit("Save", name="Acme", handle="?").text
    assert "Enter the name" in visitor.submit("Save", name="", handle=handle).text
    assert "Your changes were saved." in visitor.submit("Save", name="Acme Ltd", handle=handle).text
    with site.engine.read() as tx:
        organization = tx.organizations.get(org_code)
    assert (organization.name, organization.handle) == ("Acme Ltd", handle)


def test_an_e_mail_address_is_changed_with_the_password(site: RunningServer, visitor: Visitor, manager: str) -> None:
    enter_portal(visitor, site, manager, sub_nav="profile")
    visitor.follow("Change the e-mail address")
    taken = site.seed.users[0][0]
    assert "This is not your password." in visitor.submit("Change", email=f"x{manager}", password="wrong").text
    assert "Another account has" in visitor.submit("Change", email=taken, password=PASSWORD).text
    page = visitor.submit("Change", email=f"x{manager}", password=PASSWORD)
    assert "We have sent a link to the new address." in page.text
    assert f"x{manager} waits to be confirmed." in page.text
    visitor.open("/portal/profile/email")
    page = visitor.submit("Withdraw this address")
    assert "The address was withdrawn." in page.text
    assert "waits to be confirmed" not in page.text
    visitor.follow("Change the e-mail address")
    visitor.submit("Change", email=f"x{manager}", password=PASSWORD)
    assert check_password(site.engine, email=manager, password=PASSWORD)
    with Visitor() as elsewhere:
        assert elsewhere.open(link_to(site, f"x{manager}")).title.startswith("Confirm your e-mail")
        assert check_password(site.engine, email=manager, password=PASSWORD)
        page = elsewhere.submit("Confirm")
        assert "Your e-mail address is confirmed" in page.text
        assert CALLBACK.startswith(way_on_from(page))
        assert elsewhere.open(link_to(site, f"x{manager}")).status == 410
    assert check_password(site.engine, email=f"x{manager}", password=PASSWORD)


def test_who_has_forgotten_the_password_gets_a_link_at_the_sign_in_and_strangers_hear_the_same(
    site: RunningServer, visitor: Visitor, manager: str
) -> None:
    said = []
    for email in (manager, f"nobody-{manager}"):
        begin(visitor, site, prompt="login")
        visitor.follow("Forgotten your password?")
        said.append(visitor.submit("Send", email=email).text)
        sent = len(mails_to(site, email))
        assert (visitor.open(visitor.page.url).text, len(mails_to(site, email))) == (said[-1], sent)
    assert said[0] == said[1]
    assert "If there is an account" in said[0]
    with Visitor() as elsewhere:
        elsewhere.open(link_to(site, manager))
        assert "not the same" in elsewhere.submit("Set", new_password=FRESH, repeated="x").text
        assert "at least 10" in elsewhere.submit("Set", new_password="x", repeated="x").text
        assert "Your password is set" in elsewhere.submit("Set", new_password=FRESH, repeated=FRESH).text
        assert FRESH not in elsewhere.page.html
        assert CALLBACK.startswith(way_on_from(elsewhere.page))
        assert "Your password is set" in elsewhere.open(elsewhere.page.url).text
    assert check_password(site.engine, email=manager, password=FRESH)


def test_a_copy_of_a_form_that_asks_for_a_link_mails_none_and_leads_to_the_same_page(
    site: RunningServer, visitor: Visitor, manager: str
) -> None:
    begin(visitor, site, prompt="login")
    visitor.follow("Forgotten your password?")
    first, second = twice(site, visitor, email=manager)
    assert first == second
    assert first.endswith("/forgotten?after=sent")
    assert len(mails_to(site, manager)) == 1


def test_a_copy_of_a_form_that_uses_a_link_leads_to_the_same_page(
    site: RunningServer, visitor: Visitor, manager: str
) -> None:
    ask_for_password(site.engine, email=manager)
    visitor.open(link_to(site, manager))
    first, second = twice(site, visitor, new_password=FRESH, repeated=FRESH)
    assert first == second == "/account_link?after=set_password"
    user, other = user_of(site, manager), f"x{manager}"
    ask_for_email(site.engine, user_id=user.id, email=other, password=FRESH)
    visitor.open(link_to(site, other))
    assert twice(site, visitor) == ["/account_link?after=confirm_email"] * 2


def test_a_copy_of_a_form_that_accepts_an_invitation_says_that_they_belong_and_signs_nobody_in(
    site: RunningServer, visitor: Visitor, manager: str, org_code: str, guest: str
) -> None:
    link = invite(site, visitor, manager, org_code, guest)
    with Visitor() as other:
        other.open(link)
        first, second = twice(site, other, password=PASSWORD, given_name="Gus")
        assert (first, second) == ("/portal/organization_details?done=joined", "/invitation?after=joined")
        assert "You belong to the organization now" in other.open(site.base_url + second).text
    assert members_of(site, org_code) == {manager, guest}


def test_a_wrong_password_at_an_invitation_counts_and_a_right_one_joins_afterwards(
    site: RunningServer, visitor: Visitor, manager: str, org_code: str, guest: str
) -> None:
    register_user(site.engine, email=guest, password=PASSWORD)
    link = invite(site, visitor, manager, org_code, guest)
    with Visitor() as other:
        other.open(link)
        statuses = [other.submit("Sign in and join", password="not the password").status for _ in range(7)]
        assert (statuses[0], statuses[-1]) == (422, 429)


def test_an_account_without_a_password_gets_its_first_one_by_mail(site: RunningServer, visitor: Visitor) -> None:
    email = f"made-{secrets.token_hex(4)}@example.com"
    create_user(site.engine, email=email)
    enter_portal(visitor, site, email, sub_nav="profile")
    visitor.follow("Set a password")
    assert "We have sent a link to your e-mail address." in visitor.submit("Send").text
    with Visitor() as elsewhere:
        elsewhere.open(link_to(site, email))
        elsewhere.submit("Set", new_password=FRESH, repeated=FRESH)
    assert check_password(site.engine, email=email, password=FRESH)


def test_another_password_signs_out_everywhere_else(site: RunningServer, visitor: Visitor, manager: str) -> None:
    enter_portal(visitor, site, manager, sub_nav="profile")
    with Visitor() as other:
        enter_portal(other, site, manager, sub_nav="profile")
        visitor.follow("Change the password")
        typed = {"password": PASSWORD, "new_password": FRESH, "repeated": FRESH}
        assert "not the same" in visitor.submit("Change", **{**typed, "repeated": "x"}).text
        assert "not your password" in visitor.submit("Change", **{**typed, "password": "x"}).text
        assert "at least 10" in visitor.submit("Change", **{**typed, "new_password": "x", "repeated": "x"}).text
        assert FRESH not in visitor.page.html
        assert "Your password was changed." in visitor.submit("Change", **typed).text
        assert (other.open("/portal/profile").status, visitor.open("/portal/profile").status) == (401, 200)
    assert check_password(site.engine, email=manager, password=FRESH)


def test_somebody_signs_out_everywhere(site: RunningServer, visitor: Visitor, manager: str) -> None:
    enter_portal(visitor, site, manager, sub_nav="profile")
    with Visitor() as other:
        enter_portal(other, site, manager, sub_nav="profile")
        visitor.follow("Sign out everywhere")
        assert "signed out everywhere" in visitor.submit("Sign out everywhere").text
        assert (other.open("/portal/profile").status, visitor.open("/portal/profile").status) == (401, 401)


def test_a_language_is_chosen_in_the_profile_and_kept_with_the_person(
    site: RunningServer, visitor: Visitor, manager: str
) -> None:
    enter_portal(visitor, site, manager, sub_nav="profile")
    assert 'lang="de"' in visitor.submit("Save", given_name="Vera", family_name="", language="de").html
    with Visitor() as other:
        assert '<html lang="de"' in enter_portal(other, site, manager, sub_nav="profile").html


def test_a_region_without_words_of_its_own_is_kept_when_the_language_is_not_changed(
    site: RunningServer, visitor: Visitor, manager: str
) -> None:
    user = user_of(site, manager)
    update_user(site.engine, user_id=user.id, language="en-US")
    page = enter_portal(visitor, site, manager, sub_nav="profile")
    assert "United States" not in page.text
    visitor.submit("Save", given_name="Vera", family_name="")
    with site.engine.read() as tx:
        assert tx.users.get(user.id).standard_claims["locale"] == "en-US"


def test_what_the_operator_does_not_offer_is_not_done(
    site: RunningServer, visitor: Visitor, manager: str, org_code: str
) -> None:
    enter_portal(visitor, site, manager, sub_nav="organization_members", org_code=org_code)
    invitation = dict(visitor.page.forms[-1].fields)
    with site.engine.begin() as tx:
        before = tx.portal_settings.get()
        tx.portal_settings.save(
            PortalSettings(may_manage_members=False, may_edit_organization=False, may_edit_profile=False)
        )
    try:
        for section in ("organization_members", "organization_details", "profile"):
            sent = {**invitation, "email": "gus@example.com", "name": "Evil"}
            answer = visitor.http.post(
                f"{site.base_url}/portal/{section}", data=sent, headers={"Origin": site.base_url}
            )
            assert answer.status_code == 403
            assert 'name="email"' not in visitor.open(f"{site.base_url}/portal/{section}").html
        assert visitor.open(f"{site.base_url}/portal/profile/password").status == 403
    finally:
        with site.engine.begin() as tx:
            tx.portal_settings.save(before)
