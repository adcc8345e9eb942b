"""A charge whose outcome is not known yet."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from billing_sdk.money import Money, total
from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.invoicing.invoice import InvoiceLine
from billing_sdk.server.domain.invoicing.rated_interval import RatedInterval
from billing_sdk.server.domain.workspace import GatewayKind

# Longer than any gateway takes to answer: a charge that is older was left over by a process that died.
LEASE_SECONDS = 60

ChargeSource = Literal["admin", "api", "user"]

# A gateway that is out of reach is asked again after as long as it has been, within these.
SHORTEST_REST = timedelta(seconds=30)
LONGEST_REST = timedelta(hours=1)
# A payment that is to be confirmed is confirmed soon, or not at all.
AUTHENTICATION_LASTS = timedelta(hours=23)
# How long it rests, while it has waited for less than that.
RESTS: tuple[tuple[timedelta, timedelta | None], ...] = (
    (timedelta(hours=1), timedelta(hours=1)),
    (timedelta(hours=6), timedelta(days=1)),
    (timedelta(days=1), None),
)
# Beside what a processor waits for: that it can be asked again, and that somebody looks into what it took.
AwaitReason = Literal["authentication", "processing", "finalization", "payment", "gateway", "mismatch"]


@dataclass(frozen=True, slots=True)
class Awaits:
    """What a charge waits for at its gateway.

    Attributes:
        since: when it began to wait.
        url: where the payer goes on; it is for the payer alone.
    """

    reason: AwaitReason
    since: datetime
    url: str | None = field(default=None, repr=False)

    def rest(self, at: datetime) -> timedelta:
        """Return how long nobody needs to ask again: the processor tells when it knows, unless that gets lost."""
        waited = at - self.since
        if self.reason == "authentication":
            return max(AUTHENTICATION_LASTS - waited, timedelta(0))
        if self.reason == "gateway":
            return min(max(waited, SHORTEST_REST), LONGEST_REST)
        return next(rest for rest, until in RESTS if until is None or waited < until)

    def is_given_up(self, at: datetime) -> bool:
        """Tell whether nobody has confirmed a payment for so long that nobody will."""
        return self.reason == "authentication" and at - self.since >= AUTHENTICATION_LASTS


@dataclass(frozen=True, slots=True)
class PendingCharge:
    """What is to be collected, and what it is for; `id` is the gateway's idempotency key.

    It is written before the gateway is asked and removed with its outcome, so that a process that dies between
    the two leaves a trace, and whoever finds it asks again without charging twice.

    Attributes:
        agreement: what the customer gets once it is paid, or has already; None where it pays an invoice that is about
            several agreements, or none.
        lines: what the invoice will say.
        source: who caused it, as events name them.
        actor: who caused it, as the audit names them.
        lease_ends_at: until then the process that wrote it is expected to finish by itself.
        rated: what is kept of the service intervals whose usage the lines charge, once it is paid.
        invoice_id: the issued invoice that it pays; None where the invoice is issued with the payment.
        gateway: which one is asked.
        awaits: what it waits for there, once the gateway has been asked and can't tell yet.
        payment_intent_id: whose money it takes, before it is known which invoice that pays.
    """

    id: str
    customer_id: str
    agreement: Agreement | None
    payment_method_id: str
    lines: tuple[InvoiceLine, ...]
    currency: str
    source: ChargeSource
    actor: str
    started_at: datetime
    lease_ends_at: datetime
    invoice_id: str | None = None
    rated: tuple[RatedInterval, ...] = ()
    gateway: GatewayKind = "managed"
    awaits: Awaits | None = None
    payment_intent_id: str | None = None

    @property
    def amount(self) -> Money:
        """The sum of the lines."""
        return total([line.amount for line in self.lines], self.currency)

    @property
    def bill_id(self) -> str:
        """What the gateway knows it by: the invoice, or the charge where the invoice is issued with the payment."""
        return self.invoice_id or self.id

    @property
    def agreement_id(self) -> str | None:
        """Which agreement it is for, if it is for one."""
        return None if self.agreement is None else self.agreement.id

    @property
    def changed(self) -> Agreement:
        """What the customer gets once a change is paid.

        Raises:
            LookupError: it is for no agreement.
        """
        if self.agreement is None:
            raise LookupError(f"{self.id} is for no agreement")
        return self.agreement
