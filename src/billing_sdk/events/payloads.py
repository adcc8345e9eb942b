"""What each type of billing event says, as one class a type.

`event.payload` gives the right one, so that `match` narrows it:

    match event.payload:
        case PlanChanged(plan=plan, previous_plan=before): ...
        case PaymentFailed(payment=payment): ...

Kinde publishes the names of its types and not what their data holds; the fields are this project's own. A field that a
provider does not send is None.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from billing_sdk.events.allowance_parts import EventAccess, EventUsageThreshold
from billing_sdk.events.cancellation_payloads import CancellationDecided, CancellationRequested
from billing_sdk.events.dispute_payloads import PaymentDisputeClosed, PaymentDisputed, PaymentFraudWarned
from billing_sdk.events.gateway_payloads import PaymentActionRequired
from billing_sdk.events.parts import (
    EventCredit,
    EventCreditNote,
    EventDunning,
    EventGrant,
    EventInvoice,
    EventPayment,
    EventPlan,
    EventRefund,
    EventUsage,
)
from billing_sdk.events.payload import AboutAgreement, Payload


@dataclass(frozen=True, slots=True)
class AgreementCreated(AboutAgreement):
    """An agreement was made, by sign-up, change or API; `previous_plan` is that of the one that it replaces."""

    TYPE = "customer.agreement_created"

    previous_plan: EventPlan | None


@dataclass(frozen=True, slots=True)
class AgreementCancelled(AboutAgreement):
    """An agreement has ended, and no other took its place."""

    TYPE = "customer.agreement_cancelled"


@dataclass(frozen=True, slots=True)
class PlanAssigned(AboutAgreement):
    """A customer is on a plan of its group for the first time, or again after a time without one."""

    TYPE = "customer.plan_assigned"

    previous_plan: EventPlan | None


@dataclass(frozen=True, slots=True)
class PlanChanged(AboutAgreement):
    """A customer moved from one plan to another; a new agreement was created, too."""

    TYPE = "customer.plan_changed"

    previous_plan: EventPlan | None


@dataclass(frozen=True, slots=True)
class AgreementUpdated(AboutAgreement):
    """An agreement goes on with something changed, planned or taken back; `changed` names the agreement's fields."""

    TYPE = "customer.agreement_updated"
    IS_EXTENSION = True

    changed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AgreementPaused(AboutAgreement):
    """An agreement was paused: nothing is included and nothing is charged until it is resumed."""

    TYPE = "customer.agreement_paused"
    IS_EXTENSION = True


@dataclass(frozen=True, slots=True)
class AgreementResumed(AboutAgreement):
    """An agreement goes on after a pause."""

    TYPE = "customer.agreement_resumed"
    IS_EXTENSION = True


@dataclass(frozen=True, slots=True)
class AgreementRenewed(AboutAgreement):
    """Another period of an agreement has begun."""

    TYPE = "customer.agreement_renewed"
    IS_EXTENSION = True


@dataclass(frozen=True, slots=True)
class TrialEnding(AboutAgreement):
    """A trial ends soon, at `agreement.trial_ends_on`."""

    TYPE = "customer.trial_ending"
    IS_EXTENSION = True


@dataclass(frozen=True, slots=True)
class PlanCreated(Payload):
    """A plan was made; it belongs to no customer."""

    TYPE = "customer.plan_created"

    plan: EventPlan | None


@dataclass(frozen=True, slots=True)
class PaymentSucceeded(Payload):
    """A payment was taken, for this invoice."""

    TYPE = "customer.payment_succeeded"

    payment: EventPayment | None
    invoice: EventInvoice | None


@dataclass(frozen=True, slots=True)
class PaymentFailed(Payload):
    """A payment was refused; `payment.decline_code` says why."""

    TYPE = "customer.payment_failed"

    payment: EventPayment | None
    invoice: EventInvoice | None


@dataclass(frozen=True, slots=True)
class InvoiceIssued(Payload):
    """An invoice was issued, and has its number: nothing that it says changes any more."""

    TYPE = "customer.invoice_issued"
    IS_EXTENSION = True

    invoice: EventInvoice | None


@dataclass(frozen=True, slots=True)
class InvoiceHeld(Payload):
    """An invoice can't be issued before somebody says where the customer is."""

    TYPE = "customer.invoice_held"
    IS_EXTENSION = True

    invoice: EventInvoice | None


@dataclass(frozen=True, slots=True)
class InvoiceOverdue(Payload):
    """An invoice should have been paid by now: its due date has passed, or there is no card to take it from."""

    TYPE = "customer.invoice_overdue"

    invoice: EventInvoice | None


@dataclass(frozen=True, slots=True)
class InvoiceUncollectible(Payload):
    """An invoice was given up: nobody expects it to be paid any more."""

    TYPE = "customer.invoice_uncollectible"
    IS_EXTENSION = True

    invoice: EventInvoice | None


@dataclass(frozen=True, slots=True)
class DunningStarted(Payload):
    """An invoice was not paid: `dunning` says when it is tried again, and until when access stays."""

    TYPE = "customer.dunning_started"
    IS_EXTENSION = True

    invoice: EventInvoice | None
    dunning: EventDunning | None


@dataclass(frozen=True, slots=True)
class DunningEnded(Payload):
    """An invoice is paid at last, or owed no more, or nothing has helped: `dunning.outcome` says which."""

    TYPE = "customer.dunning_ended"
    IS_EXTENSION = True

    invoice: EventInvoice | None
    dunning: EventDunning | None


@dataclass(frozen=True, slots=True)
class MeterUsageUpdated(Payload):
    """Usage of a metered feature was recorded."""

    TYPE = "customer.meter_usage_updated"

    agreement_id: str | None
    usage: EventUsage | None


@dataclass(frozen=True, slots=True)
class CreditGranted(Payload):
    """A customer was granted credit for usage, or has paid for it."""

    TYPE = "customer.credit_granted"
    IS_EXTENSION = True

    grant: EventGrant | None


@dataclass(frozen=True, slots=True)
class CreditExpired(Payload):
    """Credit has ended before it was used up; `expired_minor` says how much of it."""

    TYPE = "customer.credit_expired"
    IS_EXTENSION = True

    grant: EventGrant | None
    expired_minor: int | None


@dataclass(frozen=True, slots=True)
class CreditVoided(Payload):
    """Credit was taken back of which nothing had been used."""

    TYPE = "customer.credit_voided"
    IS_EXTENSION = True

    grant: EventGrant | None


@dataclass(frozen=True, slots=True)
class CreditLow(Payload):
    """Less credit is available than the customer's threshold."""

    TYPE = "customer.credit_low"
    IS_EXTENSION = True

    credit: EventCredit | None


@dataclass(frozen=True, slots=True)
class CreditUsedUp(Payload):
    """No credit is available any more to a customer who has a threshold."""

    TYPE = "customer.credit_used_up"
    IS_EXTENSION = True

    credit: EventCredit | None


@dataclass(frozen=True, slots=True)
class TopUpStopped(Payload):
    """Credit was to be bought because it ran low, and could not be paid; nothing more is bought by itself."""

    TYPE = "customer.top_up_stopped"
    IS_EXTENSION = True

    credit: EventCredit | None


@dataclass(frozen=True, slots=True)
class CreditNoteIssued(Payload):
    """Some or all of an invoice was taken back."""

    TYPE = "customer.credit_note_issued"
    IS_EXTENSION = True

    credit_note: EventCreditNote | None
    invoice: EventInvoice | None


@dataclass(frozen=True, slots=True)
class RefundSucceeded(Payload):
    """Money was paid back."""

    TYPE = "customer.refund_succeeded"
    IS_EXTENSION = True

    refund: EventRefund | None
    invoice: EventInvoice | None


@dataclass(frozen=True, slots=True)
class RefundFailed(Payload):
    """Money could not be paid back; it is on the customer's balance. `refund.decline_code` says why."""

    TYPE = "customer.refund_failed"
    IS_EXTENSION = True

    refund: EventRefund | None
    invoice: EventInvoice | None


@dataclass(frozen=True, slots=True)
class InvoiceVoided(Payload):
    """An invoice was made void, and asks for nothing any more."""

    TYPE = "customer.invoice_voided"
    IS_EXTENSION = True

    invoice: EventInvoice | None


@dataclass(frozen=True, slots=True)
class UsageThresholdReached(Payload):
    """As much of a feature was used as the customer is to be told of."""

    TYPE = "customer.usage_threshold_reached"
    IS_EXTENSION = True

    threshold: EventUsageThreshold | None


@dataclass(frozen=True, slots=True)
class EntitlementChanged(Payload):
    """A hard limit was reached, so that no more of a feature can be used; or it can be used again."""

    TYPE = "customer.entitlement_changed"
    IS_EXTENSION = True

    access: EventAccess | None


PAYLOADS: Final[Mapping[str, type[Payload]]] = MappingProxyType(
    {
        found.TYPE: found
        for found in (
            AgreementCreated,
            AgreementCancelled,
            PlanAssigned,
            PlanChanged,
            AgreementUpdated,
            AgreementPaused,
            AgreementResumed,
            AgreementRenewed,
            CancellationRequested,
            CancellationDecided,
            TrialEnding,
            PlanCreated,
            PaymentSucceeded,
            PaymentFailed,
            PaymentActionRequired,
            InvoiceIssued,
            InvoiceHeld,
            InvoiceOverdue,
            InvoiceUncollectible,
            DunningStarted,
            DunningEnded,
            MeterUsageUpdated,
            UsageThresholdReached,
            EntitlementChanged,
            CreditGranted,
            CreditExpired,
            CreditVoided,
            CreditLow,
            CreditUsedUp,
            TopUpStopped,
            CreditNoteIssued,
            RefundSucceeded,
            RefundFailed,
            InvoiceVoided,
            PaymentDisputed,
            PaymentDisputeClosed,
            PaymentFraudWarned,
        )
    }
)
