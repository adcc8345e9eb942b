"""Update items: their labels; what they are of never changes."""

from __future__ import annotations

from collections.abc import Mapping

from billing_sdk.server.domain.catalog import LicensedItem, MeteredItem, OneTimeItem
from billing_sdk.server.domain.catalog.labels import relabelled
from billing_sdk.server.usecases.engine import Engine


def update_metered_item(
    engine: Engine,
    *,
    item_id: str,
    name: str | None = None,
    unit_label: str | None = None,
    lookup_key: str | None = None,
    metadata: Mapping[str, str] | None = None,
    tax_code: str | None = None,
    actor: str = "api",
) -> MeteredItem:
    """Change what is given and leave the rest; an empty lookup key or tax code takes the present one away.

    Invoices from then on are taxed by the new tax code, whoever agreed to the price before.

    Raises:
        NotFound: no metered item has this id or lookup key.
        InvalidRequest: a label is out of its bounds.
        UnknownTaxCode: there is no such tax code.
        LookupKeyTaken: another metered item has the lookup key.
    """
    with engine.begin() as tx:
        before = tx.items.get_metered(item_id)
        item = relabelled(
            before, name=name, unit_label=unit_label, lookup_key=lookup_key, metadata=metadata, tax_code=tax_code
        )
        tx.tax_codes.require(item.tax_codes)
        tx.items.save(item)
        tx.audit.record(actor, "metered_item.update", item.id, engine.now(), before=before, after=item)
    return item


def update_licensed_item(
    engine: Engine,
    *,
    item_id: str,
    name: str | None = None,
    unit_label: str | None = None,
    lookup_key: str | None = None,
    metadata: Mapping[str, str] | None = None,
    tax_code: str | None = None,
    actor: str = "api",
) -> LicensedItem:
    """Change what is given and leave the rest, as `update_metered_item` does.

    Raises:
        NotFound: no licensed item has this id or lookup key.
        InvalidRequest: a label is out of its bounds.
        UnknownTaxCode: there is no such tax code.
        LookupKeyTaken: another licensed item has the lookup key.
    """
    with engine.begin() as tx:
        before = tx.items.get_licensed(item_id)
        item = relabelled(
            before, name=name, unit_label=unit_label, lookup_key=lookup_key, metadata=metadata, tax_code=tax_code
        )
        tx.tax_codes.require(item.tax_codes)
        tx.items.save(item)
        tx.audit.record(actor, "licensed_item.update", item.id, engine.now(), before=before, after=item)
    return item


def update_one_time_item(
    engine: Engine,
    *,
    item_id: str,
    name: str | None = None,
    unit_label: str | None = None,
    lookup_key: str | None = None,
    metadata: Mapping[str, str] | None = None,
    tax_code: str | None = None,
    actor: str = "api",
) -> OneTimeItem:
    """Change what is given and leave the rest, as `update_metered_item` does.

    Raises:
        NotFound: no one-time item has this id or lookup key.
        InvalidRequest: a label is out of its bounds.
        UnknownTaxCode: there is no such tax code.
        LookupKeyTaken: another one-time item has the lookup key.
    """
    with engine.begin() as tx:
        before = tx.items.get_one_time(item_id)
        item = relabelled(
            before, name=name, unit_label=unit_label, lookup_key=lookup_key, metadata=metadata, tax_code=tax_code
        )
        tx.tax_codes.require(item.tax_codes)
        tx.items.save(item)
        tx.audit.record(actor, "one_time_item.update", item.id, engine.now(), before=before, after=item)
    return item
