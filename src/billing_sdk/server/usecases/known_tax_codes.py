"""Tax codes as the Konnect door knows them: with ids, labels and what payment processors call them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime

from billing_sdk.errors import Gone, InvalidRequest, UnknownTaxCode
from billing_sdk.server.domain.tax import TaxCode
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.storage.konnect import Extras

# When those came to be that nobody has made.
EVER_SINCE = datetime(2026, 1, 1, tzinfo=UTC)
NONTAXABLE = TaxCode("nontaxable", "Nontaxable")
# Stands for no tax code at all: the processor's own default counts.
PROVIDER_DEFAULT = TaxCode("provider_default", "Provider default")
SYSTEM = {
    NONTAXABLE.key: [{"app_type": "stripe", "tax_code": "txcd_00000000"}],
    PROVIDER_DEFAULT.key: [],
}


@dataclass(frozen=True, slots=True)
class KnownTaxCode:
    """A tax code with what only this door knows of it.

    Attributes:
        id: begins with `tax_`.
        is_system: it is there by itself, and never changes.
    """

    id: str
    code: TaxCode
    extras: Extras
    is_system: bool = False


def known_tax_codes(tx: UnitOfWork) -> list[KnownTaxCode]:
    """Return all tax codes, those that are there by themselves first; deleted ones as well."""
    extras = tx.konnect.list("tax_code", include_deleted=True)
    found = [_system(NONTAXABLE), _system(PROVIDER_DEFAULT)]
    found += [
        KnownTaxCode(one.our_id, TaxCode(one.key or "", one.name or one.key or ""), one)
        for one in extras
        if one.deleted_at is not None
    ]
    live = {one.key: one for one in extras if one.deleted_at is None}
    gone = {one.key for one in extras} - live.keys()
    for code in tx.tax_codes.all():
        if code.key in SYSTEM or code.key in gone:
            continue
        known = live.get(code.key) or _unknown(code)
        found.append(KnownTaxCode(known.our_id, code, known))
    return found


def find_tax_code(tx: UnitOfWork, code_id: str) -> KnownTaxCode:
    """Return a tax code by its id, also a deleted one.

    Raises:
        UnknownTaxCode: there is none.
    """
    for one in known_tax_codes(tx):
        if one.id == code_id:
            return one
    raise UnknownTaxCode(f"there is no tax code {code_id[:64]!r}", entity="tax code")


def changeable_tax_code(tx: UnitOfWork, code_id: str) -> KnownTaxCode:
    """Return a tax code that can be changed.

    Raises:
        UnknownTaxCode: there is none.
        Gone: it was deleted.
        InvalidRequest: it is there by itself.
    """
    found = find_tax_code(tx, code_id)
    if found.is_system:
        raise InvalidRequest(
            f"the tax code {found.code.key} is the system's own, and read only", parameter="taxCodeId", source="path"
        )
    if found.extras.deleted_at is not None:
        raise Gone("the tax code was deleted")
    return found


def referred_tax_code(tx: UnitOfWork, code_id: str, *, parameter: str) -> str | None:
    """Return the key of a tax code that something refers to; None where that is the provider's default.

    The system's own are entered where they are referred to for the first time.

    Raises:
        InvalidRequest: there is none that can be referred to.
    """
    try:
        found = find_tax_code(tx, code_id)
    except UnknownTaxCode:
        found = None
    if found is None or found.extras.deleted_at is not None:
        raise InvalidRequest("there is no such tax code", parameter=parameter, rule="missing_reference")
    if found.code == PROVIDER_DEFAULT:
        return None
    if found.is_system and all(one.key != found.code.key for one in tx.tax_codes.all()):
        tx.tax_codes.add(found.code)
    return found.code.key


def id_of_tax_code(tx: UnitOfWork, key: str | None) -> str:
    """Return the id of the tax code that has a key; of the provider's default for none."""
    if key is None or key in SYSTEM:
        return derived_id(key or PROVIDER_DEFAULT.key)
    known = tx.konnect.by_key("tax_code", key)
    return derived_id(key) if known is None else known.our_id


def derived_id(key: str) -> str:
    """Return the id of a tax code that was not made at this door."""
    return f"tax_{hashlib.sha256(key.encode()).hexdigest()[:32]}"


def _system(code: TaxCode) -> KnownTaxCode:
    extras = _unknown(code, mappings=SYSTEM[code.key])
    return KnownTaxCode(extras.our_id, code, extras, is_system=True)


def _unknown(code: TaxCode, mappings: list[dict[str, str]] | None = None) -> Extras:
    return Extras(
        "tax_code",
        derived_id(code.key),
        created_at=EVER_SINCE,
        updated_at=EVER_SINCE,
        key=code.key,
        more={"app_mappings": mappings or []},
    )
