"""Items: what prices are of, metered by usage or licensed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from billing_sdk._operation import C, Call, Flow, Resource, operation
from billing_sdk.models import LicensedItem, MeteredItem
from billing_sdk.resources._base import MANAGEMENT, every, given, one, segment

METERED = f"{MANAGEMENT}/billing/metered_items"
LICENSED = f"{MANAGEMENT}/billing/licensed_items"
METERED_ITEM = one("metered_item", MeteredItem.read)
LICENSED_ITEM = one("licensed_item", LicensedItem.read)


class Items(Resource[C]):
    """Items; an extension that only our own server has. Takes the machine credentials.

    Wherever an item's id is asked for, its lookup key does as well.
    """

    @operation
    def list_metered(self) -> Flow[tuple[MeteredItem, ...]]:
        """Return every metered item (extension)."""
        return every(METERED, "metered_items", MeteredItem.read)

    @operation
    def list_licensed(self) -> Flow[tuple[LicensedItem, ...]]:
        """Return every licensed item (extension)."""
        return every(LICENSED, "licensed_items", LicensedItem.read)

    @operation
    def get_metered(self, item_id: str) -> Call[MeteredItem]:
        """Return one metered item (extension).

        Raises:
            NotFound: there is no such item.
        """
        return Call("GET", f"{METERED}/{segment('item_id', item_id)}", METERED_ITEM, credential="machine")

    @operation
    def get_licensed(self, item_id: str) -> Call[LicensedItem]:
        """Return one licensed item (extension).

        Raises:
            NotFound: there is no such item.
        """
        return Call("GET", f"{LICENSED}/{segment('item_id', item_id)}", LICENSED_ITEM, credential="machine")

    @operation
    def create_metered(
        self,
        *,
        name: str,
        feature_code: str,
        conditions: Mapping[str, str] | None = None,
        unit_label: str | None = None,
        tax_code: str | None = None,
        lookup_key: str | None = None,
        metadata: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> Call[MeteredItem]:
        """Name something that is billed by its usage; what it measures never changes (extension).

        Args:
            name: what an invoice calls it.
            feature_code: the metered feature whose usage it counts.
            conditions: dimensions of that usage with the value that each must have.
            unit_label: what one unit is called.
            tax_code: what kind of thing it is, where places tax it at a rate of its own.
            lookup_key: a name of your own.
            metadata: notes of your own.
            idempotency_key: makes the call safe to repeat.

        Raises:
            UnknownFeature: there is no such feature.
            UnknownTaxCode: there is no such tax code.
            LookupKeyTaken: another metered item has the lookup key.
        """
        body = {"name": name, "feature_code": feature_code, **_labels(unit_label, tax_code, lookup_key, metadata)}
        body |= given(conditions=dict(conditions) if conditions else None)
        return Call("POST", METERED, METERED_ITEM, json=body, credential="machine", idempotency_key=idempotency_key)

    @operation
    def create_licensed(
        self,
        *,
        name: str,
        unit_label: str | None = None,
        tax_code: str | None = None,
        lookup_key: str | None = None,
        metadata: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> Call[LicensedItem]:
        """Name something that is billed whether it is used or not, such as a seat (extension).

        Raises:
            LookupKeyTaken: another licensed item has the lookup key.
        """
        body = {"name": name, **_labels(unit_label, tax_code, lookup_key, metadata)}
        return Call("POST", LICENSED, LICENSED_ITEM, json=body, credential="machine", idempotency_key=idempotency_key)

    @operation
    def update_metered(
        self,
        item_id: str,
        *,
        name: str | None = None,
        unit_label: str | None = None,
        tax_code: str | None = None,
        lookup_key: str | None = None,
        metadata: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> Call[MeteredItem]:
        """Change what is given and leave the rest; an empty lookup key or tax code takes it away (extension).

        Raises:
            NotFound: there is no such item.
        """
        body = {**given(name=name), **_labels(unit_label, tax_code, lookup_key, metadata)}
        path = f"{METERED}/{segment('item_id', item_id)}"
        return Call("POST", path, METERED_ITEM, json=body, credential="machine", idempotency_key=idempotency_key)

    @operation
    def update_licensed(
        self,
        item_id: str,
        *,
        name: str | None = None,
        unit_label: str | None = None,
        tax_code: str | None = None,
        lookup_key: str | None = None,
        metadata: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> Call[LicensedItem]:
        """Change what is given and leave the rest; an empty lookup key or tax code takes it away (extension).

        Raises:
            NotFound: there is no such item.
        """
        body = {**given(name=name), **_labels(unit_label, tax_code, lookup_key, metadata)}
        path = f"{LICENSED}/{segment('item_id', item_id)}"
        return Call("POST", path, LICENSED_ITEM, json=body, credential="machine", idempotency_key=idempotency_key)


def _labels(
    unit_label: str | None, tax_code: str | None, lookup_key: str | None, metadata: Mapping[str, str] | None
) -> dict[str, Any]:
    notes = None if metadata is None else dict(metadata)
    return given(unit_label=unit_label, tax_code=tax_code, lookup_key=lookup_key, metadata=notes)
