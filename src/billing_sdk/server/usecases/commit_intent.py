"""Commit a billing intent: all of its changes in one transaction, with one invoice for what is collected now."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from billing_sdk.errors import IntentPaymentRequired, PaymentNotRequired, PriceChanged
from billing_sdk.server.domain.agreements import (
    AgreedDiscount,
    Agreement,
    ApplyDiscount,
    BillingIntent,
    CadenceDiscount,
    Deactivate,
    Modify,
    PendingCancellation,
    RemoveDiscount,
    Subscribe,
    under_rules,
)
from billing_sdk.server.domain.credits import check_number
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.domain.invoicing import Invoice, Lines, Payment, covering
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.accrue import accrue_waiting
from billing_sdk.server.usecases.agreement_news import announce_update
from billing_sdk.server.usecases.auditing import recording_denials
from billing_sdk.server.usecases.collect_charge import settle_left_over
from billing_sdk.server.usecases.conclude_change import put_in_place, record_payment
from billing_sdk.server.usecases.end_agreement import end_agreement
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.issue_invoice import issue_invoice, new_invoice
from billing_sdk.server.usecases.plan_ahead import keep_plans
from billing_sdk.server.usecases.rate_intervals import store_rated
from billing_sdk.server.usecases.receive_payment import require_for
from billing_sdk.server.usecases.reserve_intent import hold_intent
from billing_sdk.server.usecases.save_agreement import save_agreement
from billing_sdk.server.usecases.work_out_intent import Prospect, Step, work_out_intent


def commit_intent(
    engine: Engine,
    *,
    intent_id: str,
    payment_intent_id: str | None = None,
    source: EventSource = "api",
    actor: str | None = None,
) -> BillingIntent:
    """Make all changes of a reserved intent, and issue the invoice for what they come to.

    Args:
        engine: the engine.
        intent_id: which one.
        payment_intent_id: the succeeded payment of exactly what is due, where the cadence collects from a payment
            method and something is due; none where it sends invoices, or nothing is.
        source: who caused it, as events name them.
        actor: who caused it, as the audit names them.

    Raises:
        NotFound: there is no such intent.
        InvalidIntentStatus: it is not reserved.
        IntentPaymentRequired, PaymentNotRequired: a payment is missing, or too much.
        UnknownPaymentIntent, PaymentIntentCustomerInvalid, PaymentIntentStatusInvalid, PaymentIntentAmountInvalid: it
            can't be paid by this.
        PriceChanged: it would come to something else than when it was reserved.
        TooManyCreditGrants: it would grant credit to a customer who has a hundred grants that are not used up.
        AgreementNotLive, InvalidIntentActions, Conflict: it can't be made any more as things are.
    """
    actor = actor or source
    with recording_denials(engine, actor=actor, action="intent.commit", subject=intent_id):
        with engine.read() as tx:
            found = tx.billing_intents.get(intent_id)
        settle_left_over(engine, customer_id=found.customer_id)
        with engine.begin() as tx:
            customer, intent = hold_intent(tx, intent_id)
            at = engine.now_for(tx, customer)
            committed = intent.committed(at=at)
            prospect = work_out_intent(tx, customer, intent, at=at)
            _check_as_reserved(intent, prospect)
            payment = _payment(tx, customer, intent, prospect, payment_intent_id)
            tx.billing_intents.let_go(intent.id)
            unused = tx.grants.count_unused(customer.id)
            _make(tx, customer, intent, prospect, payment, source=source, actor=actor, at=at)
            if tx.grants.count_unused(customer.id) > unused:
                check_number(unused)
            tx.billing_intents.save(committed)
            tx.audit.record(actor, "intent.commit", intent.id, at, before=intent, after=committed)
    return committed


def _check_as_reserved(intent: BillingIntent, prospect: Prospect) -> None:
    """Let an intent pass that means what it did when it was reserved.

    What has been renewed since was billed as it was before, for a period that nobody has reckoned with.

    Raises:
        PriceChanged: it comes to something else, or what it changes was billed in the meantime.
    """
    if prospect.amounts != intent.amounts:
        changed = f"the intent comes to {prospect.amounts.due} now, and not to {intent.amounts.due}"
    elif any(
        intent.reserved_at is not None and step.before.billed_period.start > intent.reserved_at
        for step in prospect.steps
        if step.before is not None
    ):
        changed = "what the intent changes was billed for another period since it was reserved"
    else:
        return
    raise PriceChanged(changed, remedy="Release the intent, and reserve it again.")


def _payment(
    tx: UnitOfWork,
    customer: Customer,
    intent: BillingIntent,
    prospect: Prospect,
    payment_intent_id: str | None,
) -> Payment | None:
    sends_invoices = tx.billing_profiles.of(customer, prospect.cadence.id).sends_invoices
    if sends_invoices or not prospect.amounts.due:
        if payment_intent_id is not None:
            raise PaymentNotRequired(
                "the invoice is sent to the customer" if sends_invoices else "nothing is to be paid",
                reason="send_invoice" if sends_invoices else "nothing_due",
            )
        return None
    if payment_intent_id is None:
        raise IntentPaymentRequired(f"{intent.amounts.due} is to be paid first")
    return require_for(tx, payment_intent_id, customer=customer, amount=prospect.amounts.due)


def _make(
    tx: UnitOfWork,
    customer: Customer,
    intent: BillingIntent,
    prospect: Prospect,
    payment: Payment | None,
    *,
    source: EventSource,
    actor: str,
    at: datetime,
) -> None:
    # All steps are worked out with the rules that the intent leaves behind, wherever in its list those are.
    for step in sorted(prospect.steps, key=lambda step: not step.is_rule):
        _change(tx, customer, intent, step, source=source, actor=actor, at=at)
    invoice = None
    if prospect.lines:
        wanted = new_invoice(
            customer,
            prospect.lines,
            currency=intent.currency,
            agreement=prospect.agreement,
            reason="change",
            at=at,
            billing_cadence_id=prospect.cadence.id,
        )
        invoice = issue_invoice(tx, customer, wanted, source=source, actor=actor, at=at, payment=payment)
    if payment is not None:
        record_payment(tx, customer, payment, invoice, source=source, actor=actor)
    for step in prospect.steps:
        billed, agreement = invoice, step.after or step.before
        if step.collect_at == "next_billing_date" and step.lines and agreement is not None:
            billed = _gathered(tx, customer, agreement, step.lines, actor=actor, at=at)
        store_rated(tx, customer, step.rated, invoice=billed, at=at)


def _change(
    tx: UnitOfWork,
    customer: Customer,
    intent: BillingIntent,
    step: Step,
    *,
    source: EventSource,
    actor: str,
    at: datetime,
) -> None:
    act = step.action.act
    match act:
        case Subscribe() | Modify() if step.after is not None:
            put_in_place(
                tx,
                customer,
                step.before,
                step.after,
                source=source,
                actor=actor,
                at=at,
                grants_partial=act.grants_partial,
            )
        case Deactivate() if step.before is not None:
            _end(tx, customer, step.before, act, step.at, source=source, actor=actor, at=at)
        case ApplyDiscount():
            rule = CadenceDiscount(act.rule_id, intent.billing_cadence_id, act.percent_off, step.at)
            tx.cadence_discounts.add(rule)
            _discount(tx, customer, intent, rule.id, rule.agreed, source=source, actor=actor, at=at)
        case RemoveDiscount():
            tx.cadence_discounts.remove(act.rule_id, at=step.at)
            _discount(tx, customer, intent, act.rule_id, None, source=source, actor=actor, at=at)
        case _:
            pass


def _end(
    tx: UnitOfWork,
    customer: Customer,
    agreement: Agreement,
    act: Deactivate,
    ends_at: datetime,
    *,
    source: EventSource,
    actor: str,
    at: datetime,
) -> None:
    if ends_at <= at:
        end_agreement(tx, customer, agreement, source=source, actor=actor, at=at, ends_at=ends_at)
        return
    wish = PendingCancellation(is_prorate=act.gives_back, is_invoice_now=True, source=source, actor=actor)
    planned = agreement.to_end(ends_at, wish)
    action = "agreement.plan_cancellation"
    keep_plans(tx, customer, agreement, planned, action=action, source=source, actor=actor, at=at)


def _discount(
    tx: UnitOfWork,
    customer: Customer,
    intent: BillingIntent,
    rule_id: str,
    agreed: AgreedDiscount | None,
    *,
    source: EventSource,
    actor: str,
    at: datetime,
) -> None:
    """Put a rule on all agreements of the cadence, or take it off them."""
    for before in tx.agreements.live_of(customer.id):
        if before.billing_cadence_id != intent.billing_cadence_id:
            continue
        after = under_rules(before, (), [rule_id]) if agreed is None else under_rules(before, [agreed])
        if after != before:
            save_agreement(tx, customer, after)
            tx.audit.record(actor, "agreement.update", after.id, at, before=before, after=after)
            announce_update(tx, before, after, customer=customer, source=source, at=at)


def _gathered(
    tx: UnitOfWork, customer: Customer, agreement: Agreement, lines: Lines, *, actor: str, at: datetime
) -> Invoice:
    """Put what a step comes to on what the cadence bills next."""
    before = tx.invoices.find_gathering(customer.id, agreement.currency, agreement.billing_cadence_id)
    if before is None:
        empty = new_invoice(customer, (), currency=agreement.currency, agreement=agreement, reason="change", at=at)
        invoice = replace(empty, status="gathering", agreement_id=None)
        tx.invoices.add(invoice)
    else:
        invoice = before
    basis = covering(invoice.basis, agreement.billed_period)
    invoice = replace(invoice.with_lines((*invoice.lines, *lines)), basis=basis)
    tx.invoices.save_unissued(invoice)
    accrue_waiting(tx, customer, invoice, at=at)
    tx.audit.record(actor, "invoice.add_line", invoice.id, at, before=before, after=invoice)
    return invoice
