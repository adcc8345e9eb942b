"""billing-sdk: sign people up for the right plan, gate views by what they pay for, and test it all offline.

These are the public names; whatever else a module has may change. Errors are in `billing_sdk.errors`, what Flask and
Starlette applications use in `billing_sdk.contrib`.
"""

from __future__ import annotations

from billing_sdk import errors as errors
from billing_sdk._config import ClientSettings as ClientSettings, Config as Config
from billing_sdk._operation import Flow as Flow
from billing_sdk._version import __version__ as __version__
from billing_sdk.auth import (
    AccessClaims as AccessClaims,
    AuthUrl as AuthUrl,
    IdClaims as IdClaims,
    KeySet as KeySet,
    KeyStatus as KeyStatus,
    Owner as Owner,
    SignedIn as SignedIn,
    SignInOptions as SignInOptions,
    SignInTransaction as SignInTransaction,
    TokenSet as TokenSet,
    read_key_set as read_key_set,
)
from billing_sdk.client import AsyncClient as AsyncClient, Client as Client
from billing_sdk.entitlements import Snapshots as Snapshots
from billing_sdk.events import (
    AgreementCancelled as AgreementCancelled,
    AgreementCreated as AgreementCreated,
    AgreementPaused as AgreementPaused,
    AgreementRenewed as AgreementRenewed,
    AgreementResumed as AgreementResumed,
    AgreementUpdated as AgreementUpdated,
    Event as Event,
    EventInvoice as EventInvoice,
    EventPayment as EventPayment,
    EventPlan as EventPlan,
    EventUsage as EventUsage,
    InvoiceOverdue as InvoiceOverdue,
    MeterUsageUpdated as MeterUsageUpdated,
    PaymentFailed as PaymentFailed,
    PaymentSucceeded as PaymentSucceeded,
    PlanAssigned as PlanAssigned,
    PlanChanged as PlanChanged,
    PlanCreated as PlanCreated,
    TrialEnding as TrialEnding,
    UnknownEvent as UnknownEvent,
)
from billing_sdk.models import (
    AgreedAddOn as AgreedAddOn,
    AgreedDiscount as AgreedDiscount,
    AgreedEntitlement as AgreedEntitlement,
    Agreement as Agreement,
    AgreementReference as AgreementReference,
    Attachment as Attachment,
    BillingCustomer as BillingCustomer,
    BillingPolicies as BillingPolicies,
    BillingSettings as BillingSettings,
    CardContent as CardContent,
    CardRate as CardRate,
    ChangePreview as ChangePreview,
    ChargeLine as ChargeLine,
    ComposedPlan as ComposedPlan,
    Coupon as Coupon,
    CreatedOrganization as CreatedOrganization,
    CreatedUser as CreatedUser,
    Credit as Credit,
    CreditEntry as CreditEntry,
    Entitlement as Entitlement,
    EntitlementSnapshot as EntitlementSnapshot,
    EventType as EventType,
    Feature as Feature,
    Invoice as Invoice,
    LicenceFee as LicenceFee,
    LicensedItem as LicensedItem,
    MeteredItem as MeteredItem,
    MigratedAgreement as MigratedAgreement,
    Migration as Migration,
    NextCharge as NextCharge,
    NextInvoice as NextInvoice,
    ObjectVersion as ObjectVersion,
    Organization as Organization,
    PendingChange as PendingChange,
    Permission as Permission,
    Plan as Plan,
    PlanComponent as PlanComponent,
    PlanGroup as PlanGroup,
    PlanPhase as PlanPhase,
    PlanTrial as PlanTrial,
    PlanVersion as PlanVersion,
    PortalLink as PortalLink,
    PricingCard as PricingCard,
    PricingTable as PricingTable,
    Profile as Profile,
    RateCard as RateCard,
    Reservation as Reservation,
    Role as Role,
    ServiceAction as ServiceAction,
    SubscribedPlan as SubscribedPlan,
    TestClock as TestClock,
    User as User,
    WebhookDelivery as WebhookDelivery,
    WebhookEndpoint as WebhookEndpoint,
)
from billing_sdk.money import Money as Money
from billing_sdk.webhooks import (
    MemorySeen as MemorySeen,
    SeenStore as SeenStore,
    SqliteSeen as SqliteSeen,
    WebhookPolicy as WebhookPolicy,
)
