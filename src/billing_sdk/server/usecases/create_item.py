"""Create items: what usage is of, what licences are of, and what is charged once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from billing_sdk.errors import InvalidRequest, UnknownFeature
from billing_sdk.server.domain.catalog import LicensedItem, MeteredItem, OneTimeItem
from billing_sdk.server.domain.catalog.labels import checked_name
from billing_sdk.server.domain.catalog.metered_item import conditions_of
from billing_sdk.server.ids import new_id
from billing_sdk.server.usecases.engine import Engine


def create_metered_item(
    engine: Engine,
    *,
    name: str,
    feature_key: str,
    conditions: Mapping[str, str] | None = None,
    shown_dimensions: Sequence[str] = (),
    unit_label: str = "",
    lookup_key: str | None = None,
    metadata: Mapping[str, str] | None = None,
    tax_code: str | None = None,
    actor: str = "api",
) -> MeteredItem:
    """Name something that is billed by its usage; what it measures never changes afterwards.

    Args:
        engine: the engine.
        name: what an invoice calls it.
        feature_key: the metered feature whose usage it counts.
        conditions: dimensions of that usage with the value that each must have; without any, all usage counts.
        shown_dimensions: what invoices tell its usage apart by, with a line for each of their values.
        unit_label: what one unit is called.
        lookup_key: a name of one's own, which no other metered item has.
        metadata: notes of one's own.
        tax_code: what kind of thing it is, where places tax it at a rate of its own.
        actor: who does it, as the audit names them.

    Raises:
        UnknownFeature: no feature has this key.
        InvalidRequest: the feature is not metered, or a label or condition is out of its bounds.
        UnknownTaxCode: there is no such tax code.
        LookupKeyTaken: another metered item has the lookup key.
    """
    item = MeteredItem(
        id=new_id("item"),
        name=checked_name(name),
        feature_key=feature_key,
        created_at=engine.now(),
        conditions=conditions_of(conditions or {}),
        unit_label=unit_label,
        lookup_key=lookup_key,
        metadata=dict(metadata or {}),
        tax_code=tax_code,
        shown_dimensions=tuple(shown_dimensions),
    )
    with engine.begin() as tx:
        feature = tx.features.find(feature_key)
        if feature is None:
            raise UnknownFeature(f"there is no feature {feature_key[:64]!r}", feature=feature_key[:64])
        if not feature.is_metered:
            raise InvalidRequest(f"the feature {feature_key!r} is not metered", parameter="feature_key")
        tx.tax_codes.require(item.tax_codes)
        tx.items.add(item)
        tx.audit.record(actor, "metered_item.create", item.id, item.created_at, after=item)
    return item


def create_licensed_item(
    engine: Engine,
    *,
    name: str,
    unit_label: str = "",
    lookup_key: str | None = None,
    metadata: Mapping[str, str] | None = None,
    tax_code: str | None = None,
    actor: str = "api",
) -> LicensedItem:
    """Name something that is billed whether it is used or not; the arguments are those of `create_metered_item`.

    Raises:
        InvalidRequest: a label is out of its bounds.
        UnknownTaxCode: there is no such tax code.
        LookupKeyTaken: another licensed item has the lookup key.
    """
    item = LicensedItem(
        id=new_id("item"),
        name=checked_name(name),
        created_at=engine.now(),
        unit_label=unit_label,
        lookup_key=lookup_key,
        metadata=dict(metadata or {}),
        tax_code=tax_code,
    )
    with engine.begin() as tx:
        tx.tax_codes.require(item.tax_codes)
        tx.items.add(item)
        tx.audit.record(actor, "licensed_item.create", item.id, item.created_at, after=item)
    return item


def create_one_time_item(
    engine: Engine,
    *,
    name: str,
    unit_label: str = "",
    lookup_key: str | None = None,
    metadata: Mapping[str, str] | None = None,
    tax_code: str | None = None,
    actor: str = "api",
) -> OneTimeItem:
    """Name something that is charged once, at any time; the arguments are those of `create_metered_item`.

    Raises:
        InvalidRequest: a label is out of its bounds.
        UnknownTaxCode: there is no such tax code.
        LookupKeyTaken: another one-time item has the lookup key.
    """
    item = OneTimeItem(
        id=new_id("item"),
        name=checked_name(name),
        created_at=engine.now(),
        unit_label=unit_label,
        lookup_key=lookup_key,
        metadata=dict(metadata or {}),
        tax_code=tax_code,
    )
    with engine.begin() as tx:
        tx.tax_codes.require(item.tax_codes)
        tx.items.add(item)
        tx.audit.record(actor, "one_time_item.create", item.id, item.created_at, after=item)
    return item
