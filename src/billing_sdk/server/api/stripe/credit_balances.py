"""What a customer has in credit, and what has come to it and gone: v1's credit balance summary and transactions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Annotated, Literal

from fastapi import Depends
from starlette.responses import Response

from billing_sdk.errors import BillingError, UnknownCreditGrant
from billing_sdk.server.api.stripe.answers import Answering
from billing_sdk.server.api.stripe.bodies import FormBody, StripeRoute, View
from billing_sdk.server.api.stripe.credit_amounts import AmountView, ScopeBody, check_customer, scope_from
from billing_sdk.server.api.stripe.ids import (
    CreditGrantId,
    CreditTransactionId,
    CustomerId,
    InvoiceId,
    TestClockId,
    line_id,
    ours,
    path_id,
)
from billing_sdk.server.api.stripe.newest import newest_page
from billing_sdk.server.api.stripe.paging import Filters, Listing, Wanted
from billing_sdk.server.api.stripe.problems import refused
from billing_sdk.server.api.stripe.security import EngineOf, v1
from billing_sdk.server.api.stripe.values import Livemode, UnixTime
from billing_sdk.server.domain.catalog import CustomUnit
from billing_sdk.server.domain.credits import CreditMovement, MovementKind
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.stripe_credit import (
    StripeBalance,
    balance_of_grant,
    balances_by_scope,
    told_movement,
    units_of_credit,
)
from billing_sdk.server.web.operations import Operations

router = Operations(route_class=StripeRoute)

READ = "read:billing_credits"
Reason = Literal[
    "credits_granted", "credits_application_invoice_voided", "credits_applied", "credits_expired", "credits_voided"
]
# What a movement is called; what was taken by hand has no name of its own.
REASONS: Mapping[MovementKind, Reason] = MappingProxyType(
    {
        "granted": "credits_granted",
        "reinstated": "credits_application_invoice_voided",
        "given_back": "credits_application_invoice_voided",
        "applied": "credits_applied",
        "expired": "credits_expired",
        "voided": "credits_voided",
        "adjusted": "credits_voided",
    }
)


class WhatFor(FormBody):
    """Which grants a balance is of: those for a scope, or one."""

    type: Literal["applicability_scope", "credit_grant"]
    applicability_scope: ScopeBody | None = None
    credit_grant: str | None = None


class SummaryFilters(Filters):
    """Whose balance, and of which grants."""

    customer: str
    filter: WhatFor


class TransactionFilters(Filters):
    """Whose transactions, and of which grant."""

    customer: str
    credit_grant: str | None = None


SUMMARY = Listing(SummaryFilters)
TRANSACTIONS = Listing(TransactionFilters)


class BalanceView(View):
    """What can be spent, and what stands in the books, in one currency or unit."""

    available_balance: AmountView
    balance_update_details: None = None
    ledger_balance: AmountView

    @classmethod
    def of(cls, found: StripeBalance) -> BalanceView:
        """Show a balance."""
        return cls(
            available_balance=AmountView.of(found.standing.live, found.unit),
            ledger_balance=AmountView.of(found.standing.settled, found.unit),
        )


class SummaryView(View):
    """What a customer has in credit."""

    object: Literal["billing.credit_balance_summary"] = "billing.credit_balance_summary"
    balances: list[BalanceView]
    customer: CustomerId
    customer_account: None = None
    livemode: Livemode = None


class OnInvoice(View):
    """The line of an invoice that credit has paid."""

    invoice: InvoiceId
    invoice_line_item: str


class CreditView(View):
    """What has come to a grant."""

    amount: AmountView
    credits_application_invoice_voided: OnInvoice | None
    type: Reason


class DebitView(View):
    """What has gone from a grant."""

    amount: AmountView
    credits_applied: OnInvoice | None
    type: Reason


class TransactionView(View):
    """One change of what is left of a grant."""

    id: CreditTransactionId
    object: Literal["billing.credit_balance_transaction"] = "billing.credit_balance_transaction"
    created: UnixTime
    credit: CreditView | None
    credit_grant: CreditGrantId
    debit: DebitView | None
    effective_at: UnixTime
    livemode: Livemode = None
    test_clock: TestClockId | None
    type: Literal["credit", "debit"]

    @classmethod
    def of(cls, found: CreditMovement, unit: CustomUnit | None, clock_id: str | None) -> TransactionView:
        """Show a movement."""
        reason, paid = REASONS[found.kind], _on_invoice(found)
        is_credit = found.amount.minor >= 0
        amount = AmountView.of(found.amount if is_credit else -found.amount, unit)
        return cls(
            id=found.id,
            created=found.at,
            credit=CreditView(amount=amount, credits_application_invoice_voided=paid, type=reason)
            if is_credit
            else None,
            credit_grant=found.grant_id,
            debit=None if is_credit else DebitView(amount=amount, credits_applied=paid, type=reason),
            effective_at=found.at,
            test_clock=clock_id,
            type="credit" if is_credit else "debit",
        )


@router.get("/billing/credit_balance_summary", **v1(READ, codes={UnknownCreditGrant: "resource_missing"}))
def get_credit_balance_summary(
    engine: EngineOf, answer: Answering, wanted: Annotated[Wanted[SummaryFilters], Depends(SUMMARY)]
) -> Response:
    """Get what a customer has in credit, with the usage of this moment."""
    about = wanted.filters.filter
    customer_id = ours("customer", wanted.filters.customer, param="customer")
    with engine.read() as tx:
        check_customer(tx, customer_id, wanted.filters.customer)
        if about.type == "credit_grant":
            if about.credit_grant is None:
                raise _missing("filter[credit_grant]")
            grant_id = ours("credit_grant", about.credit_grant, param="filter[credit_grant]")
            found = balance_of_grant(tx, engine, customer_id, grant_id)
        else:
            if about.applicability_scope is None:
                raise _missing("filter[applicability_scope]")
            items, cards = scope_from(tx, about.applicability_scope, "filter[applicability_scope]")
            found = balances_by_scope(tx, engine, customer_id, items=items, cards=cards)
        return answer(SummaryView(balances=[BalanceView.of(one) for one in found], customer=customer_id))


@router.get("/billing/credit_balance_transactions", **v1(READ, codes={UnknownCreditGrant: "resource_missing"}))
def list_credit_balance_transactions(
    engine: EngineOf, answer: Answering, wanted: Annotated[Wanted[TransactionFilters], Depends(TRANSACTIONS)]
) -> Response:
    """List what has come to a customer's credit and gone, the newest first."""
    customer_id = ours("customer", wanted.filters.customer, param="customer")
    named = wanted.filters.credit_grant
    grant_id = None if named is None else ours("credit_grant", named, param="credit_grant")
    with engine.read() as tx:
        check_customer(tx, customer_id, wanted.filters.customer)
        if grant_id is not None:
            tx.grants.get_of(customer_id, grant_id)
        page = newest_page(
            wanted,
            "credit_balance_transaction",
            lambda *, after, before, size: tx.credit_history.told(
                customer_id, grant_id=grant_id, after=after, before=before, size=size
            ),
            lambda found: _views(tx, customer_id, found),
            exists=lambda movement_id: told_movement(tx, movement_id),
        )
    return answer(page)


@router.get("/billing/credit_balance_transactions/{transaction_id}", **v1(READ))
def get_credit_balance_transaction(
    engine: EngineOf,
    answer: Answering,
    transaction_id: Annotated[str, path_id("credit_balance_transaction", "transaction_id")],
) -> Response:
    """Get one transaction."""
    with engine.read() as tx:
        found = told_movement(tx, transaction_id)
        (view,) = _views(tx, found.customer_id, [found])
        return answer(view)


def _views(tx: UnitOfWork, customer_id: str, found: Sequence[CreditMovement]) -> list[TransactionView]:
    units = units_of_credit(tx, [one.amount for one in found])
    clock_id = tx.customers.get(customer_id).clock_id
    return [TransactionView.of(one, units.get(one.amount.currency), clock_id) for one in found]


def _on_invoice(found: CreditMovement) -> OnInvoice | None:
    if found.invoice_id is None or found.line is None:
        return None
    return OnInvoice(invoice=found.invoice_id, invoice_line_item=line_id(found.invoice_id, found.line))


def _missing(param: str) -> BillingError:
    return refused("parameter_missing", f"Missing required param: {param}", param=param)
