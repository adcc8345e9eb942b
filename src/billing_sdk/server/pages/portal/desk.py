"""The desk: who is in the portal, about whose account, and what that person may do there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from billing_sdk.errors import Forbidden, NotFound, Unauthenticated
from billing_sdk.server import web
from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.customers import Customer, CustomerKind
from billing_sdk.server.domain.identity import WRITE_BILLING, Organization, User
from billing_sdk.server.domain.workspace import PortalSettings, Wish
from billing_sdk.server.pages.forms import WRONG, Form
from billing_sdk.server.pages.messages import application_for
from billing_sdk.server.pages.portal.notes import NOTES
from billing_sdk.server.pages.rendering import show
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.become_customer import ensure_customer
from billing_sdk.server.usecases.customer_language import language_of_person
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.words import Phrase, phrase

ASK_AGAIN = "Go back to the application and open your account from there."
# What is said to somebody who asks for what the operator does not let customers do.
NOT_OFFERED: dict[Wish, Phrase] = {
    "change_plan": phrase("Plans can't be changed here."),
    "cancel": phrase("Plans can't be cancelled here."),
    "pause": phrase("Plans can't be paused here."),
    "resume": phrase("Plans that are paused, or that are going to end, can't be taken up again here."),
    "buy_add_ons": phrase("Add-ons can't be bought here."),
    "change_seats": phrase("The number of seats can't be changed here."),
    "top_up": phrase("Credit can't be bought here."),
    "manage_payment_methods": phrase("Payment methods can't be changed here."),
    "edit_billing_address": phrase("The billing address can't be changed here."),
    "manage_members": phrase("Members can't be managed here."),
    "edit_organization": phrase("The details of the organization can't be changed here."),
    "edit_profile": phrase("The profile can't be changed here."),
    "see_invoices": phrase("Invoices aren't shown here."),
    "see_usage": phrase("Usage isn't shown here."),
}


@dataclass(frozen=True, slots=True)
class Link:
    """A section that the navigation can name.

    Attributes:
        manages: it is about money, so an organization shows it only to who may manage that.
        wish: what the operator must let customers do; None where it is always there.
    """

    section: str
    label: Phrase
    manages: bool = True
    wish: Wish | None = None


MONEY = (
    Link("plan_details", phrase("Plan")),
    Link("payment_details", phrase("Payment method")),
    Link("billing_address", phrase("Billing address")),
    Link("billing", phrase("Invoices"), wish="see_invoices"),
    Link("credit", phrase("Credit")),
)
PERSONAL = (Link("profile", phrase("Profile"), manages=False), *MONEY)
SHARED = (
    Link("details", phrase("Details"), manages=False),
    Link("members", phrase("Members"), manages=False),
    *MONEY,
)
# Shown in the navigation as part of another section.
WITHIN = {"plan_selection": "plan_details"}


@dataclass(frozen=True, slots=True)
class Entry:
    """A link of the navigation."""

    label: Phrase
    url: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class Group:
    """The links about one account."""

    title: Phrase | str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Desk:
    """A person at one section of the portal.

    Attributes:
        kind: whose account the section is about: the person's own, or that of the organization.
        section: the name of the section, without the kind.
        organization: the one that the person acts for, if any.
        customer: the account as a payer, if it is one yet.
        permissions: what the person may do in the organization.
        settings: what the operator lets customers do for themselves.
    """

    request: Request
    engine: Engine
    session_key: str = field(repr=False)
    kind: CustomerKind
    section: str
    application: str
    return_url: str
    user: User
    organization: Organization | None
    customer: Customer | None
    permissions: frozenset[str]
    settings: PortalSettings

    @property
    def may_manage(self) -> bool:
        """Whether the person may see and change what the account pays."""
        return self.kind == "user" or WRITE_BILLING in self.permissions

    def may(self, wish: Wish) -> bool:
        """Tell whether the operator lets customers do something for themselves."""
        return self.settings.allows(wish)

    def decline(self, wish: Wish) -> Response:
        """Return the page for somebody who asks for what the operator does not let customers do."""
        return self.show(
            "refused",
            status=403,
            headline=phrase("This is not possible here"),
            detail=NOT_OFFERED[wish],
            remedy=phrase("Ask whoever runs the application."),
            confirm_url="",
        )

    def url(self, section: str) -> str:
        """Return where a section of the same account is."""
        return address(self.kind, section)

    def show(self, template: str, form: Form | None = None, *, status: int = 200, **values: Any) -> Response:
        """Return a page of the portal."""
        form = form or Form()
        return show(
            self.request,
            f"portal/{template}.html",
            status=WRONG if form.errors else status,
            chosen_language=language_of_person(self.user),
            application=self.application,
            csrf_token=web.csrf_token(self.session_key),
            desk=self,
            done=NOTES.get(self.request.query_params.get("done", ""), ""),
            form=form,
            **values,
        )

    def go_to(self, section: str, note: str = "") -> Response:
        """Send the browser to a section of the same account, which then says what has happened."""
        return RedirectResponse(self.url(section) + (f"?done={note}" if note else ""), 303)

    def ensure_customer(self) -> Customer:
        """Return the account as a payer; it becomes one when it first needs to be."""
        if self.customer:
            return self.customer
        org_code = self.organization.code if self.kind == "organization" and self.organization else None
        with self.engine.begin() as tx:
            return ensure_customer(
                self.engine,
                tx,
                user_id=None if org_code else self.user.id,
                org_code=org_code,
                billing_email=self.user.email,
                actor=self.user.id,
            )

    @property
    def account_name(self) -> str:
        """Whose account the section is about."""
        return self.organization.name if self.kind == "organization" and self.organization else self.user.name

    @property
    def navigation(self) -> tuple[Group, ...]:
        """The sections that this person can go to."""
        groups = [self._group("user", phrase("Your account"), PERSONAL)]
        if self.organization:
            groups.append(self._group("organization", self.organization.name, SHARED))
        return tuple(groups)

    def _group(self, kind: CustomerKind, title: Phrase | str, links: tuple[Link, ...]) -> Group:
        current = (self.kind, WITHIN.get(self.section, self.section))
        may_manage = kind == "user" or WRITE_BILLING in self.permissions
        shown = [link for link in links if may_manage or not link.manages]
        return Group(
            title,
            tuple(
                Entry(link.label, address(kind, link.section), (kind, link.section) == current)
                for link in shown
                if link.wish is None or self.may(link.wish)
            ),
        )


def address(kind: CustomerKind, section: str) -> str:
    """Return the address of a section; those of an organization start with the word."""
    return f"/portal/{'organization_' if kind == 'organization' else ''}{section}"


def open_desk(request: Request, engine: Engine, kind: CustomerKind, section: str) -> Desk:
    """Return the desk of the browser's portal visit.

    Raises:
        Unauthenticated: there is no visit, or it is over.
    """
    session_key = web.read_portal_key(request, engine.settings)
    visit = web.read_portal_visit(request, engine)
    if session_key is None or visit is None:
        raise Unauthenticated("your visit to this page is over", remedy=ASK_AGAIN)
    application = application_for(engine, visit.return_url)
    with engine.read() as tx:
        user = tx.users.find(visit.user_id)
        if user is None or user.is_suspended:
            raise Unauthenticated("your visit to this page is over", remedy=ASK_AGAIN)
        organization = _organization(tx, visit.org_code, user)
        return Desk(
            request=request,
            engine=engine,
            session_key=session_key,
            kind=kind,
            section=section,
            application=application,
            return_url=visit.return_url or "",
            user=user,
            organization=organization,
            customer=_customer(tx, kind, user, organization),
            permissions=_permissions(tx, user, organization),
            settings=tx.portal_settings.get(),
        )


def require_account(desk: Desk, *, manages: bool) -> None:
    """Let somebody go on who may see a section.

    Raises:
        NotFound: the section is about an organization and the visit is not.
        Forbidden: it is about what an organization pays, and the person may not manage that.
    """
    if desk.kind == "organization" and desk.organization is None:
        raise NotFound("this visit is not for an organization", remedy="Choose a section of your own account.")
    if manages and not desk.may_manage:
        raise Forbidden(
            f"only members with the permission {WRITE_BILLING} manage what the organization pays",
            remedy="Ask somebody who manages the organization's billing.",
        )


def own_agreement(tx: UnitOfWork, desk: Desk) -> Agreement:
    """Return the agreement that the address names, if it is the account's own.

    Raises:
        NotFound: it is not, or there is none.
    """
    agreement = tx.agreements.find(desk.request.path_params["agreement_id"])
    if agreement is None or desk.customer is None or agreement.customer_id != desk.customer.id:
        raise NotFound("there is no such agreement", remedy="Choose one from the list.")
    return agreement


def _organization(tx: UnitOfWork, org_code: str | None, user: User) -> Organization | None:
    """Return the organization of a visit, as long as the person belongs to it.

    Everybody without one of their own belongs to the default organization, which is nobody's account.
    """
    if org_code is None or tx.organizations.find_membership(org_code, user.id) is None:
        return None
    organization = tx.organizations.get(org_code)
    return None if organization.is_default else organization


def _customer(tx: UnitOfWork, kind: CustomerKind, user: User, organization: Organization | None) -> Customer | None:
    if kind == "user":
        return tx.customers.find_by_user(user.id)
    return tx.customers.find_by_organization(organization.code) if organization else None


def _permissions(tx: UnitOfWork, user: User, organization: Organization | None) -> frozenset[str]:
    if organization is None:
        return frozenset()
    held = tx.roles.permissions_of_member(organization.code, user.id)
    return frozenset(permission.key for permission in held)
