"""Make, change and remove billing profiles, and say which one is the default."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import TypedDict, Unpack

from billing_sdk.errors import DefaultProfileRequired, ProfileInUse, SecondDefaultProfile, UnknownProfile
from billing_sdk.server.domain.catalog.labels import checked_name
from billing_sdk.server.domain.collection import (
    BUILT_IN_ID,
    BillingProfile,
    CollectionMethod,
    DunningPolicy,
    Finalization,
    Numbering,
    Supplier,
    TaxSettings,
)
from billing_sdk.server.domain.periods import Duration
from billing_sdk.server.domain.workspace import SANDBOX_APP_ID
from billing_sdk.server.ids import new_id
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.parties import keep_supplier
from billing_sdk.server.usecases.rotate_app_key import installed
from billing_sdk.server.usecases.versions import check_version


class ProfileFields(TypedDict, total=False):
    """What a profile says; see `BillingProfile`."""

    name: str
    supplier: Supplier
    collection_method: CollectionMethod
    due_after: Duration
    wait_for_late_usage: Duration
    wait_before_sending: Duration
    numbering: Numbering
    tax: TaxSettings
    dunning: DunningPolicy
    progressive_threshold_minor: Mapping[str, int]
    is_consolidating: bool
    language: str
    finalizes: Finalization
    app_id: str | None


def create_profile(
    engine: Engine, *, is_default: bool = False, actor: str = "operator", **fields: Unpack[ProfileFields]
) -> BillingProfile:
    """Make a billing profile; what is not given is as in the one that is built in.

    Args:
        engine: the engine.
        is_default: it is that of every customer who has no other; only while no other profile is.
        actor: who does it, as the audit names them.
        fields: what it says; a name at least.

    Raises:
        SecondDefaultProfile: another profile is the default one.
        UnknownTaxCode: nobody has entered its tax code.
        NotFound: its app is not installed.
        InvalidRequest, InvalidAmount: something about it makes no sense; the detail says what.
    """
    profile = BillingProfile(
        **{
            **fields,
            "id": new_id("profile"),
            "name": checked_name(fields.get("name", "")),
            "created_at": engine.now(),
            "is_default": is_default,
        }  # type: ignore[arg-type]  # `fields` are those of the class, and the others are right here
    )
    with engine.begin() as tx:
        tx.billing_profiles.lock()
        if is_default and tx.billing_profiles.has_default():
            raise _second_default(tx)
        _check_references(tx, profile)
        _check_app(tx, profile.app_id)
        tx.billing_profiles.add(profile)
        tx.audit.record(actor, "billing_profile.create", profile.id, engine.now(), after=profile)
    return profile


def update_profile(
    engine: Engine,
    profile_id: str,
    *,
    is_default: bool | None = None,
    versions: Collection[str] | None = None,
    actor: str = "operator",
    **fields: Unpack[ProfileFields],
) -> BillingProfile:
    """Change what is given and leave the rest; it counts for invoices that are made from now on.

    The profile that is built in can be changed like any other, and is kept from then on.

    Raises:
        PreconditionFailed: it is in none of the versions (`version_of`) that the caller knows.
        UnknownProfile: there is none with this id.
        SecondDefaultProfile: it was to become the default one beside another.
        DefaultProfileRequired: it was to be the default one no more.
        UnknownTaxCode: nobody has entered its tax code.
        NotFound: its app is not installed.
        InvalidRequest, InvalidAmount: something about it makes no sense; the detail says what.
    """
    if "name" in fields:
        fields["name"] = checked_name(fields["name"])
    with engine.begin() as tx:
        tx.billing_profiles.lock()
        check_version(tx.billing_profiles.get(profile_id), versions)
        before = _stored(tx, engine, profile_id)
        if is_default is False and before.is_default:
            raise DefaultProfileRequired(f"{before.id} is the default billing profile", profile=before.id)
        if is_default and not before.is_default and tx.billing_profiles.has_default():
            raise _second_default(tx)
        profile = replace(before, **fields, is_default=before.is_default or bool(is_default))
        _check_references(tx, profile)
        if profile.app_id != before.app_id:
            _check_app(tx, profile.app_id)
        keep_supplier(tx, engine, before, profile)
        tx.billing_profiles.save(profile)
        tx.audit.record(actor, "billing_profile.update", profile.id, engine.now(), before=before, after=profile)
    return profile


def make_default_profile(engine: Engine, profile_id: str, *, actor: str = "operator") -> BillingProfile:
    """Let a profile be the default one, in place of the one that was.

    Raises:
        UnknownProfile: there is none with this id.
    """
    with engine.begin() as tx:
        tx.billing_profiles.lock()
        before = _stored(tx, engine, profile_id)
        if before.is_default:
            return before
        tx.billing_profiles.make_default(before.id)
        profile = tx.billing_profiles.get(before.id)
        tx.audit.record(actor, "billing_profile.make_default", profile.id, engine.now(), before=before, after=profile)
    return profile


def delete_profile(engine: Engine, profile_id: str, *, actor: str = "operator") -> None:
    """Remove a profile that nothing depends on.

    Raises:
        UnknownProfile: there is none with this id.
        DefaultProfileRequired: it is the default one.
        ProfileInUse: customers have it, or invoices that are not settled were made under it.
    """
    with engine.begin() as tx:
        tx.billing_profiles.lock()
        profile = tx.billing_profiles.get(profile_id)
        if profile == tx.billing_profiles.default():
            raise DefaultProfileRequired(f"{profile.id} is the default billing profile", profile=profile.id)
        if profile.created_at is None:
            raise UnknownProfile(f"{profile.id} is built in, and counts no more", profile=profile.id)
        customers = tx.customers.count_on_profile(profile.id)
        if customers:
            raise ProfileInUse(f"{customers} customers have {profile.id}", profile=profile.id, customers=customers)
        invoices = tx.invoices.count_unsettled(profile.id)
        if invoices:
            raise ProfileInUse(f"{invoices} invoices follow {profile.id}", profile=profile.id, invoices=invoices)
        tx.billing_profiles.delete(profile.id)
        tx.audit.record(actor, "billing_profile.delete", profile.id, engine.now(), before=profile)


def _stored(tx: UnitOfWork, engine: Engine, profile_id: str) -> BillingProfile:
    """Return a profile of the table; the one that is built in gets there where it is asked for."""
    profile = tx.billing_profiles.get(profile_id)
    if profile.id == BUILT_IN_ID and profile.created_at is None:
        profile = replace(profile, created_at=engine.now(), is_default=not tx.billing_profiles.has_default())
        tx.billing_profiles.add(profile)
    return profile


def _check_references(tx: UnitOfWork, profile: BillingProfile) -> None:
    if profile.tax.default_tax_code is not None:
        tx.tax_codes.require(frozenset({profile.tax.default_tax_code}))


def _check_app(tx: UnitOfWork, app_id: str | None) -> None:
    if app_id is not None and app_id != SANDBOX_APP_ID:
        installed(tx, app_id)


def _second_default(tx: UnitOfWork) -> SecondDefaultProfile:
    default = tx.billing_profiles.default()
    return SecondDefaultProfile(f"{default.id} is the default billing profile", profile=default.id)
