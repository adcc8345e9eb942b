"""Rate cards: the prices of many metered items together, version by version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from billing_sdk._operation import C, Call, Flow, Resource, operation
from billing_sdk.models import RateCard
from billing_sdk.resources._base import MANAGEMENT, every, given, one, segment

PATH = f"{MANAGEMENT}/billing/rate_cards"
CARD = one("rate_card", RateCard.read)


class RateCards(Resource[C]):
    """Rate cards; an extension that only our own server has. Takes the machine credentials.

    `plans.attach` puts one into a plan. Wherever an id is asked for, a lookup key does as well.
    """

    @operation
    def list(self) -> Flow[tuple[RateCard, ...]]:
        """Return every rate card, with the rates of its live version (extension)."""
        return every(PATH, "rate_cards", RateCard.read)

    @operation
    def get(self, card_id: str, *, version: str = "live") -> Call[RateCard]:
        """Return one rate card with the rates of a version: an id, `latest` or `live` (extension).

        Raises:
            NotFound: there is no such card.
            VersionNotFound: it has no such version.
        """
        path = f"{PATH}/{segment('card_id', card_id)}"
        return Call("GET", path, CARD, params={"version": version}, credential="machine")

    @operation
    def create(
        self,
        *,
        name: str,
        currency: str,
        service: str = "month",
        tax_behavior: Literal["exclusive", "inclusive"] | None = None,
        lookup_key: str | None = None,
        metadata: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> Call[RateCard]:
        """Start a collection of usage-based prices, without rates yet (extension).

        Args:
            name: what people call it.
            currency: what all its rates are in.
            service: the interval over which usage is counted.
            tax_behavior: whether its prices include tax; as the billing profile says by default.
            lookup_key: a name of your own.
            metadata: notes of your own.
            idempotency_key: makes the call safe to repeat.

        Raises:
            LookupKeyTaken: another rate card has the lookup key.
        """
        body = {"name": name, "currency": currency, "service": service}
        body |= given(tax_behavior=tax_behavior, lookup_key=lookup_key, metadata=dict(metadata) if metadata else None)
        return Call("POST", PATH, CARD, json=body, credential="machine", idempotency_key=idempotency_key)

    @operation
    def update(
        self,
        card_id: str,
        *,
        name: str | None = None,
        is_active: bool | None = None,
        live_version: str | None = None,
        lookup_key: str | None = None,
        metadata: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> Call[RateCard]:
        """Change what is given and leave the rest (extension).

        Args:
            card_id: which card.
            name: what people call it.
            is_active: whether plans can get it attached; those that have it keep it.
            live_version: the id of a version, or `latest`.
            lookup_key: a name of your own; an empty one takes it away.
            metadata: notes of your own.
            idempotency_key: makes the call safe to repeat.

        Raises:
            NotFound: there is no such card.
            VersionNotFound: it has no such version.
        """
        notes = None if metadata is None else dict(metadata)
        body = given(name=name, is_active=is_active, live_version=live_version, lookup_key=lookup_key, metadata=notes)
        path = f"{PATH}/{segment('card_id', card_id)}"
        return Call("POST", path, CARD, json=body, credential="machine", idempotency_key=idempotency_key)

    @operation
    def modify_rates(
        self,
        card_id: str,
        *,
        create: Mapping[str, Mapping[str, Any]] | None = None,
        delete: Sequence[str] = (),
        idempotency_key: str | None = None,
    ) -> Call[RateCard]:
        """Add and delete rates together, in one new version at most; return the latest version's rates (extension).

        Args:
            card_id: which card.
            create: the terms of new rates by the id or lookup key of their metered item, such as
                `{"tokens": {"price": {"model": "per_unit", "unit_amount": "0.02"}}}`.
            delete: ids of rates of the latest version; to change a price, delete the old rate in the same call.
            idempotency_key: makes the call safe to repeat.

        Raises:
            NotFound: there is no such card, item or rate.
            RateExists: an item would have two rates.
            TooManyRates: the version would have more than 500, or the call changes more than 100.
            InvalidPrice, InvalidTiers, InvalidAmount: a price makes no sense.
        """
        rates = [{"item_id": item_id, "terms": dict(terms)} for item_id, terms in (create or {}).items()]
        body = {"create": rates, "delete": [*delete]}
        path = f"{PATH}/{segment('card_id', card_id)}/rates"
        return Call("POST", path, CARD, json=body, credential="machine", idempotency_key=idempotency_key)
