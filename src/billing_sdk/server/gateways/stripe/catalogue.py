"""The catalogue at Stripe: a product for each thing that is sold, and a price for each currency.

A price of Stripe's never changes. What costs something else gets a new one, which takes over the lookup key, and the
old one is sold no more. Each run looks at what is there, so it can be repeated, and mends what somebody has changed.
Source: Stripe documentation, "Manage products and prices" (lookup keys).
"""

from __future__ import annotations

from itertools import islice
from typing import Any, Final

from stripe import Price as StripesPrice, Product as StripesProduct

from billing_sdk.errors import BillingError, GatewayRefused, GatewayUnauthorized, GatewayUnreachable
from billing_sdk.server.gateways.catalogue import CatalogueItem, CataloguePrice, PriceSync
from billing_sdk.server.gateways.stripe.asking import ask_once
from billing_sdk.server.gateways.stripe.customers import fingerprint_of
from billing_sdk.server.gateways.stripe.failures import answers_of_stripe
from billing_sdk.server.gateways.stripe.link import StripeLink
from billing_sdk.server.gateways.stripe.prices import price_in_words

LONGEST_LOOKUP_KEY: Final = 200
SHOWN_OF_FINGERPRINT: Final = 16
PAGE: Final = 100
# Who has more of them finds a product twice after a crash, and nothing worse.
MOST_LISTED: Final = 2_000


def publish_item(link: StripeLink, item: CatalogueItem) -> tuple[PriceSync, ...]:
    """Bring a product and its prices in line with the catalogue, and return what became of each price.

    Raises:
        GatewayUnauthorized, GatewayUnreachable: Stripe did not answer as it should; run it again.
    """
    product, is_mended = _product(link, item)
    return tuple(_one(link, item, product, price, is_mended=is_mended) for price in item.prices)


def retire_item(link: StripeLink, item_id: str) -> None:
    """Sell a product no more; nothing where it is not there.

    Raises:
        GatewayUnauthorized, GatewayUnreachable: Stripe did not answer as it should; run it again.
    """
    known = link.mirror.find("product", item_id)
    if known is None or known.remote_id is None or known.detail.get("is_active") is False:
        return
    try:
        with answers_of_stripe(link.app):
            link.client.v1.products.update(known.remote_id, {"active": False})
    except GatewayRefused:
        return
    link.mirror.save("product", item_id, known.remote_id, fingerprint="", detail={"is_active": False})


def _one(link: StripeLink, item: CatalogueItem, product: str, price: CataloguePrice, *, is_mended: bool) -> PriceSync:
    try:
        words = price_in_words(price)
        if words is None:
            return PriceSync(price.id, "not_priced")
        return _price(link, item, product, price, words, is_mended=is_mended)
    except (GatewayUnauthorized, GatewayUnreachable):
        raise
    except BillingError as refused:
        link.mirror.fail("price", price.id, refused)
        return PriceSync(price.id, "failed", error=refused)


def _product(link: StripeLink, item: CatalogueItem) -> tuple[str, bool]:
    """Return Stripe's id of a product that is there and as it should be, and whether it was mended."""
    wanted: Any = {"name": item.name, "active": item.is_active}
    known = link.mirror.find("product", item.id)
    found = None if known is None or known.remote_id is None else _product_there(link, known.remote_id)
    is_mended = False
    if found is None:
        is_mended = known is not None and known.remote_id is not None
        found = _new_product(link, item, wanted, before=None if known is None else known.remote_id)
    elif (found.name, found.active) != (item.name, item.is_active):
        # What was sent last decides whether somebody else has changed it, or we have.
        is_mended = known is not None and known.fingerprint == fingerprint_of(wanted)
        with answers_of_stripe(link.app):
            found = link.client.v1.products.update(found.id, wanted)
    link.mirror.save(
        "product", item.id, found.id, fingerprint=fingerprint_of(wanted), detail={"is_active": item.is_active}
    )
    return found.id, is_mended


def _product_there(link: StripeLink, reference: str) -> StripesProduct | None:
    try:
        with answers_of_stripe(link.app):
            found = link.client.v1.products.retrieve(reference)
    except GatewayRefused:
        return None
    return None if found.to_dict().get("deleted") else found


def _new_product(link: StripeLink, item: CatalogueItem, wanted: Any, *, before: str | None) -> StripesProduct:
    """Make a product, after one was looked for that a process may have made which died.

    Args:
        link: the account.
        item: what it stands for.
        wanted: what is sent.
        before: what it takes the place of; a key is of use once.
    """
    metadata = link.metadata(item.id)
    key = link.keys.key("product", fingerprint_of({"id": item.id, "before": before, **wanted})[:32])

    def look() -> StripesProduct | None:
        listed = link.client.v1.products.list({"active": True, "limit": PAGE}).auto_paging_iter()
        for one in islice(listed, MOST_LISTED):
            if metadata.items() <= one.metadata.to_dict().items():
                return one
        return None

    def make(key: str) -> StripesProduct:
        params: Any = {**wanted, "metadata": metadata}
        return link.client.v1.products.create(params, {"idempotency_key": key})

    with answers_of_stripe(link.app):
        return look() or ask_once(key, make, look=look)


def _price(
    link: StripeLink,
    item: CatalogueItem,
    product: str,
    price: CataloguePrice,
    words: dict[str, Any],
    *,
    is_mended: bool,
) -> PriceSync:
    lookup_key = _lookup_key(link, price)
    fingerprint = fingerprint_of({**words, "product": product})
    known = link.mirror.find("price", price.id)
    before = None if known is None else known.remote_id
    found = None if before is None else _price_there(link, before)
    if found is None or known is None or known.fingerprint != fingerprint:
        is_new_for_drift = found is None and before is not None
        made = _new_price(link, product, price, words, lookup_key, fingerprint, before=before)
        if found is not None and found.id != made.id:
            _sell(link, found.id, is_active=False)
        link.mirror.save("price", price.id, made.id, fingerprint=fingerprint, detail={"plan": item.id})
        return PriceSync(price.id, "synced", made.id, is_mended or is_new_for_drift)
    has_drifted = found.active != item.is_active or found.lookup_key != lookup_key
    if has_drifted:
        with answers_of_stripe(link.app):
            link.client.v1.prices.update(
                found.id, {"active": item.is_active, "lookup_key": lookup_key, "transfer_lookup_key": True}
            )
    link.mirror.save("price", price.id, found.id, fingerprint=fingerprint)
    return PriceSync(price.id, "synced", found.id, is_mended or has_drifted)


def _lookup_key(link: StripeLink, price: CataloguePrice) -> str:
    """Return the name by which a program finds the price at Stripe; it can be read, unless it would be too long."""
    key = f"{link.keys.deployment}:{price.id}"
    if len(key) <= LONGEST_LOOKUP_KEY:
        return key
    return f"{link.keys.deployment}:{fingerprint_of({'id': price.id})}"


def _price_there(link: StripeLink, reference: str) -> StripesPrice | None:
    try:
        with answers_of_stripe(link.app):
            return link.client.v1.prices.retrieve(reference)
    except GatewayRefused:
        return None


def _new_price(
    link: StripeLink,
    product: str,
    price: CataloguePrice,
    words: dict[str, Any],
    lookup_key: str,
    fingerprint: str,
    *,
    before: str | None,
) -> StripesPrice:
    metadata = {**link.metadata(price.id), "billing_fingerprint": fingerprint}
    params: Any = {
        **words,
        "product": product,
        "nickname": price.id[-250:],
        "lookup_key": lookup_key,
        "transfer_lookup_key": True,
        "metadata": metadata,
    }
    # A price that is made again, after others had its place, needs another key than the first time.
    key = link.keys.key("price", fingerprint[:SHOWN_OF_FINGERPRINT], fingerprint_of({"before": before})[:8])

    def look() -> StripesPrice | None:
        for one in link.client.v1.prices.list({"lookup_keys": [lookup_key], "limit": 1}).data:
            if metadata.items() <= one.metadata.to_dict().items():
                return one
        return None

    def make(key: str) -> StripesPrice:
        return link.client.v1.prices.create(params, {"idempotency_key": key})

    with answers_of_stripe(link.app):
        return look() or ask_once(key, make, look=look)


def _sell(link: StripeLink, reference: str, *, is_active: bool) -> None:
    with answers_of_stripe(link.app):
        link.client.v1.prices.update(reference, {"active": is_active})
