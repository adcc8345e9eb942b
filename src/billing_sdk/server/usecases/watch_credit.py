"""Watch a customer's credit: tell when it runs low, and buy more where the customer has asked for that."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from billing_sdk.errors import (
    AuthenticationRequired,
    PaymentPending,
    TaxLocationMissing,
    TooManyCreditGrants,
)
from billing_sdk.money import Money
from billing_sdk.server.domain.credits import CreditBalance, CreditSettings, balance_of
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.invoicing import PendingCharge
from billing_sdk.server.domain.timers import Timer
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.ask_gateway import REFUSED
from billing_sdk.server.usecases.bill_customer import charge_for
from billing_sdk.server.usecases.buy_credit import buy_credit
from billing_sdk.server.usecases.collect_charge import collect_charge, settle_customer
from billing_sdk.server.usecases.credit_news import of_credit
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.pending_usage import pending_usage
from billing_sdk.server.usecases.versions import check_version
from billing_sdk.server.usecases.watch_soon import watch_soon

ACTOR = "timer"


def save_credit_settings(
    engine: Engine,
    *,
    customer_id: str,
    threshold: Money,
    top_up: Money | None = None,
    versions: Collection[str] | None = None,
    actor: str = "api",
) -> CreditSettings:
    """Say below how much available credit a customer is to be warned, and how much is to be bought then, if anything.

    What a declined card has stopped begins anew.

    Raises:
        NotFound: there is no such customer.
        PreconditionFailed: what was chosen before (`chosen_of`) is in none of the `versions`.
        InvalidAmount: the threshold is below zero, what is bought is not above it, or they are in two currencies.
    """
    settings = CreditSettings(customer_id, threshold, top_up)
    with engine.begin() as tx:
        customer = tx.customers.lock(customer_id)
        before = tx.grants.find_settings(customer_id)
        check_version(chosen_of(before), versions)
        tx.grants.save_settings(settings)
        at = engine.now_for(tx, customer)
        tx.audit.record(actor, "credit.watch", customer_id, at, before=before, after=settings)
        watch_soon(tx, customer, at=at)
    return settings


def chosen_of(settings: CreditSettings | None) -> CreditSettings | None:
    """Return what somebody has chosen of settings, without what has come of it since."""
    return None if settings is None else CreditSettings(settings.customer_id, settings.threshold, settings.top_up)


def delete_credit_settings(engine: Engine, *, customer_id: str, actor: str = "api") -> None:
    """Let a customer's credit run low without a word; without settings nothing changes.

    Raises:
        NotFound: there is no such customer.
    """
    with engine.begin() as tx:
        customer = tx.customers.lock(customer_id)
        before = tx.grants.find_settings(customer_id)
        if before is None:
            return
        tx.grants.delete_settings(customer_id)
        tx.timers.clear(customer_id, "top_up")
        tx.audit.record(actor, "credit.unwatch", customer_id, engine.now_for(tx, customer), before=before)


def watch_credit(engine: Engine, timer: Timer) -> None:
    """Look at a customer's credit; run by its timer, which usage sets.

    What is bought is bought once at a time: an unpaid top-up keeps the next one from being made. A declined card, or
    none, stops it until the settings are saved again.
    """
    settle_customer(engine, timer.customer_id)
    with engine.begin() as tx:
        customer = tx.customers.lock(timer.customer_id)
        tx.timers.done(timer)
        settings = tx.grants.find_settings(customer.id)
        if settings is None:
            return
        at = engine.now_for(tx, customer)
        balance = _balance(tx, customer, settings.currency, at)
        settings = _tell(tx, customer, settings, balance, at)
        charge = _buy(tx, engine, customer, settings, balance, at)
    if charge is None:
        return
    try:
        collect_charge(engine, charge)
    except (AuthenticationRequired, PaymentPending):
        return  # it may be paid still
    except REFUSED:
        with engine.begin() as tx:
            customer = tx.customers.lock(customer.id)
            _stop(tx, customer, balance, engine.now_for(tx, customer))


def _balance(tx: UnitOfWork, customer: Customer, currency: str, at: datetime) -> CreditBalance:
    return balance_of(tx.grants.unused_of(customer.id), pending_usage(tx, customer, at=at), currency, at=at)


def _tell(
    tx: UnitOfWork, customer: Customer, settings: CreditSettings, balance: CreditBalance, at: datetime
) -> CreditSettings:
    """Announce how low it is, once for each level until there is enough again."""
    level = settings.level_of(balance.available)
    if level == settings.told or (level == "low" and settings.told == "used_up"):
        return settings
    told = replace(settings, told=level)
    tx.grants.save_settings(told)
    if level is not None:
        data = {"credit": of_credit(balance)}
        tx.outbox.announce(type=f"customer.credit_{level}", data=data, customer=customer, source="admin", at=at)
    return told


def _buy(
    tx: UnitOfWork,
    engine: Engine,
    customer: Customer,
    settings: CreditSettings,
    balance: CreditBalance,
    at: datetime,
) -> PendingCharge | None:
    if settings.top_up is None or not settings.buys_at(balance.available) or tx.grants.awaiting_payment(customer.id):
        return None
    if tx.customers.find_payment_method(customer.id) is None:
        _stop(tx, customer, balance, at)
        return None
    try:
        _, invoice = buy_credit(tx, customer, settings.top_up, source="admin", actor=ACTOR, at=at)
    except (TaxLocationMissing, TooManyCreditGrants):
        _stop(tx, customer, balance, at)
        return None
    return charge_for(tx, engine, invoice, None, source="admin", actor=ACTOR) if invoice.is_to_be_charged else None


def _stop(tx: UnitOfWork, customer: Customer, balance: CreditBalance, at: datetime) -> None:
    settings = tx.grants.find_settings(customer.id)
    if settings is None or settings.top_up is None:
        return
    tx.grants.save_settings(replace(settings, stopped_at=at))
    tx.audit.record(ACTOR, "credit.top_up_stopped", customer.id, at, before=settings)
    data = {"credit": of_credit(balance)}
    tx.outbox.announce(type="customer.top_up_stopped", data=data, customer=customer, source="admin", at=at)
