"""Delete a tax code that nothing is sold under."""

from __future__ import annotations

from dataclasses import replace

from billing_sdk.errors import Conflict
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.storage.paging import MAX_PAGE_SIZE, PageRequest
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.known_tax_codes import changeable_tax_code, find_tax_code


def delete_tax_code(engine: Engine, code_id: str, *, actor: str) -> None:
    """Show a tax code as deleted; what was billed under it stays as it is. A second time nothing happens.

    Raises:
        UnknownTaxCode: there is none.
        InvalidRequest: it is the system's own.
        Conflict: a billing profile or a version of a plan names it.
    """
    at = engine.now()
    with engine.begin() as tx:
        if find_tax_code(tx, code_id).extras.deleted_at is not None:
            return
        known = changeable_tax_code(tx, code_id)
        _check_unused(tx, known.code.key)
        extras = replace(known.extras, name=known.code.name, updated_at=at, deleted_at=at)
        tx.konnect.save(extras)
        tx.audit.record(actor, "tax_code.delete", known.code.key[:128], at, before=known.extras)


def _check_unused(tx: UnitOfWork, key: str) -> None:
    profiles = tx.billing_profiles.list(PageRequest(MAX_PAGE_SIZE)).items
    if any(profile.tax.default_tax_code == key for profile in (*profiles, tx.billing_profiles.default())):
        raise Conflict(f"a billing profile has the tax code {key!r}", remedy="Give the profile another one first.")
    for plan in tx.catalog.list_plans():
        if plan.status != "archived" and any(key in one.tax_codes for one in tx.catalog.list_versions(plan.key)):
            raise Conflict(f"the plan {plan.key!r} has the tax code {key!r}", remedy="Archive the plan first.")
