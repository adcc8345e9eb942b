"""Licence fees: recurring prices of licensed items, version by version."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from billing_sdk._operation import C, Call, Flow, Resource, operation
from billing_sdk.models import LicenceFee
from billing_sdk.resources._base import MANAGEMENT, every, given, one, segment

PATH = f"{MANAGEMENT}/billing/licence_fees"
FEE = one("licence_fee", LicenceFee.read)


class LicenceFees(Resource[C]):
    """Licence fees; an extension that only our own server has. Takes the machine credentials.

    `plans.attach` puts one into a plan. Wherever an id is asked for, a lookup key does as well.
    """

    @operation
    def list(self) -> Flow[tuple[LicenceFee, ...]]:
        """Return every licence fee (extension)."""
        return every(PATH, "licence_fees", LicenceFee.read)

    @operation
    def get(self, fee_id: str) -> Call[LicenceFee]:
        """Return one licence fee (extension).

        Raises:
            NotFound: there is no such fee.
        """
        return Call("GET", f"{PATH}/{segment('fee_id', fee_id)}", FEE, credential="machine")

    @operation
    def create(
        self,
        *,
        name: str,
        item_id: str,
        currency: str,
        terms: Mapping[str, Any],
        service: str = "month",
        tax_behavior: Literal["exclusive", "inclusive"] | None = None,
        lookup_key: str | None = None,
        metadata: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> Call[LicenceFee]:
        """Set a recurring price for a licensed item; its first version is live (extension).

        Args:
            name: what an invoice calls it.
            item_id: the licensed item.
            currency: what the price is in.
            terms: price and commitments, such as `{"price": {"model": "flat", "amount": "2900"}}`.
            service: the interval that is paid for in advance.
            tax_behavior: whether its prices include tax; as the billing profile says by default.
            lookup_key: a name of your own.
            metadata: notes of your own.
            idempotency_key: makes the call safe to repeat.

        Raises:
            NotFound: there is no such item.
            InvalidPrice, InvalidTiers, InvalidAmount: the price makes no sense; the fact `member` says where.
            LookupKeyTaken: another licence fee has the lookup key.
        """
        body = {"name": name, "item_id": item_id, "currency": currency, "terms": dict(terms), "service": service}
        body |= given(tax_behavior=tax_behavior, lookup_key=lookup_key, metadata=dict(metadata) if metadata else None)
        return Call("POST", PATH, FEE, json=body, credential="machine", idempotency_key=idempotency_key)

    @operation
    def update(
        self,
        fee_id: str,
        *,
        name: str | None = None,
        terms: Mapping[str, Any] | None = None,
        live_version: str | None = None,
        lookup_key: str | None = None,
        metadata: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> Call[LicenceFee]:
        """Change what is given and leave the rest; plans stay with the version that they refer to (extension).

        Args:
            fee_id: which fee.
            name: what an invoice calls it.
            terms: the price of a new version.
            live_version: the id of a version, or `latest`, which counts the new one.
            lookup_key: a name of your own; an empty one takes it away.
            metadata: notes of your own.
            idempotency_key: makes the call safe to repeat.

        Raises:
            NotFound: there is no such fee.
            VersionNotFound: it has no such version.
        """
        body = given(name=name, live_version=live_version, lookup_key=lookup_key)
        body |= given(terms=dict(terms) if terms else None, metadata=None if metadata is None else dict(metadata))
        path = f"{PATH}/{segment('fee_id', fee_id)}"
        return Call("POST", path, FEE, json=body, credential="machine", idempotency_key=idempotency_key)
