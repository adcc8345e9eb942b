"""The tax codes that count where nothing else is said: on invoices, and for credit that is granted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.storage.konnect import Extras
from billing_sdk.server.usecases.billing_profiles import update_profile
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.known_tax_codes import (
    EVER_SINCE,
    NONTAXABLE,
    derived_id,
    id_of_tax_code,
    referred_tax_code,
)

WORKSPACE = "workspace"


@dataclass(frozen=True, slots=True)
class DefaultTaxCodes:
    """The ids of both."""

    invoicing_id: str
    credit_grant_id: str
    created_at: datetime
    updated_at: datetime


def default_tax_codes(tx: UnitOfWork) -> DefaultTaxCodes:
    """Return both; the default profile's own, and for credit that nothing is taxed."""
    extras = _extras(tx)
    credit_grant_id = extras.more.get("credit_grant_tax_code", derived_id(NONTAXABLE.key))
    invoicing_id = id_of_tax_code(tx, tx.billing_profiles.default().tax.default_tax_code)
    return DefaultTaxCodes(invoicing_id, credit_grant_id, extras.created_at, extras.updated_at)


def update_default_tax_codes(
    engine: Engine, *, invoicing_id: str | None, credit_grant_id: str | None, actor: str
) -> DefaultTaxCodes:
    """Change those that are given.

    Raises:
        InvalidRequest: there is no such tax code.
    """
    at = engine.now()
    with engine.begin() as tx:
        before = _extras(tx)
        key = None
        if invoicing_id is not None:
            key = referred_tax_code(tx, invoicing_id, parameter="invoicing_tax_code.id")
        profile = tx.billing_profiles.default()
        more = dict(before.more)
        if credit_grant_id is not None:
            referred_tax_code(tx, credit_grant_id, parameter="credit_grant_tax_code.id")
            more["credit_grant_tax_code"] = credit_grant_id
        after = replace(before, updated_at=at, more=more)
        tx.konnect.save(after)
        tx.audit.record(actor, "default_tax_codes.update", WORKSPACE, at, before=before, after=after)
    if invoicing_id is not None:
        update_profile(engine, profile.id, tax=replace(profile.tax, default_tax_code=key), actor=actor)
    with engine.read() as tx:
        return default_tax_codes(tx)


def _extras(tx: UnitOfWork) -> Extras:
    found = tx.konnect.find("defaults", WORKSPACE)
    return found or Extras("defaults", WORKSPACE, created_at=EVER_SINCE, updated_at=EVER_SINCE)
