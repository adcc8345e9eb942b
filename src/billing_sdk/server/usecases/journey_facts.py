"""What is known at a step of a journey: what is offered, and what is due."""

from __future__ import annotations

from dataclasses import dataclass

from billing_sdk.money import Money
from billing_sdk.server.domain.catalog import Plan, PricingTable
from billing_sdk.server.domain.catalog.offer import Visit, offer_for
from billing_sdk.server.domain.customers import Customer, CustomerKind, PaymentMethod
from billing_sdk.server.domain.invoicing import Lines, balance_change
from billing_sdk.server.domain.visits import Journey
from billing_sdk.server.domain.workspace import PLAN_GROUP
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.billing_settings import billing_settings
from billing_sdk.server.usecases.collect_pending import changes_unpaid
from billing_sdk.server.usecases.decide_change import work_out_change
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.preview_change import NextCharge, next_charge_of
from billing_sdk.server.usecases.settle_journey import (
    Payer,
    is_without_organization,
    may_write_billing,
    options_of,
    payer_of,
)
from billing_sdk.server.usecases.tax_customer import is_location_missing, is_taxed_later

KINDS: tuple[CustomerKind, ...] = ("user", "organization")


@dataclass(frozen=True, slots=True)
class Due:
    """What has to be paid before the journey goes on.

    Attributes:
        amount: what is charged at once; zero for a plan that costs only what is used.
        method: how the customer pays already, if that is known.
        terms: what somebody who pays agrees to; see `terms_of`.
        is_pending: the plan was assigned before, and only its payment is missing.
        next_charge: what is charged after that, if it is known.
        lines: what is charged, line by line.
        asks_address: tax depends on where the customer is, and nobody knows.
        tax_by_gateway: the payment processor adds what tax there is to the amount.
    """

    customer: Customer
    plan: Plan
    amount: Money
    method: PaymentMethod | None
    terms: str
    is_pending: bool
    next_charge: NextCharge | None = None
    lines: Lines = ()
    asks_address: bool = False
    tax_by_gateway: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """All that decides which step is next."""

    journey: Journey
    table: PricingTable | None = None
    due: Due | None = None
    is_kept_out: bool = False


def load_facts(tx: UnitOfWork, engine: Engine, journey: Journey) -> Facts:
    """Read what decides the next step of somebody who has signed in.

    While billing is off, nothing is offered and nothing is due.
    """
    if journey.user_id is None or is_without_organization(journey):
        return Facts(journey)
    if not engine.workspace_in(tx).is_billing_enabled:
        return Facts(journey)
    return Facts(
        journey,
        table=offered_table(tx, engine, journey),
        due=find_due(tx, engine, journey),
        is_kept_out=is_kept_out(tx, engine, journey),
    )


def is_kept_out(tx: UnitOfWork, engine: Engine, journey: Journey) -> bool:
    """Tell whether whoever has just created an organization came for a plan of it, and may not choose any.

    That is so where no role that creators get lets its holder write what an organization pays.
    """
    if not engine.workspace_in(tx).is_billing_enabled or not _may_not_choose(tx, journey):
        return False
    if journey.plan_key is not None:
        plan = tx.catalog.find_plan(journey.plan_key)
        return plan is not None and plan.group.scope == "organization"
    table = _table_of(tx, engine, journey)
    return table is not None and table.group.scope == "organization"


def offered_table(tx: UnitOfWork, engine: Engine, journey: Journey) -> PricingTable | None:
    """Return the table to choose from: the one that the link names, or the default one of what is offered.

    There is none for whoever has a plan of its group by now: a payment that waited may have been confirmed meanwhile.
    Nor is there one for whoever has created an organization and may not choose its plan.

    Source: Kinde documentation, "Pricing table display defaults".
    """
    table = _table_of(tx, engine, journey)
    if table is None or (table.group.scope == "organization" and _may_not_choose(tx, journey)):
        return None
    return table


def _may_not_choose(tx: UnitOfWork, journey: Journey) -> bool:
    is_created = journey.is_new_organization and journey.org_code is not None
    return is_created and not may_write_billing(tx, journey)


def _table_of(tx: UnitOfWork, engine: Engine, journey: Journey) -> PricingTable | None:
    """Return the table that fits the visit, whatever the person may decide."""
    if journey.plan_interest or journey.plan_done:
        return None
    key = journey.pricing_table_key
    tables = (tx.pricing_tables.get_live(key),) if key else tx.pricing_tables.list()
    tables = tuple(table for table in tables if table.group.key != PLAN_GROUP)  # that of the workspace is its own
    kind = offer_for(_visit(tx, engine, journey), frozenset(table.group.scope for table in tables))
    table = next((table for table in tables if table.group.scope == kind), None)
    return None if table is None or _has_plan(tx, journey, table) else table


def find_due(tx: UnitOfWork, engine: Engine, journey: Journey) -> Due | None:
    """Return what is to be paid: for the plan that was chosen, or for one that an application has assigned."""
    return _chosen(tx, engine, journey) or _pending(tx, engine, journey)


def customers_of(tx: UnitOfWork, journey: Journey) -> tuple[Customer, ...]:
    """Return the customers that the person may decide for: themself, and the organization of the visit."""
    found = (_customer_of(tx, payer_of(tx, journey, kind)) for kind in KINDS)
    return tuple(customer for customer in found if customer is not None)


def _chosen(tx: UnitOfWork, engine: Engine, journey: Journey) -> Due | None:
    if journey.plan_key is None or journey.plan_done:
        return None
    plan = tx.catalog.get_plan(journey.plan_key)
    customer = _customer_of(tx, payer_of(tx, journey, plan.group.scope))
    if customer is None or tx.agreements.find_live(customer.id, plan.group.id):
        return None
    at = engine.now_for(tx, customer)
    change = work_out_change(tx, customer=customer, plan=plan, at=at, options=options_of(journey, plan))
    if not change.needs_method:
        return None
    balance = tx.credits.balance(customer.id, change.agreement.currency)
    return Due(
        customer,
        change.plan,
        change.amount,
        change.method,
        change.terms,
        is_pending=False,
        next_charge=next_charge_of(
            tx, customer, change.agreement, balance + balance_change(change.lines, balance.currency)
        ),
        lines=change.lines,
        asks_address=is_location_missing(tx, customer),
        tax_by_gateway=is_taxed_later(tx, customer),
    )


def _pending(tx: UnitOfWork, engine: Engine, journey: Journey) -> Due | None:
    for customer in customers_of(tx, journey):
        for change in changes_unpaid(tx, customer, at=engine.now_for(tx, customer)):
            # Nobody is kept out for a plan that has ended; what is owed for it, the portal asks for.
            if change.before is not None and change.before.is_live:
                return Due(
                    customer,
                    change.plan,
                    change.amount,
                    change.method,
                    change.terms,
                    is_pending=True,
                    lines=change.lines,
                    asks_address=not change.invoice_ids
                    and is_location_missing(tx, customer, change.agreement.billing_cadence_id),
                    tax_by_gateway=not change.invoice_ids
                    and is_taxed_later(tx, customer, change.agreement.billing_cadence_id),
                )
    return None


def _visit(tx: UnitOfWork, engine: Engine, journey: Journey) -> Visit:
    """Describe the visit; without a table that the link names, a sign-up counts only where tables are shown at one."""
    named = journey.pricing_table_key is not None
    shows_at_sign_up = named or billing_settings(tx, engine).show_pricing_table_at_sign_up
    return Visit(
        is_new_user=journey.is_new_user and shows_at_sign_up,
        is_new_organization=journey.is_new_organization and shows_at_sign_up,
        user_is_customer_without_plan=_is_without_plan(tx, tx.customers.find_by_user(journey.user_id or "")),
        org_is_customer_without_plan=_is_without_plan(tx, tx.customers.find_by_organization(journey.org_code or "")),
        may_write_billing=may_write_billing(tx, journey),
    )


def _has_plan(tx: UnitOfWork, journey: Journey, table: PricingTable) -> bool:
    customer = _customer_of(tx, payer_of(tx, journey, table.group.scope))
    return customer is not None and tx.agreements.find_live(customer.id, table.group.id) is not None


def _is_without_plan(tx: UnitOfWork, customer: Customer | None) -> bool:
    return customer is not None and not tx.agreements.live_of(customer.id)


def _customer_of(tx: UnitOfWork, payer: Payer | None) -> Customer | None:
    if payer is None:
        return None
    if payer.user_id is not None:
        return tx.customers.find_by_user(payer.user_id)
    return tx.customers.find_by_organization(payer.org_code or "")
