"""Customers at Stripe: one for each payer, and found again after a crash.

Stripe remembers for a day what it has done under an idempotency key, an error included. So whoever stands for nobody
known is looked for before somebody is made.
Source: Stripe documentation, "Idempotent requests" and "Customers".
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from stripe import Customer as StripesCustomer

from billing_sdk.errors import Conflict, UnknownPayer
from billing_sdk.server.domain.customers import Address
from billing_sdk.server.gateways.bills import Payer
from billing_sdk.server.gateways.stripe.asking import ask_once
from billing_sdk.server.gateways.stripe.failures import answers_of_stripe
from billing_sdk.server.gateways.stripe.keys import may_be_forgotten
from billing_sdk.server.gateways.stripe.link import StripeLink

if TYPE_CHECKING:
    from stripe.params import CustomerListParams, CustomerUpdateParams, CustomerUpdateParamsAddress

PAGE: Final = 100
# Who would be looked for behind these is made anew: of one address, or within a day, there are fewer.
MOST_LISTED: Final = 2_000
# For so long Stripe repeats an answer, and a bit.
REMEMBERED: Final = timedelta(hours=25)


def ensure_customer(link: StripeLink, payer: Payer) -> str:
    """Return Stripe's id of a payer, who is made there if need be, and told what has changed here.

    A customer of Stripe's that was linked with ours stays as it is there.

    Raises:
        GatewayUnauthorized, GatewayUnreachable, GatewayRefused: Stripe did not answer as it should.
    """
    known = link.mirror.find("customer", payer.customer_id)
    wanted = _params(payer)
    fingerprint = fingerprint_of(wanted)
    if known is None or known.remote_id is None:
        is_old = may_be_forgotten(payer.customer_id, at=link.now())
        made = (_found(link, payer, email=payer.email) if is_old else None) or _made(
            link, payer, wanted, [] if known is None else [str(gone) for gone in known.detail.get("gone", ())]
        )
        return _known(link, payer, made.id, fingerprint)
    if known.fingerprint != fingerprint and not known.detail.get("is_linked"):
        with answers_of_stripe(link.app):
            link.client.v1.customers.update(known.remote_id, wanted)
        return _known(link, payer, known.remote_id, fingerprint)
    return known.remote_id


def find_customer(link: StripeLink, payer: Payer) -> str | None:
    """Return Stripe's id of a payer; None where nobody there is known to stand for them."""
    known = link.mirror.find("customer", payer.customer_id)
    return None if known is None else known.remote_id


def link_customer(link: StripeLink, payer: Payer, reference: str) -> None:
    """Let a customer that is at Stripe already stand for a payer, after looking it up.

    Raises:
        UnknownPayer: the account has no such customer.
        Conflict: it stands for somebody else.
    """
    look_up_customer(link, reference)
    owner = link.mirror.our_id("customer", reference)
    if owner is not None and owner != payer.customer_id:
        raise Conflict(f"{reference[:64]!r} stands for another customer already", customer=owner)
    link.mirror.save("customer", payer.customer_id, reference, detail={"is_linked": True})


def look_up_customer(link: StripeLink, reference: str) -> StripesCustomer:
    """Return a customer as it is at Stripe now.

    Raises:
        UnknownPayer: the account has no such customer, or it was deleted there.
    """
    if not reference.startswith("cus_"):
        raise UnknownPayer(f"{reference[:64]!r} is no id of a customer at Stripe")
    with answers_of_stripe(link.app):
        found = link.client.v1.customers.retrieve(reference)
    if found.to_dict().get("deleted"):
        raise UnknownPayer(f"{reference[:64]!r} was deleted at Stripe")
    if bool(found.livemode) != link.app.is_live:
        raise UnknownPayer(f"{reference[:64]!r} is of Stripe's other mode")
    return found


def fingerprint_of(sent: Mapping[str, Any]) -> str:
    """Return what stands for something that was sent to Stripe, so that a difference shows."""
    return hashlib.sha256(json.dumps(sent, sort_keys=True).encode()).hexdigest()


def _found(link: StripeLink, payer: Payer, **wanted: Any) -> StripesCustomer | None:
    """Return the customer that a process has made there that died before it could tell."""
    mine = link.metadata(payer.customer_id, payer.customer_id).items()
    with answers_of_stripe(link.app):
        params: CustomerListParams = {**wanted, "limit": PAGE}  # type: ignore[typeddict-item]  # the callers' own
        for one in islice(link.client.v1.customers.list(params).auto_paging_iter(), MOST_LISTED):
            if one.metadata is not None and mine <= one.metadata.to_dict().items():
                return one
    return None


def _made(link: StripeLink, payer: Payer, wanted: CustomerUpdateParams, gone: Collection[str]) -> StripesCustomer:
    params: Any = {**wanted, "metadata": link.metadata(payer.customer_id, payer.customer_id)}
    lately = int((link.now() - REMEMBERED).timestamp())

    def make(key: str) -> StripesCustomer:
        return link.client.v1.customers.create(params, {"idempotency_key": key})

    with answers_of_stripe(link.app):
        return ask_once(
            # To the first key Stripe would answer with a customer that was deleted there since.
            link.keys.key("customer", payer.customer_id, *gone),
            make,
            # Under this address, or another one that the payer had a moment ago.
            look=lambda: _found(link, payer, created={"gte": lately}),
        )


def _known(link: StripeLink, payer: Payer, reference: str, fingerprint: str) -> str:
    link.mirror.save("customer", payer.customer_id, reference, fingerprint=fingerprint)
    return reference


def _params(payer: Payer) -> CustomerUpdateParams:
    params: CustomerUpdateParams = {"email": payer.email, "name": payer.name}
    if payer.address is not None:
        params["address"] = _address(payer.address)
    if payer.language is not None:
        params["preferred_locales"] = [payer.language]
    return params


def _address(address: Address) -> CustomerUpdateParamsAddress:
    return {
        "country": address.country,
        "state": address.region or "",
        "city": address.city or "",
        "postal_code": address.postal_code or "",
        "line1": address.lines[0] if address.lines else "",
        "line2": ", ".join(address.lines[1:]),
    }
