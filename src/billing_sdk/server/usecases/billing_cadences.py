"""Create, change and cancel the cadences that customers are billed at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from billing_sdk.errors import CadenceMismatch, Conflict
from billing_sdk.server.domain.agreements import BillingCadence, BillingCycle, SettingRef
from billing_sdk.server.domain.collection import PayerProfile
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.ids import new_id
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.bill_parts import Part, bill_parts
from billing_sdk.server.usecases.collect_charge import collect_issued, settle_customer
from billing_sdk.server.usecases.end_agreement import end_agreement
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.hold_agreement import hold_agreement
from billing_sdk.server.usecases.payer_profiles import check_method
from billing_sdk.server.usecases.work_out_end import close_or_forgive


@dataclass(frozen=True, slots=True)
class CadenceOptions:
    """What a cadence can be given; by default what its customer has already.

    Attributes:
        profile_id: who pays; by default the customer's first active profile, which is made where there is none.
        payment_method_id: by what a new profile pays, which is made for the cadence in any case then.
    """

    profile_id: str | None = None
    payment_method_id: str | None = None
    bill: SettingRef | None = None
    collection: SettingRef | None = None
    lookup_key: str | None = None
    metadata: Mapping[str, str] | None = None


AS_THE_CUSTOMER = CadenceOptions()


def create_cadence(
    engine: Engine,
    *,
    customer_id: str,
    cycle: BillingCycle,
    options: CadenceOptions = AS_THE_CUSTOMER,
    actor: str = "api",
) -> BillingCadence:
    """Give a customer a rhythm in which it is billed, from its present on.

    Raises:
        NotFound: there is no such customer, or it has no such payment method.
        UnknownPayerProfile: there is no such profile.
        UnknownSetting: there is no such setting, or version of it.
        CadenceMismatch: the profile is that of another customer.
        Conflict: the profile is inactive.
        LookupKeyTaken: another cadence has the lookup key.
        InvalidRequest: a label is out of its bounds.
    """
    with engine.begin() as tx:
        return add_cadence(tx, engine, tx.customers.lock(customer_id), cycle, options, actor=actor)


def add_cadence(
    tx: UnitOfWork, engine: Engine, customer: Customer, cycle: BillingCycle, options: CadenceOptions, *, actor: str
) -> BillingCadence:
    """Do the same within somebody's transaction, who has locked the customer."""
    at = engine.now_for(tx, customer)
    _check_settings(tx, options.bill, options.collection)
    cadence = BillingCadence(
        id=new_id("cadence"),
        customer_id=customer.id,
        cadence=cycle.cadence,
        anchor=cycle.anchor(at),
        created_at=at,
        profile_id=_payer(tx, engine, customer, options, actor=actor).id,
        month_of_year=cycle.month_of_year if cycle.cadence.unit == "month" else None,
        bill=options.bill,
        collection=options.collection,
        lookup_key=options.lookup_key,
        metadata=dict(options.metadata or {}),
    )
    tx.billing_cadences.add(cadence)
    tx.audit.record(actor, "billing_cadence.create", cadence.id, at, after=cadence)
    return cadence


def update_cadence(
    engine: Engine,
    cadence_id: str,
    *,
    options: CadenceOptions,
    actor: str = "api",
) -> BillingCadence:
    """Change what is given and leave the rest; it counts for invoices that are made from now on.

    Args:
        engine: the engine.
        cadence_id: which one.
        options: an empty lookup key takes it away, metadata takes the place of all that there is.
        actor: who does it, as the audit names them.

    Raises:
        UnknownCadence: there is none with this id.
        CadenceCanceled: nothing is billed by it any more.
        UnknownPayerProfile, UnknownSetting, CadenceMismatch, Conflict, LookupKeyTaken, InvalidRequest: as
            `create_cadence`.
    """
    with engine.begin() as tx:
        before = tx.billing_cadences.get(cadence_id)
        customer = tx.customers.lock(before.customer_id)
        before = tx.billing_cadences.get(cadence_id)
        before.check(customer.id)
        _check_settings(tx, options.bill, options.collection)
        after = replace(
            before,
            bill=options.bill or before.bill,
            collection=options.collection or before.collection,
            lookup_key=before.lookup_key if options.lookup_key is None else options.lookup_key or None,
            metadata=before.metadata if options.metadata is None else dict(options.metadata),
        )
        if options.profile_id is not None:
            profile = _payer(tx, engine, customer, options, actor=actor)
            after = replace(after, profile_id=profile.id)
        tx.billing_cadences.save(after)
        at = engine.now_for(tx, customer)
        tx.audit.record(actor, "billing_cadence.update", after.id, at, before=before, after=after)
    return after


def cancel_cadence(
    engine: Engine, cadence_id: str, *, source: EventSource = "api", actor: str = "api"
) -> BillingCadence:
    """Bill nothing by a cadence any more: whatever is billed by it ends now, with one last invoice for all of it.

    Usage of the service intervals that are under way is charged, whatever the policy `unpaid_usage` says.

    Raises:
        UnknownCadence: there is none with this id.
        CadenceCanceled: it was canceled before.
        Conflict: the outcome of a charge is not known yet.
    """
    with engine.read() as tx:
        customer_id = tx.billing_cadences.get(cadence_id).customer_id
    settle_customer(engine, customer_id)
    with engine.begin() as tx:
        customer = tx.customers.lock(customer_id)
        before = tx.billing_cadences.get(cadence_id)
        at = engine.now_for(tx, customer)
        after = before.canceled(at)
        parts = []
        for found in tx.agreements.live_of(customer.id):
            if found.billing_cadence_id == cadence_id:
                _, agreement = hold_agreement(tx, found.id)
                closing, forgiven = close_or_forgive(tx, agreement, at=at, is_invoice_now=True)
                if forgiven is not None:
                    tx.audit.record(actor, "agreement.forgive", agreement.id, at, after={"reason": forgiven})
                ended = end_agreement(tx, customer, agreement, source=source, actor=actor, at=at)
                parts.append(Part(ended, closing.owed + closing.credit, agreement.billed_period, closing.rated))
        tx.billing_cadences.save(after)
        billed = bill_parts(
            tx,
            engine,
            customer=customer,
            billing_cadence_id=cadence_id,
            parts=parts,
            reason="end",
            source=source,
            actor=actor,
            at=at,
        )
        tx.audit.record(actor, "billing_cadence.cancel", after.id, at, before=before, after=after)
    for charge in billed.charges:
        collect_issued(engine, charge)
    return after


def _payer(tx: UnitOfWork, engine: Engine, customer: Customer, options: CadenceOptions, *, actor: str) -> PayerProfile:
    profile_id, method_id = options.profile_id, options.payment_method_id
    if profile_id is not None:
        profile = tx.payer_profiles.get(profile_id)
        if profile.customer_id != customer.id:
            raise CadenceMismatch(f"{profile_id} is the profile of another customer", profile=profile_id)
        if profile.status != "active":
            raise Conflict(f"the profile {profile_id} is inactive", remedy="Make it active, or name another one.")
        return profile
    found = tx.payer_profiles.first_of(customer.id) if method_id is None else None
    if found is not None:
        return found
    check_method(tx, customer.id, method_id)
    at = engine.now_for(tx, customer)
    profile = PayerProfile(id=new_id("payer"), customer_id=customer.id, created_at=at, payment_method_id=method_id)
    tx.payer_profiles.add(profile)
    tx.audit.record(actor, "payer_profile.create", profile.id, at, after=profile)
    return profile


def _check_settings(tx: UnitOfWork, bill: SettingRef | None, collection: SettingRef | None) -> None:
    tx.bill_settings.terms_of(bill)
    tx.collection_settings.terms_of(collection)
