"""Make and update a tax code with what the Konnect door knows of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from billing_sdk.errors import DuplicateKey
from billing_sdk.server.domain.tax import TaxCode
from billing_sdk.server.ids import new_id
from billing_sdk.server.storage.konnect import Extras
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.known_tax_codes import SYSTEM, KnownTaxCode, changeable_tax_code


def make_tax_code(
    engine: Engine,
    *,
    key: str,
    name: str,
    description: str | None = None,
    labels: Mapping[str, str] | None = None,
    app_mappings: Sequence[Mapping[str, str]] = (),
    actor: str,
) -> KnownTaxCode:
    """Make a tax code; the key of a deleted one can be had again.

    Raises:
        DuplicateKey: there is one with this key.
        InvalidRequest: the key or the name can't be.
    """
    at = engine.now()
    code = TaxCode(key, name.strip())
    extras = Extras(
        "tax_code",
        new_id("tax"),
        created_at=at,
        updated_at=at,
        key=key,
        name=code.name,
        description=description,
        labels=labels or {},
        more={"app_mappings": [dict(one) for one in app_mappings]},
    )
    with engine.begin() as tx:
        there = any(one.key == key for one in tx.tax_codes.all())
        was_deleted = any(one.key == key for one in tx.konnect.list("tax_code", include_deleted=True))
        if key in SYSTEM or (there and (not was_deleted or tx.konnect.by_key("tax_code", key) is not None)):
            raise DuplicateKey(f"there is a tax code {key!r} already", key=key)
        if there:
            tx.tax_codes.rename(code)
        else:
            tx.tax_codes.add(code)
        tx.konnect.save(extras)
        tx.audit.record(actor, "tax_code.create", key[:128], at, after=extras)
    return KnownTaxCode(extras.our_id, code, extras)


def update_tax_code(
    engine: Engine,
    code_id: str,
    *,
    name: str,
    description: str | None = None,
    labels: Mapping[str, str] | None = None,
    app_mappings: Sequence[Mapping[str, str]] = (),
    actor: str,
) -> KnownTaxCode:
    """Replace what is known of a tax code, but for its key.

    Raises:
        UnknownTaxCode: there is none.
        Gone: it was deleted.
        InvalidRequest: it is the system's own, or the name can't be.
    """
    at = engine.now()
    with engine.begin() as tx:
        before = changeable_tax_code(tx, code_id)
        code = TaxCode(before.code.key, name.strip())
        extras = replace(
            before.extras,
            updated_at=at,
            name=code.name,
            description=description,
            labels=labels or {},
            more={"app_mappings": [dict(one) for one in app_mappings]},
        )
        tx.tax_codes.rename(code)
        tx.konnect.save(extras)
        tx.audit.record(actor, "tax_code.update", code.key[:128], at, before=before.extras, after=extras)
    return KnownTaxCode(code_id, code, extras)
