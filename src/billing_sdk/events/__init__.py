"""What happened at the billing server, as its webhooks tell it.

Owns the types of event and what each of them says, read leniently: providers send more and less than others, and what
one does not say is None. Does not own verification (webhooks do). Times are aware and in UTC.
"""

from __future__ import annotations

from billing_sdk.events.allowance_parts import EventAccess as EventAccess, EventUsageThreshold as EventUsageThreshold
from billing_sdk.events.cancellation_payloads import (
    CancellationDecided as CancellationDecided,
    CancellationRequested as CancellationRequested,
    EventCancellation as EventCancellation,
)
from billing_sdk.events.dispute_payloads import (
    EventDispute as EventDispute,
    PaymentDisputeClosed as PaymentDisputeClosed,
    PaymentDisputed as PaymentDisputed,
    PaymentFraudWarned as PaymentFraudWarned,
)
from billing_sdk.events.event import Event as Event, UnknownEvent as UnknownEvent
from billing_sdk.events.gateway_payloads import (
    PaymentActionRequired as PaymentActionRequired,
)
from billing_sdk.events.parts import (
    EventCredit as EventCredit,
    EventCreditNote as EventCreditNote,
    EventDunning as EventDunning,
    EventGrant as EventGrant,
    EventInvoice as EventInvoice,
    EventPayment as EventPayment,
    EventPlan as EventPlan,
    EventRefund as EventRefund,
    EventUsage as EventUsage,
)
from billing_sdk.events.payload import AboutAgreement as AboutAgreement, Payload as Payload
from billing_sdk.events.payloads import (
    PAYLOADS as PAYLOADS,
    AgreementCancelled as AgreementCancelled,
    AgreementCreated as AgreementCreated,
    AgreementPaused as AgreementPaused,
    AgreementRenewed as AgreementRenewed,
    AgreementResumed as AgreementResumed,
    AgreementUpdated as AgreementUpdated,
    CreditExpired as CreditExpired,
    CreditGranted as CreditGranted,
    CreditLow as CreditLow,
    CreditNoteIssued as CreditNoteIssued,
    CreditUsedUp as CreditUsedUp,
    CreditVoided as CreditVoided,
    DunningEnded as DunningEnded,
    DunningStarted as DunningStarted,
    EntitlementChanged as EntitlementChanged,
    InvoiceHeld as InvoiceHeld,
    InvoiceIssued as InvoiceIssued,
    InvoiceOverdue as InvoiceOverdue,
    InvoiceUncollectible as InvoiceUncollectible,
    InvoiceVoided as InvoiceVoided,
    MeterUsageUpdated as MeterUsageUpdated,
    PaymentFailed as PaymentFailed,
    PaymentSucceeded as PaymentSucceeded,
    PlanAssigned as PlanAssigned,
    PlanChanged as PlanChanged,
    PlanCreated as PlanCreated,
    RefundFailed as RefundFailed,
    RefundSucceeded as RefundSucceeded,
    TopUpStopped as TopUpStopped,
    TrialEnding as TrialEnding,
    UsageThresholdReached as UsageThresholdReached,
)
from billing_sdk.events.types import (
    BILLING_TYPES as BILLING_TYPES,
    IDENTITY_TYPES as IDENTITY_TYPES,
    KNOWN_TYPES as KNOWN_TYPES,
    WORKSPACE_TYPES as WORKSPACE_TYPES,
)
