"""Every error that the SDK raises and the server answers: one catalogue, read in both directions.

    BillingError
    ├── ConfigurationError
    │   ├── MissingSetting
    │   └── InvalidSetting
    ├── SecretNotPickled
    ├── SignInError
    │   ├── SignInDenied
    │   ├── StateMismatch
    │   ├── IssuerMismatch
    │   └── SignInExpired
    ├── TokenError
    │   ├── InvalidToken
    │   ├── ExpiredToken
    │   └── UnknownKey
    ├── WebhookError
    │   └── InvalidWebhook
    ├── Unreachable
    │   └── DeadlineExceeded
    ├── JournalFull
    ├── BufferFull
    ├── UnsafeAnswer
    └── APIError
        ├── InvalidRequest
        ├── Unauthenticated
        ├── Forbidden
        ├── NotFound
        ├── ...

A class is one `code`. The server renders an instance as problem+json (RFC 9457) or in the envelope of the
door that was called; the SDK reads the code and raises the same class, so `except CardDeclined` means the
same thing on both sides of the wire. A code that this version does not know becomes a plain `APIError`.

A message says what is wrong (`detail`) and what to do next (`remedy`). It never carries a secret.
"""

from __future__ import annotations

from collections.abc import Iterator

from billing_sdk.errors._agreements import (
    AgreementPaused as AgreementPaused,
    CancellationDenied as CancellationDenied,
    EndPlanned as EndPlanned,
    InvalidTiming as InvalidTiming,
    NothingPending as NothingPending,
    NotOffered as NotOffered,
    NotPausable as NotPausable,
    NotPaused as NotPaused,
    SelectionDenied as SelectionDenied,
    TransitionNotAllowed as TransitionNotAllowed,
    TrialUsed as TrialUsed,
)
from billing_sdk.errors._allowances import (
    AllowanceEnded as AllowanceEnded,
    InvalidAllowance as InvalidAllowance,
    InvalidEntitlement as InvalidEntitlement,
    TooManyAllowances as TooManyAllowances,
    UnknownAllowance as UnknownAllowance,
)
from billing_sdk.errors._answers import (
    APIError as APIError,
    Conflict as Conflict,
    Forbidden as Forbidden,
    Gone as Gone,
    InvalidRequest as InvalidRequest,
    MailNeeded as MailNeeded,
    MethodNotAllowed as MethodNotAllowed,
    NotFound as NotFound,
    PayloadTooLarge as PayloadTooLarge,
    PreconditionFailed as PreconditionFailed,
    RateLimited as RateLimited,
    RouteNotFound as RouteNotFound,
    ServerBusy as ServerBusy,
    ServerFault as ServerFault,
    Unauthenticated as Unauthenticated,
    UnsupportedMediaType as UnsupportedMediaType,
)
from billing_sdk.errors._billing import (
    AgreementNotLive as AgreementNotLive,
    CardDeclined as CardDeclined,
    CardRefused as CardRefused,
    CurrencyMismatch as CurrencyMismatch,
    CustomerExists as CustomerExists,
    EmailTaken as EmailTaken,
    IdempotencyMismatch as IdempotencyMismatch,
    InvalidAmount as InvalidAmount,
    InvalidQuantity as InvalidQuantity,
    LimitReached as LimitReached,
    LinkUsed as LinkUsed,
    PaymentMethodRequired as PaymentMethodRequired,
    PaymentRequired as PaymentRequired,
    PlanMismatch as PlanMismatch,
    PriceChanged as PriceChanged,
    ReservationEnded as ReservationEnded,
    ReturnUrlNotAllowed as ReturnUrlNotAllowed,
    SamePlan as SamePlan,
    SubjectKeyTaken as SubjectKeyTaken,
    UnknownFeature as UnknownFeature,
    UnknownPlan as UnknownPlan,
    UnknownPricingTable as UnknownPricingTable,
    WrongCredentials as WrongCredentials,
)
from billing_sdk.errors._cadences import (
    CadenceCanceled as CadenceCanceled,
    CadenceMismatch as CadenceMismatch,
    CadenceRequired as CadenceRequired,
    InvalidBillingCycle as InvalidBillingCycle,
    MonthNotSupported as MonthNotSupported,
    TooManySubscriptions as TooManySubscriptions,
    UnknownCadence as UnknownCadence,
    UnknownPayerProfile as UnknownPayerProfile,
    UnknownSetting as UnknownSetting,
)
from billing_sdk.errors._catalogue import (
    AlreadyPublished as AlreadyPublished,
    CurrencyLocked as CurrencyLocked,
    DuplicateKey as DuplicateKey,
    EmptyVersion as EmptyVersion,
    FeatureInUse as FeatureInUse,
    FeatureLocked as FeatureLocked,
    GroupInUse as GroupInUse,
    InvalidPhase as InvalidPhase,
    InvalidServiceInterval as InvalidServiceInterval,
    InvalidTrial as InvalidTrial,
    KeyLocked as KeyLocked,
    MixedGroups as MixedGroups,
    PlanArchived as PlanArchived,
    PlanNotPublished as PlanNotPublished,
    TooManyPlans as TooManyPlans,
    UnknownPlanGroup as UnknownPlanGroup,
    UnpricedPlan as UnpricedPlan,
)
from billing_sdk.errors._collection import (
    AgreementSuspended as AgreementSuspended,
    DefaultProfileRequired as DefaultProfileRequired,
    InvalidAddress as InvalidAddress,
    InvalidTaxId as InvalidTaxId,
    InvoiceNotPayable as InvoiceNotPayable,
    ProfileInUse as ProfileInUse,
    SecondDefaultProfile as SecondDefaultProfile,
    UnknownProfile as UnknownProfile,
)
from billing_sdk.errors._corrections import (
    CreditNoteTooLarge as CreditNoteTooLarge,
    InvoiceNotIssued as InvoiceNotIssued,
    InvoiceNotOwed as InvoiceNotOwed,
    InvoiceNotPaid as InvoiceNotPaid,
    InvoicePaid as InvoicePaid,
    InvoiceVoid as InvoiceVoid,
    RefundDeclined as RefundDeclined,
    RefundTooLarge as RefundTooLarge,
    UnknownCreditNote as UnknownCreditNote,
)
from billing_sdk.errors._credits import (
    CreditExhausted as CreditExhausted,
    CreditGrantEnded as CreditGrantEnded,
    CreditGrantUsed as CreditGrantUsed,
    InsufficientCredit as InsufficientCredit,
    InvalidCreditGrant as InvalidCreditGrant,
    InvalidSettlement as InvalidSettlement,
    TooManyCreditGrants as TooManyCreditGrants,
    UnknownCreditGrant as UnknownCreditGrant,
)
from billing_sdk.errors._disputes import (
    DisputeClosed as DisputeClosed,
    DisputeElsewhere as DisputeElsewhere,
    PaymentDisputed as PaymentDisputed,
    UnknownDispute as UnknownDispute,
)
from billing_sdk.errors._gateways import (
    AmountTooSmall as AmountTooSmall,
    AppInUse as AppInUse,
    AuthenticationRequired as AuthenticationRequired,
    BillingInUse as BillingInUse,
    BillingNotEnabled as BillingNotEnabled,
    CardEntryNotAllowed as CardEntryNotAllowed,
    CurrencyNotSupported as CurrencyNotSupported,
    CustomerNotCollectable as CustomerNotCollectable,
    GatewayNotConfigured as GatewayNotConfigured,
    GatewayNotConnected as GatewayNotConnected,
    GatewayRefused as GatewayRefused,
    GatewayUnauthorized as GatewayUnauthorized,
    GatewayUnreachable as GatewayUnreachable,
    InvalidOAuthState as InvalidOAuthState,
    PaymentPending as PaymentPending,
    StripeKeyMismatch as StripeKeyMismatch,
    TooManyLines as TooManyLines,
    UnknownPayer as UnknownPayer,
    UnknownPayerMethod as UnknownPayerMethod,
    WebhookRefused as WebhookRefused,
    WorkspaceCapReached as WorkspaceCapReached,
)
from billing_sdk.errors._intents import (
    AgreementReserved as AgreementReserved,
    IntentExpired as IntentExpired,
    IntentPaymentRequired as IntentPaymentRequired,
    InvalidEffectiveAt as InvalidEffectiveAt,
    InvalidIntentActions as InvalidIntentActions,
    InvalidIntentStatus as InvalidIntentStatus,
    PaymentNotRequired as PaymentNotRequired,
)
from billing_sdk.errors._invoices import EmptyInvoice as EmptyInvoice, InvoiceLocked as InvoiceLocked
from billing_sdk.errors._local import (
    BufferFull as BufferFull,
    ConfigurationError as ConfigurationError,
    DeadlineExceeded as DeadlineExceeded,
    ExpiredToken as ExpiredToken,
    InvalidSetting as InvalidSetting,
    InvalidToken as InvalidToken,
    InvalidWebhook as InvalidWebhook,
    IssuerMismatch as IssuerMismatch,
    JournalFull as JournalFull,
    MissingSetting as MissingSetting,
    SecretNotPickled as SecretNotPickled,
    SignInDenied as SignInDenied,
    SignInError as SignInError,
    SignInExpired as SignInExpired,
    StateMismatch as StateMismatch,
    TokenError as TokenError,
    UnknownKey as UnknownKey,
    Unreachable as Unreachable,
    UnsafeAnswer as UnsafeAnswer,
    WebhookError as WebhookError,
)
from billing_sdk.errors._metering import (
    EventCancelled as EventCancelled,
    MeterInUse as MeterInUse,
    QueryTooLarge as QueryTooLarge,
)
from billing_sdk.errors._objects import (
    AddOnAttached as AddOnAttached,
    AddOnMismatch as AddOnMismatch,
    AddOnMissing as AddOnMissing,
    ComponentExists as ComponentExists,
    ComponentMissing as ComponentMissing,
    CouponEnded as CouponEnded,
    CouponMismatch as CouponMismatch,
    LookupKeyTaken as LookupKeyTaken,
    NotAnAddOn as NotAnAddOn,
    RateExists as RateExists,
    TaxBehaviorMismatch as TaxBehaviorMismatch,
    TooManyComponents as TooManyComponents,
    TooManyRates as TooManyRates,
    UnknownCoupon as UnknownCoupon,
    UsagePricedTwice as UsagePricedTwice,
    VersionNotFound as VersionNotFound,
)
from billing_sdk.errors._payment_intents import (
    CheckoutOver as CheckoutOver,
    PaymentIntentAmountInvalid as PaymentIntentAmountInvalid,
    PaymentIntentCustomerInvalid as PaymentIntentCustomerInvalid,
    PaymentIntentStatusInvalid as PaymentIntentStatusInvalid,
    PaymentIntentUnexpectedState as PaymentIntentUnexpectedState,
    UnknownPaymentIntent as UnknownPaymentIntent,
)
from billing_sdk.errors._rating import InvalidPrice as InvalidPrice, InvalidTiers as InvalidTiers
from billing_sdk.errors._root import DOCS_URL as DOCS_URL, BillingError as BillingError
from billing_sdk.errors._tax import (
    TaxLocationMissing as TaxLocationMissing,
    TaxRateExists as TaxRateExists,
    UnknownTaxCode as UnknownTaxCode,
    UnknownTaxRate as UnknownTaxRate,
)
from billing_sdk.errors._time import (
    ClockMovedBack as ClockMovedBack,
    ClockNotAllowed as ClockNotAllowed,
    ClockOutOfRange as ClockOutOfRange,
    ClockStopped as ClockStopped,
    ClockTooFar as ClockTooFar,
    InvalidCadence as InvalidCadence,
    InvalidDuration as InvalidDuration,
    InvalidZone as InvalidZone,
)
from billing_sdk.errors._usage import (
    EventConflict as EventConflict,
    EventTooEarly as EventTooEarly,
    EventTooLate as EventTooLate,
    UnknownMeter as UnknownMeter,
    UnknownSubject as UnknownSubject,
    UnsupportedByMeter as UnsupportedByMeter,
)


def catalogue() -> Iterator[type[BillingError]]:
    """Yield every class of the catalogue, the root first."""
    waiting: list[type[BillingError]] = [BillingError]
    while waiting:
        found = waiting.pop(0)
        yield found
        waiting.extend(found.__subclasses__())


def for_code(code: str) -> type[BillingError]:
    """Return the class of a code; `APIError` for one that this version does not know."""
    return next((found for found in catalogue() if found.code == code), APIError)
