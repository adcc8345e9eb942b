"""Simulate: what would have been billed for recorded usage on another version of a plan, beside what was."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Protocol, TypeVar

from billing_sdk.errors import BillingError, InvalidRequest
from billing_sdk.money import Money, total
from billing_sdk.server.domain.agreements import AgreedDiscount, Agreement
from billing_sdk.server.domain.catalog import BillingSettings, LicenceFee, PlanVersion, Policies
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.invoicing import Invoice, InvoiceLine, Past, billed_at, replay
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.storage.paging import MAX_PAGE_SIZE, Page, PageRequest
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.load_in_force import is_on_credit, used_under
from billing_sdk.server.usecases.rate_waiting import as_of_now

# Taxes follow from what is charged, and the rest is the customer's own money: neither is a price.
NO_PRICE = frozenset({"tax", "credit_grant", "credit_balance", "one_off", "overage"})


class Identified(Protocol):
    """What a page is cut at."""

    @property
    def id(self) -> str:
        """Its id."""


T = TypeVar("T", bound=Identified)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What one customer was billed in a currency, and what it would have been.

    Attributes:
        agreements: how many of them count.
        skipped: why the rest of them do not, such as a version that is not sold in their currency.
    """

    customer_id: str
    email: str
    was: Money
    would_be: Money
    agreements: int
    skipped: tuple[str, ...] = ()

    @property
    def difference(self) -> Money:
        """How much more it would have been."""
        return self.would_be - self.was


@dataclass(frozen=True, slots=True)
class Window:
    """The billing dates that are looked at: from the first instant, included, to the last, excluded."""

    since: datetime | None = None
    until: datetime | None = None

    def contains(self, line: InvoiceLine) -> bool:
        """Tell whether a line is billed in it."""
        at = billed_at(line)
        return (self.since is None or self.since <= at) and (self.until is None or at < self.until)


def simulate(
    engine: Engine,
    *,
    plan_key: str,
    version: int,
    of_plans: Collection[str] = (),
    since: datetime | None = None,
    until: datetime | None = None,
    on_customer: Callable[[], None] | None = None,
) -> Iterator[Comparison]:
    """Yield what every customer would have been billed on a version of a plan; nothing is written.

    Args:
        engine: the engine.
        plan_key: the plan.
        version: the number of its version.
        of_plans: the keys of the plans whose customers are looked at; all of them if there are none.
        since: the first billing dates that count.
        until: billing dates from then on do not count.
        on_customer: called after each customer, whatever comes of it.

    Raises:
        VersionNotFound: there is no such version.
        InvalidRequest: the time ends before it begins.
    """
    if since is not None and until is not None and since >= until:
        raise InvalidRequest("the time to look at ends before it begins", parameter="until")
    with engine.read() as tx:
        found = tx.catalog.get_version_of(plan_key, number=version)
        policies = (tx.billing_settings.find() or BillingSettings()).policies
    for customer in _customers(engine):
        with engine.read() as tx:
            yield from _compared(tx, customer, found, policies, frozenset(of_plans), Window(since, until))
        if on_customer is not None:
            on_customer()


def _compared(
    tx: UnitOfWork,
    customer: Customer,
    version: PlanVersion,
    policies: Policies,
    of_plans: frozenset[str],
    window: Window,
) -> Iterator[Comparison]:
    agreements = [one for one in _agreements(tx, customer) if not of_plans or one.plan_key in of_plans]
    if not agreements:
        return
    billed = [line for line in _billed(tx, customer) if line.kind not in NO_PRICE]
    for currency in sorted({one.currency for one in agreements}):
        was: list[InvoiceLine] = []
        would_be: list[InvoiceLine] = []
        skipped: list[str] = []
        counted = 0
        mine = [one for one in agreements if one.currency == currency]
        for agreement in mine:
            billed_for_plan = _of_plan(tx, agreement, billed)
            try:
                lines = replay(
                    agreement, version.in_currency(currency), policies, _past(tx, agreement, billed_for_plan)
                )
            except BillingError as error:
                skipped.append(f"{agreement.id}: {error.detail}")
                continue
            counted += 1
            if is_on_credit(tx, agreement):
                continue  # nothing of it is billed to anybody before there is a card, or its first period is over
            would_be += [line for line in lines if window.contains(line)]
            was += [line for line in billed_for_plan if window.contains(line)]
        yield Comparison(
            customer_id=customer.id,
            email=customer.billing_email,
            was=total([line.amount for line in was], currency),
            would_be=total([line.amount for line in would_be], currency),
            agreements=counted,
            skipped=tuple(skipped),
        )


def _customers(engine: Engine) -> Iterator[Customer]:
    def page(wanted: PageRequest) -> Page[Customer]:
        with engine.read() as tx:
            return tx.customers.list(wanted)

    return _every(page)


def _agreements(tx: UnitOfWork, customer: Customer) -> Iterator[Agreement]:
    return _every(lambda wanted: tx.agreements.list(wanted, customer_id=customer.id, live_only=False))


def _billed(tx: UnitOfWork, customer: Customer) -> Iterator[InvoiceLine]:
    """Yield every line that the customer was asked to pay, or will be, and below zero what credit notes took back."""
    issued: dict[str, Invoice] = {}
    for invoice in _every(lambda wanted: tx.invoices.page(wanted, customer_id=customer.id)):
        if invoice.is_issued and invoice.status != "void":
            issued[invoice.id] = invoice
            yield from invoice.lines
        elif not invoice.is_issued:
            yield from as_of_now(tx, invoice).lines  # it waits, and what it says was billed by its billing date
    for note in _every(lambda wanted: tx.credit_notes.page(wanted, customer_id=customer.id)):
        if note.invoice_id in issued:
            for credited in note.lines:
                yield replace(issued[note.invoice_id].lines[credited.number - 1], amount=-credited.amount)


def _every(page: Callable[[PageRequest], Page[T]]) -> Iterator[T]:
    """Yield everything that pages hold."""
    after: str | None = None
    while True:
        found = page(PageRequest(MAX_PAGE_SIZE, starting_after=after))
        yield from found.items
        if not found.has_more:
            return
        after = found.items[-1].id


def _past(tx: UnitOfWork, agreement: Agreement, mine: Sequence[InvoiceLine]) -> Past:
    """Return what invoices and readings tell of an agreement's past.

    Args:
        tx: the transaction.
        agreement: which one.
        mine: what it was billed for its plan.
    """
    numbers: list[tuple[datetime, str, int]] = []
    coupons: dict[datetime, dict[str, AgreedDiscount]] = {}
    for line in mine:
        if line.kind == "discount":
            one = _discount(line)
            coupons.setdefault(billed_at(line), {})[one.coupon_key] = one
        elif _is_number(line) and (key := _fee_key(tx, line)):
            numbers.append((line.period.start, key, int(line.quantity or 0)))
    numbers.sort()

    def numbers_at(at: datetime) -> Mapping[str, int]:
        return {key: number for start, key, number in numbers if start <= at}

    return Past(
        used=used_under(tx, agreement),
        numbers=numbers_at,
        discounts=lambda at: tuple(coupons.get(at, {}).values()),
        gave_back=any(line.kind == "unused_time" for line in mine),
    )


def _is_number(line: InvoiceLine) -> bool:
    """Tell whether a line says how many licences there were at a billing date; one of a change within a period not."""
    return line.kind == "licence_fee" and line.quantity is not None and "instead_of" not in line.derivation


def _of_plan(tx: UnitOfWork, agreement: Agreement, billed: Sequence[InvoiceLine]) -> list[InvoiceLine]:
    """Return what an agreement was billed for its plan; its add-ons stay as they are, and are no part of it."""
    mine = [line for line in billed if line.agreement_id == agreement.id and line.plan_version_id is not None]
    keys = {
        version: tx.catalog.get_own_version(version).plan_key
        for version in {line.plan_version_id or "" for line in mine}
    }
    return [line for line in mine if keys[line.plan_version_id or ""] == agreement.plan_key]


def _fee_key(tx: UnitOfWork, line: InvoiceLine) -> str | None:
    version = tx.catalog.get_own_version(line.plan_version_id or "")
    fees = (part for part in version.all_components if isinstance(part, LicenceFee) and part.is_licensed)
    return next((fee.key for fee in fees if fee.id == line.component_id), None)


def _discount(line: InvoiceLine) -> AgreedDiscount:
    document = line.derivation
    percent, amount = document.get("percent_off"), document.get("amount_off_minor")
    return AgreedDiscount(
        coupon_key=document["coupon"],
        percent_off=None if percent is None else Decimal(percent),
        amount_off=None if amount is None else Money(int(amount), line.amount.currency),
    )
