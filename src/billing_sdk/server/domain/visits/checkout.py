"""A checkout session: plans that somebody is to agree to on a page, and pay for.

Source: Stripe documentation, "Create hybrid pricing plans", Subscribe your customer to a pricing plan.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal

CheckoutStatus = Literal["open", "complete", "expired"]

LASTS = timedelta(hours=24)
SHORTEST = timedelta(minutes=30)
MOST_ITEMS = 20
# Stands for the id of the session in the address that the page leads to.
SESSION_ID = "{CHECKOUT_SESSION_ID}"


@dataclass(frozen=True, slots=True)
class CheckoutItem:
    """A plan that is agreed to.

    Attributes:
        agreement_id: the id that the subscription will have.
        quantities: how many of each licensed fee, by its key.
        configured: what the caller has said of components, by the names that it has used.
    """

    plan_key: str
    plan_version_id: str
    agreement_id: str
    quantities: Mapping[str, int] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)
    configured: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CheckoutSession:
    """What is agreed to and paid on one page, once.

    Attributes:
        id: starts with `checkoutsession_`.
        created_at: in real time, as all times here.
        customer_id: who pays; None until somebody has said.
        customer_email: what the page shows where an e-mail address is asked for.
        success_url: where the browser goes on, as the seller has said; empty for a page of ours.
        cancel_url: where it goes back to, likewise.
        is_taxed: whether tax is worked out.
        cadence_id: by what the subscriptions are billed; made with the first attempt.
        intent_id: the billing intent that makes them.
        payment_intent_id: what is paid first; None where nothing is.
    """

    id: str
    items: tuple[CheckoutItem, ...]
    created_at: datetime
    expires_at: datetime
    status: CheckoutStatus = "open"
    customer_id: str | None = None
    customer_email: str = ""
    success_url: str = field(default="", repr=False)
    cancel_url: str = field(default="", repr=False)
    is_taxed: bool = False
    client_reference_id: str | None = None
    locale: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    cadence_id: str | None = None
    intent_id: str | None = None
    payment_intent_id: str | None = None
    invoice_id: str | None = None

    def status_at(self, at: datetime) -> CheckoutStatus:
        """Return how it stands; one whose time is over can't be completed any more."""
        return "expired" if self.status == "open" and at >= self.expires_at else self.status

    def completed(self, invoice_id: str | None) -> CheckoutSession:
        """Return it when all is agreed and paid."""
        return replace(self, status="complete", invoice_id=invoice_id)

    def url_after(self, shown_id: str) -> str:
        """Return where the browser goes on: the seller's address, with the id of the session where it asks for that."""
        return self.success_url.replace(SESSION_ID, shown_id)

    def document(self) -> dict[str, Any]:
        """Return what is kept of it, in JSON's own types; its id, its times and its metadata are kept beside."""
        items = [
            {
                "plan": one.plan_key,
                "version": one.plan_version_id,
                "agreement": one.agreement_id,
                "quantities": dict(one.quantities),
                "metadata": dict(one.metadata),
                "configured": dict(one.configured),
            }
            for one in self.items
        ]
        plain = {name: getattr(self, name) for name in PLAIN}
        return {**plain, "items": items, "expires_at": self.expires_at.isoformat()}

    @classmethod
    def read(
        cls, id_: str, created_at: datetime, metadata: Mapping[str, str], data: Mapping[str, Any]
    ) -> CheckoutSession:
        """Return what `document` has written."""
        items = tuple(
            CheckoutItem(
                one["plan"],
                one["version"],
                one["agreement"],
                one["quantities"],
                one["metadata"],
                one["configured"],
            )
            for one in data["items"]
        )
        return cls(
            id=id_,
            items=items,
            created_at=created_at,
            expires_at=datetime.fromisoformat(data["expires_at"]),
            metadata=metadata,
            **{name: data[name] for name in PLAIN},
        )


PLAIN = (
    "status",
    "customer_id",
    "customer_email",
    "success_url",
    "cancel_url",
    "is_taxed",
    "client_reference_id",
    "locale",
    "cadence_id",
    "intent_id",
    "payment_intent_id",
    "invoice_id",
)
