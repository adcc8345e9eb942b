"""Every section of the portal: where it is, whose account it is about, and who may see it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from billing_sdk.errors import BillingError, PaymentPending, Unauthenticated
from billing_sdk.server import web
from billing_sdk.server.domain.customers import CustomerKind
from billing_sdk.server.domain.workspace import Wish
from billing_sdk.server.pages.forms import Form
from billing_sdk.server.pages.messages import application_for, page, show_error
from billing_sdk.server.pages.once import do_once
from billing_sdk.server.pages.portal import (
    add_ons,
    bills,
    changing,
    credit,
    ending,
    entry,
    members,
    organization,
    payments,
    people,
    places,
    plans,
    seats,
    top_up,
)
from billing_sdk.server.pages.portal.desk import Desk, address, open_desk, own_agreement, require_account
from billing_sdk.server.pages.portal.waiting import confirm_url
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.open_portal_link import find_way_back
from billing_sdk.server.usecases.workspace import require_billing
from billing_sdk.server.web.errors import wants_html
from billing_sdk.server.words import detail_of, remedy_for_people, title_of

Handler = Callable[[Desk, Form], Response]


@dataclass(frozen=True, slots=True)
class Section:
    """One page of the portal.

    Attributes:
        path: its address below that of the portal; the first part is the section's name.
        submit: acts on a form; None where there is nothing to change.
        manages: it is about money, so an organization shows it only to who may manage that.
        wish: what it is for; None where the operator has nothing to allow, or its handlers ask themselves.
        is_once: a copy of a form leads to where the first one has led. Where money is paid, what was shown is sent
            along, so that a copy finds it paid; and no password may be known by its digest.
    """

    kind: CustomerKind
    path: str
    show: Handler
    submit: Handler | None = None
    manages: bool = True
    wish: Wish | None = None
    is_once: bool = False

    def route(self) -> BaseRoute:
        """Return its route."""
        methods = ["GET", "POST"] if self.submit else ["GET"]
        return Route(address(self.kind, self.path), page(self._serve), methods=methods)

    def _serve(self, request: Request, engine: Engine) -> Response:
        try:
            desk = open_desk(request, engine, self.kind, self.path.partition("/")[0])
        except Unauthenticated as error:
            return _show_out(request, engine, error)
        try:
            if request.method == "POST" and self.submit:
                fields = web.form_of(request)
                web.check_csrf(request, fields, desk.session_key, engine.settings)
                return self._declined(desk) or self._submitted(desk, Form(fields), self.submit)
            return self._declined(desk) or self.show(desk, Form())
        except BillingError as error:
            return _refuse(desk, error)

    def _submitted(self, desk: Desk, form: Form, submit: Handler) -> Response:
        if not self.is_once:
            return submit(desk, form)
        return do_once(
            desk.request,
            desk.engine,
            form,
            lambda engine: submit(replace(desk, engine=engine), form),
            who=f"portal:{desk.user.id}",
            application=desk.application,
        )

    def _declined(self, desk: Desk) -> Response | None:
        """Return the page that says that the operator does not offer this, if that is so.

        What an address names is looked for first: what is another account's is not there, whatever is offered.
        """
        require_account(desk, manages=self.manages)
        if self.manages:
            require_billing(desk.engine)
        if "agreement_id" in desk.request.path_params:
            with desk.engine.read() as tx:
                own_agreement(tx, desk)
        return None if self.wish is None or desk.may(self.wish) else desk.decline(self.wish)


def routes() -> list[BaseRoute]:
    """Return the routes of the portal."""
    return [
        Route("/portal_redirect", page(entry.show_entry), methods=["GET"]),
        Route("/portal_redirect", page(entry.enter), methods=["POST"]),
        Route("/portal/leave", page(entry.leave), methods=["POST"]),
        *(section.route() for section in SECTIONS),
    ]


def _show_out(request: Request, engine: Engine, error: Unauthenticated) -> Response:
    """Say that a visit is over, with the way to where another one begins."""
    key = web.read_portal_key(request, engine.settings)
    if not wants_html(request) or key is None:
        raise error
    url = find_way_back(engine, session_key=key)
    return show_error(request, error, application=application_for(engine, url), return_url=url)


def _refuse(desk: Desk, error: BillingError) -> Response:
    """Say why not, with the navigation around it, so that there is somewhere to go on to."""
    error = web.as_told(desk.request, error)
    return desk.show(
        "refused",
        status=error.status,
        headline=title_of(error),
        detail=detail_of(error),
        remedy=remedy_for_people(error),
        confirm_url=confirm_url(desk, error.facts.get("url") if isinstance(error, PaymentPending) else None),
    )


def _money_sections(kind: CustomerKind) -> tuple[Section, ...]:
    return (
        Section(kind, "plan_details", plans.show_plan),
        Section(kind, "plan_details/{agreement_id}/cancel", ending.show_cancel, ending.cancel, wish="cancel"),
        Section(kind, "plan_details/{agreement_id}/withdraw", plans.show_own, ending.withdraw, wish="cancel"),
        Section(kind, "plan_details/{agreement_id}/undo", plans.show_own, plans.undo),
        Section(kind, "plan_details/{agreement_id}/pause", plans.show_own, plans.pause, wish="pause"),
        Section(kind, "plan_details/{agreement_id}/resume", plans.show_own, plans.resume, wish="resume"),
        Section(kind, "plan_details/{agreement_id}/add_ons", add_ons.show_add_ons, wish="buy_add_ons"),
        Section(
            kind,
            "plan_details/{agreement_id}/add_ons/{plan_key}",
            add_ons.show_add_on,
            add_ons.save_add_on,
            wish="buy_add_ons",
        ),
        Section(
            kind,
            "plan_details/{agreement_id}/seats/{fee_key}",
            seats.show_seats,
            seats.save_seats,
            wish="change_seats",
        ),
        Section(kind, "plan_selection", changing.show_selection, wish="change_plan"),
        Section(kind, "plan_selection/{plan_key}", changing.show_change, changing.change, wish="change_plan"),
        Section(kind, "payment_details", payments.show_card, payments.save_card),
        Section(kind, "billing_address", places.show_address, places.save_address, is_once=True),
        Section(kind, "billing", bills.show_invoices, wish="see_invoices"),
        Section(kind, "credit", credit.show_credit),
        Section(kind, "credit/top_up", top_up.show_top_up, top_up.buy, wish="top_up"),
        Section(kind, "credit/automatic", top_up.show_rule, top_up.set_rule, wish="top_up", is_once=True),
        Section(kind, "billing/upcoming", bills.show_upcoming, wish="see_invoices"),
        Section(kind, "billing/{invoice_id}", bills.show_invoice, wish="see_invoices"),
        Section(kind, "billing/{invoice_id}/pay", bills.show_invoice, bills.pay, wish="see_invoices"),
        Section(kind, "billing/{invoice_id}/document", bills.show_document, wish="see_invoices"),
        Section(kind, "billing/{invoice_id}/pdf", bills.send_invoice, wish="see_invoices"),
        Section(kind, "billing/{invoice_id}/credit_notes/{note_id}/pdf", bills.send_credit_note, wish="see_invoices"),
    )


SECTIONS = (
    Section("user", "profile", people.show_profile, people.save_profile, manages=False, is_once=True),
    Section("user", "profile/email", people.show_email, people.save_email, manages=False, wish="edit_profile"),
    Section("user", "profile/password", people.show_password, people.save_password, manages=False, wish="edit_profile"),
    Section("user", "profile/sign_out", people.show_sign_out, people.sign_out, manages=False),
    Section(
        "organization",
        "details",
        organization.show_organization,
        organization.save_organization,
        manages=False,
        is_once=True,
    ),
    Section("organization", "members", members.show_members, members.change_invitations, manages=False, is_once=True),
    Section(
        "organization", "members/{user_id}", members.show_member, members.change_member, manages=False, is_once=True
    ),
    *_money_sections("user"),
    *_money_sections("organization"),
)
