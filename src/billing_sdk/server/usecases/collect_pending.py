"""Collect what is pending: owed invoices, and the price of a plan that was assigned before the customer had a card."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from billing_sdk.errors import PaymentMethodRequired, PriceChanged
from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.domain.invoicing import Invoice, PendingCharge, lines_at_boundary, with_period_discounted
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.bill_customer import charge_for
from billing_sdk.server.usecases.collect_charge import collect_charge, open_charge, settle_left_over
from billing_sdk.server.usecases.complete_lines import complete_lines
from billing_sdk.server.usecases.conclude_change import conclude_change
from billing_sdk.server.usecases.decide_change import Change
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.load_in_force import load_in_force
from billing_sdk.server.usecases.make_way import make_way, with_method
from billing_sdk.server.usecases.payer_method import payer_method
from billing_sdk.server.usecases.payment_methods import refresh_default
from billing_sdk.server.usecases.takes_cards import takes_cards
from billing_sdk.server.usecases.tax_customer import require_location


def collect_pending(
    engine: Engine, *, customer_id: str, terms: str, source: EventSource = "user", actor: str | None = None
) -> Agreement:
    """Charge what is owed for a plan: its owed invoices, one after the other, or its present period.

    Args:
        engine: the engine.
        customer_id: who owes it.
        terms: what the customer was shown and agreed to, one of `changes_unpaid`.
        source: who caused it, as events name them.
        actor: who caused it, as the audit names them; the source by default.

    Raises:
        NotFound: there is no such customer.
        PriceChanged: the customer owes nothing on these terms, any more or at all.
        PaymentMethodRequired: the customer has no card still.
        TaxLocationMissing: tax is insisted on, and nobody knows where the customer is.
        CardDeclined: the charge was refused; the plan stays, and what is not paid stays owed.
        Conflict: another change of the customer's plan is under way.
    """
    settle_left_over(engine, customer_id=customer_id)
    if not takes_cards(engine):
        refresh_default(engine, customer_id=customer_id)
    with engine.read() as tx:
        keeps = with_method(tx, customer_id)
    make_way(engine, customer_id=customer_id, keeps=keeps)
    actor = actor or source
    with engine.begin() as tx:
        customer = tx.customers.lock(customer_id)
        at = engine.now_for(tx, customer)
        unpaid = {change.terms: change for change in changes_unpaid(tx, customer, at=at)}
        change = unpaid.get(terms)
        if change is None:
            raise PriceChanged("what was shown is not what is to be paid now")
        match change.outcome:
            case "free":  # all that it costs is charged by usage, later, or the credit balance pays for it
                return conclude_change(
                    tx,
                    customer=customer,
                    agreement=change.agreement,
                    lines=change.lines,
                    payment=None,
                    source=source,
                    actor=actor,
                    at=at,
                )
            case "credit":
                raise PaymentMethodRequired(f"the plan {change.plan.key!r} costs something", plan=change.plan.key)
            case "charge" if not change.invoice_ids:
                cadence_id = change.agreement.billing_cadence_id
                require_location(tx, customer, change.lines, billing_cadence_id=cadence_id)
                charge = open_charge(tx, engine, change, source=source, actor=actor)
                charges = iter((charge,))
            case "charge":
                charges = _charges_for(engine, change.invoice_ids, source, actor)
    for charge in charges:
        collect_charge(engine, charge)
    with engine.read() as tx:
        return tx.agreements.get(change.agreement.id)


def changes_unpaid(tx: UnitOfWork, customer: Customer, *, at: datetime) -> tuple[Change, ...]:
    """Return what would settle each plan that a customer owes something for, the oldest first.

    What has been invoiced is owed even if the agreement has ended since; a plan that was assigned on credit and never
    invoiced is not owed any more then, nor while it is paused.
    """
    live = tx.agreements.live_of(customer.id)
    unpaid = {agreement.id: agreement for agreement in live if agreement.is_unpaid and agreement.grants}
    owed: dict[str, list[Invoice]] = {}
    invoiced: set[str] = set()
    for invoice in tx.invoices.owed_by(customer.id):
        if invoice.is_due and invoice.agreement_ids:  # one that is about several is asked for with the first of them
            owed.setdefault(invoice.agreement_ids[0], []).append(invoice)
            invoiced.update(invoice.agreement_ids)
    wanted = sorted(owed.keys() | (unpaid.keys() - invoiced))
    agreements = [unpaid.get(agreement_id) or tx.agreements.get(agreement_id) for agreement_id in wanted]
    return tuple(_settling(tx, customer, one, owed.get(one.id, []), at) for one in agreements)


def _settling(
    tx: UnitOfWork, customer: Customer, agreement: Agreement, invoices: Sequence[Invoice], at: datetime
) -> Change:
    in_force = load_in_force(tx, agreement)
    (plan,) = tx.catalog.list_plans([agreement.plan_key])
    settled = replace(agreement, is_unpaid=False)
    if invoices:
        lines = tuple(line for invoice in invoices for line in invoice.lines)
    else:
        period = agreement.period_at(at)
        lines = complete_lines(
            tx,
            customer,
            lines_at_boundary(in_force, after=None, at=period.start),
            currency=agreement.currency,
            agreement=agreement,
            period=Period(period.start, period.start),
            at=at,
        )
        # Nobody was billed for what lies before: a plan on credit is owed from the day when it is paid.
        billed_until = max(agreement.billed_until, period.end)
        settled = replace(with_period_discounted(settled).billed_from(period.start), billed_until=billed_until)
    return Change(
        customer=customer,
        plan=replace(plan, version=in_force.version),
        before=agreement,
        agreement=settled,
        lines=lines,
        method=payer_method(tx, customer.id, agreement.billing_cadence_id),
        invoice_ids=tuple(invoice.id for invoice in invoices),
        is_sent=not invoices and tx.billing_profiles.of(customer, agreement.billing_cadence_id).sends_invoices,
    )


def _charges_for(
    engine: Engine, invoice_ids: Sequence[str], source: EventSource, actor: str
) -> Iterator[PendingCharge]:
    """Write down one charge after the other: there is one at a time for each plan group."""
    for invoice_id in invoice_ids:
        with engine.begin() as tx:
            invoice = tx.invoices.get(invoice_id)
            tx.customers.lock(invoice.customer_id)
            invoice = tx.invoices.get(invoice_id)
            if not invoice.is_owed:
                continue
            agreement = None if invoice.agreement_id is None else tx.agreements.get(invoice.agreement_id)
            charge = charge_for(tx, engine, invoice, agreement, source=source, actor=actor)
        if charge is not None:
            yield charge
