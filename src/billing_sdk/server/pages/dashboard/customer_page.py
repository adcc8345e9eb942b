"""One customer's page: who it is, what was agreed, paid, owed and used, and what an operator can do about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from starlette.responses import Response

from billing_sdk.money import Money
from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.credits import CreditGrant
from billing_sdk.server.domain.customers import Customer, PaymentMethod
from billing_sdk.server.domain.entitlements import GrantedEntitlement, Room
from billing_sdk.server.domain.identity import Organization, User
from billing_sdk.server.domain.invoicing import Invoice
from billing_sdk.server.domain.timers import TestClock
from billing_sdk.server.pages.dashboard.amounts import amount_words
from billing_sdk.server.pages.dashboard.listing import Cell, Column, Row, address, asked, row
from billing_sdk.server.pages.dashboard.names import called
from billing_sdk.server.pages.dashboard.places import CREDITS, CUSTOMERS, INVOICES, SUBSCRIPTIONS
from billing_sdk.server.pages.dashboard.plan_choice import plan_names
from billing_sdk.server.pages.dashboard.seat import Seat
from billing_sdk.server.pages.dashboard.statuses import (
    CUSTOMER_KINDS,
    GRANT_STATUSES,
    INVOICE_STATUSES,
    agreement_said,
    status_cell,
)
from billing_sdk.server.pages.forms import Form
from billing_sdk.server.pages.line_words import credit_name
from billing_sdk.server.pages.method_words import label_of
from billing_sdk.server.pages.stretch import stretch_of
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.storage.paging import PageRequest
from billing_sdk.server.usecases.load_entitlements import load_entitlements
from billing_sdk.server.words import Value, phrase

NEWEST = 10
MOST_MEMBERS = 50
PLAN_COLUMNS = (
    Column(phrase("Plan")),
    Column(phrase("Status")),
    Column(phrase("Since")),
    Column(phrase("Paid until")),
)
INVOICE_COLUMNS = (
    Column(phrase("Number")),
    Column(phrase("Date")),
    Column(phrase("Status")),
    Column(phrase("Amount"), is_number=True),
)
GRANT_COLUMNS = (
    Column(phrase("Name")),
    Column(phrase("Status")),
    Column(phrase("Left"), is_number=True),
    Column(phrase("Granted"), is_number=True),
)
MEMBER_COLUMNS = (Column(phrase("Name")), Column(phrase("E-mail")), Column(phrase("Roles")))
METHOD_COLUMNS = (Column(phrase("Method")), Column(phrase("Expires")), Column(phrase("Since")))
DEFAULT = phrase("Default")


@dataclass(frozen=True, slots=True)
class Included:
    """Something that the customer may use; figures are None where nothing is counted."""

    name: str
    value: str | None
    room: Room | None

    @property
    def share(self) -> int:
        """How much of the limit is used, in percent, at most 100."""
        if self.room is None or not self.room.limit:
            return 0
        return min(100, int(self.room.used * Decimal(100) / self.room.limit))


@dataclass(frozen=True, slots=True)
class Account:
    """All that the page shows of a customer.

    Attributes:
        members: those of its organization, page by page.
        members_after: the last one of them, where more follow; empty otherwise.
    """

    customer: Customer
    name: str
    user: User | None
    organization: Organization | None
    agreements: tuple[Agreement, ...]
    plans: Mapping[str, str]
    invoices: tuple[Invoice, ...]
    balances: tuple[Money, ...]
    grants: tuple[CreditGrant, ...]
    methods: tuple[PaymentMethod, ...]
    members: tuple[tuple[User, tuple[str, ...]], ...]
    members_after: str
    clock: TestClock | None

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"{CUSTOMERS}/{self.customer.id}"


def load_account(seat: Seat) -> Account:
    """Return the customer of the address.

    Raises:
        NotFound: there is none.
    """
    with seat.engine.read() as tx:
        customer = tx.customers.get(seat.request.path_params["customer_id"])
        user = None if customer.user_id is None else tx.users.find(customer.user_id)
        organization = None if customer.org_code is None else tx.organizations.find(customer.org_code)
        agreements = tx.agreements.of_customer(customer.id)
        members, has_more = _members(tx, organization, asked(seat.request, "members") or None)
        return Account(
            customer=customer,
            name=called(tx, [customer])[customer.id],
            user=user,
            organization=organization,
            agreements=agreements,
            plans=plan_names(tx, agreements),
            invoices=tx.invoices.newest_of(customer.id, limit=NEWEST),
            balances=tx.credits.balances(customer.id),
            grants=tx.grants.newest(customer_id=customer.id, after=None, before=None, size=NEWEST),
            methods=tx.customers.methods_of(customer.id),
            members=members,
            members_after=members[-1][0].id if has_more else "",
            clock=None if customer.clock_id is None else tx.clocks.get(customer.clock_id),
        )


def show_customer(seat: Seat) -> Response:
    """Show a customer."""
    return show_account(seat, load_account(seat), Form())


def show_account(seat: Seat, account: Account, form: Form, *, link: str = "") -> Response:
    """Show a customer, with a form as it was sent, and with a link to the portal that was just made."""
    customer = account.customer
    view = load_entitlements(seat.engine, user_id=customer.user_id, org_code=customer.org_code)
    agreed = stretch_of(seat.request, account.agreements[::-1], name="plans", at_once=NEWEST)
    methods = stretch_of(seat.request, account.methods, name="methods", at_once=NEWEST)
    included = stretch_of(seat.request, [_included(granted, view.rooms) for granted in view.entitlements])
    return seat.show(
        "customers/show",
        form,
        account=account,
        tab="overview",
        kind=CUSTOMER_KINDS[customer.kind],
        facts=_facts(account),
        plan_columns=PLAN_COLUMNS,
        agreed=agreed,
        plan_rows=[_plan_row(account, agreement) for agreement in agreed.items],
        invoice_columns=INVOICE_COLUMNS,
        invoice_rows=[_invoice_row(invoice) for invoice in account.invoices],
        grant_columns=GRANT_COLUMNS,
        grant_rows=[_grant_row(grant) for grant in account.grants],
        method_columns=METHOD_COLUMNS,
        methods=methods,
        method_rows=[_method_row(method) for method in methods.items],
        members_url=address(account.url, {"members": account.members_after}) if account.members_after else "",
        member_columns=MEMBER_COLUMNS,
        member_rows=[row(user.name, user.email, ", ".join(roles)) for user, roles in account.members],
        included=included,
        link=link,
    )


def _facts(account: Account) -> list[tuple[Value, Value]]:
    customer = account.customer
    facts: list[tuple[Value, Value]] = [
        (phrase("Billing e-mail"), customer.billing_email),
        (phrase("Customer since"), customer.created_at),
        (phrase("Customer id"), customer.id),
    ]
    if customer.user_id is not None:
        facts.append((phrase("Person id"), customer.user_id))
    if customer.org_code is not None:
        facts.append((phrase("Organization code"), customer.org_code))
    if customer.address is not None:
        place = customer.address
        lines = [*place.lines, place.postal_code, place.city, place.region, place.country]
        facts.append((phrase("Address"), ", ".join(line for line in lines if line)))
    if customer.tax_ids:
        facts.append((phrase("Tax numbers"), ", ".join(customer.tax_ids)))
    if customer.language is not None:
        facts.append((phrase("Language of invoices"), customer.language))
    return facts


def _plan_row(account: Account, agreement: Agreement) -> Row:
    said = agreement_said(agreement)
    return row(
        Cell(
            account.plans.get(agreement.plan_key, agreement.plan_key),
            url=f"{SUBSCRIPTIONS}/{agreement.id}",
            note=_beside(account, agreement),
        ),
        Cell(said.label, tone=said.tone),
        agreement.started_at,
        agreement.billed_until if agreement.is_live else "",
    )


def _beside(account: Account, agreement: Agreement) -> str:
    """Return what is agreed beside the plan."""
    add_ons = [f"{account.plans.get(one.plan_key, one.plan_key)} \u00d7 {one.quantity}" for one in agreement.add_ons]
    return ", ".join([*add_ons, *(f"{key} \u00d7 {number}" for key, number in agreement.quantities.items())])


def _invoice_row(invoice: Invoice) -> Row:
    return row(
        Cell(invoice.number or invoice.id, url=f"{INVOICES}/{invoice.id}"),
        invoice.issued_at or invoice.created_at,
        status_cell(INVOICE_STATUSES, invoice.status),
        invoice.amount,
    )


def _grant_row(grant: CreditGrant) -> Row:
    return row(
        Cell(credit_name(grant.name), url=f"{CREDITS}/{grant.id}"),
        status_cell(GRANT_STATUSES, grant.status),
        amount_words(grant.left),
        amount_words(grant.amount),
    )


def _method_row(method: PaymentMethod) -> Row:
    expires = f"{method.exp_month:02}/{method.exp_year}" if method.expires else ""
    return row(Cell(label_of(method), note=DEFAULT if method.is_default else ""), expires, method.created_at)


def _included(granted: GrantedEntitlement, rooms: Mapping[str, Room]) -> Included:
    return Included(granted.feature_name, granted.value, rooms.get(granted.id))


def _members(
    tx: UnitOfWork, organization: Organization | None, after: str | None
) -> tuple[tuple[tuple[User, tuple[str, ...]], ...], bool]:
    """Return the next members of an organization, with the roles that they hold, and whether more follow."""
    if organization is None:
        return (), False
    page = tx.users.list(PageRequest(MOST_MEMBERS, starting_after=after), org_code=organization.code)
    roles = tx.organizations.roles_of(organization.code, [user.id for user in page.items])
    return tuple((user, roles.get(user.id, ())) for user in page.items), page.has_more
