"""Events of Stripe's, as far as they are read: what has happened to which object. How it stands is always asked anew.

Source: Stripe documentation, "Events" and "Event object".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final

import stripe
from stripe import StripeClient

from billing_sdk.errors import WebhookRefused
from billing_sdk.server.gateways.stripe.failures import answers_of_stripe, error_for

LONGEST_TYPE: Final = 64
LONGEST_ID: Final = 255
LATEST_SECOND: Final = 253_402_300_799  # of the year 9999
PAGE: Final = 100
# What has been missed beyond that is seen when it is asked for by itself.
MOST_LISTED: Final = 5_000


@dataclass(frozen=True, slots=True)
class GatewayObject:
    """What an event is about.

    Attributes:
        event_id: the processor's own id of the event.
        event_type: what has happened, in the processor's own words.
        id: the processor's own id of the object; empty for what has none.
        created_at: when it has happened.
        is_live: whether it is about real money.
        account_id: of the connected account that it has happened in; None for the account's own.
        payment: the processor's own id of the payment that the object belongs to.
        invoice: of the invoice.
        payer: of the customer.
        says: what the object says about what it stands for, which whoever has made it has written.
    """

    event_id: str
    event_type: str
    id: str
    created_at: datetime
    is_live: bool
    account_id: str | None = None
    payment: str | None = None
    invoice: str | None = None
    payer: str | None = None
    says: Mapping[str, str] | None = None


def read_event(told: Any) -> GatewayObject:
    """Read an event.

    Raises:
        WebhookRefused: it is none.
    """
    if not isinstance(told, dict) or told.get("object") != "event":
        raise WebhookRefused("the body is no event of Stripe's")
    data = told.get("data")
    item = data.get("object") if isinstance(data, dict) else None
    if not isinstance(item, dict):
        raise WebhookRefused("the event is about nothing")
    created, is_live, account = told.get("created"), told.get("livemode"), told.get("account")
    is_instant = isinstance(created, int) and not isinstance(created, bool) and 0 <= created <= LATEST_SECOND
    if not is_instant or not isinstance(is_live, bool) or not (account is None or isinstance(account, str)):
        raise WebhookRefused("the event can't be read")
    kind, says = item.get("object"), item.get("metadata")
    return GatewayObject(
        event_id=_text(told.get("id"), LONGEST_ID),
        event_type=_text(told.get("type"), LONGEST_TYPE),
        id=_id(item.get("id")) or "",
        created_at=datetime.fromtimestamp(int(created or 0), UTC),
        is_live=is_live,
        account_id=account,
        payment=_id(item.get("id")) if kind == "payment_intent" else _id(item.get("payment_intent")),
        invoice=_id(item.get("id")) if kind == "invoice" else _id(item.get("invoice")),
        payer=_id(item.get("id")) if kind == "customer" else _id(item.get("customer")),
        says={str(name): str(value) for name, value in says.items()} if isinstance(says, dict) else None,
    )


def retrieve_event(client: StripeClient, event_id: str) -> GatewayObject | None:
    """Return an event as Stripe keeps it; None where it does so no more, which is after 30 days.

    Raises:
        GatewayUnauthorized, GatewayUnreachable: Stripe did not answer as it should.
    """
    try:
        return read_event(client.v1.events.retrieve(event_id).to_dict())
    except stripe.InvalidRequestError as error:
        if error.http_status == 404:
            return None
        raise error_for(error) from None
    except stripe.StripeError as error:
        raise error_for(error) from None


def list_events(client: StripeClient, *, since: datetime) -> tuple[GatewayObject, ...]:
    """Return what has happened since an instant, the oldest first, whether its delivery has succeeded or not.

    Raises:
        GatewayUnauthorized, GatewayUnreachable: Stripe did not answer as it should.
    """
    with answers_of_stripe():
        pages = client.v1.events.list({"created": {"gte": int(since.timestamp())}, "limit": PAGE})
        found = [read_event(one.to_dict()) for one in islice(pages.auto_paging_iter(), MOST_LISTED)]
    return tuple(reversed(found))


def _id(value: Any) -> str | None:
    """Return the id of an object, which may stand there whole."""
    found = value.get("id") if isinstance(value, dict) else value
    return found if isinstance(found, str) and 0 < len(found) <= LONGEST_ID and found.isprintable() else None


def _text(value: Any, longest: int) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= longest or not value.isascii() or not value.isprintable():
        raise WebhookRefused("the event can't be read")
    return value
