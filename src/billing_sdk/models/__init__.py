"""Answers of the billing server as frozen dataclasses.

Owns what a thing looks like once it has been read. Does not own how it is fetched. Each `read` is strict about
types and ignores members that it does not know; times are aware and in UTC.
"""

from __future__ import annotations

from billing_sdk.models._read import Document as Document, parse_instant as parse_instant
from billing_sdk.models.agreement import (
    AgreedAddOn as AgreedAddOn,
    AgreedDiscount as AgreedDiscount,
    AgreedEntitlement as AgreedEntitlement,
    Agreement as Agreement,
    PendingChange as PendingChange,
)
from billing_sdk.models.allowance import (
    AllowanceBalance as AllowanceBalance,
    AllowanceGrant as AllowanceGrant,
    AllowanceHistory as AllowanceHistory,
    AllowanceSegment as AllowanceSegment,
    AllowanceShare as AllowanceShare,
    AllowanceWindow as AllowanceWindow,
    UsageThresholds as UsageThresholds,
)
from billing_sdk.models.billing_profile import (
    Address as Address,
    BillingProfile as BillingProfile,
    DunningPolicy as DunningPolicy,
    Numbering as Numbering,
    Supplier as Supplier,
    TaxSettings as TaxSettings,
)
from billing_sdk.models.billing_settings import (
    BillingPolicies as BillingPolicies,
    BillingSettings as BillingSettings,
)
from billing_sdk.models.books import (
    AccountStanding as AccountStanding,
    RevenueRow as RevenueRow,
    RevenueTable as RevenueTable,
    StatementLine as StatementLine,
    TrialBalance as TrialBalance,
)
from billing_sdk.models.catalog import (
    Feature as Feature,
    Plan as Plan,
    PlanComponent as PlanComponent,
    PlanGroup as PlanGroup,
    PlanPhase as PlanPhase,
    PlanTrial as PlanTrial,
    PlanVersion as PlanVersion,
)
from billing_sdk.models.collection import (
    Dunning as Dunning,
    InvoiceCollection as InvoiceCollection,
    PaymentAttempt as PaymentAttempt,
)
from billing_sdk.models.coupon import Coupon as Coupon
from billing_sdk.models.credit import (
    CreditBalance as CreditBalance,
    CreditGrant as CreditGrant,
    CreditMovement as CreditMovement,
    CreditSettings as CreditSettings,
)
from billing_sdk.models.credit_note import (
    CreditedLine as CreditedLine,
    CreditNote as CreditNote,
    Refund as Refund,
)
from billing_sdk.models.customer import (
    BillingCustomer as BillingCustomer,
    CustomerDetails as CustomerDetails,
    SubjectKey as SubjectKey,
)
from billing_sdk.models.dispute import Dispute as Dispute
from billing_sdk.models.entitlement import (
    Entitlement as Entitlement,
    EntitlementSnapshot as EntitlementSnapshot,
    SubscribedPlan as SubscribedPlan,
)
from billing_sdk.models.explanation import (
    DayOfUsage as DayOfUsage,
    Explanation as Explanation,
    MarkedUsage as MarkedUsage,
    OtherLine as OtherLine,
    UsageBehind as UsageBehind,
)
from billing_sdk.models.invoice import (
    Credit as Credit,
    CreditEntry as CreditEntry,
    Invoice as Invoice,
    InvoiceTax as InvoiceTax,
    NextInvoice as NextInvoice,
    UpcomingInvoice as UpcomingInvoice,
)
from billing_sdk.models.meter import (
    Meter as Meter,
    MeterCondition as MeterCondition,
    UsageWindow as UsageWindow,
)
from billing_sdk.models.migration import MigratedAgreement as MigratedAgreement, Migration as Migration
from billing_sdk.models.organization import (
    AgreementReference as AgreementReference,
    CreatedOrganization as CreatedOrganization,
    Organization as Organization,
)
from billing_sdk.models.payment_method import PaymentMethod as PaymentMethod
from billing_sdk.models.permission import Permission as Permission, Role as Role
from billing_sdk.models.portal import PortalLink as PortalLink
from billing_sdk.models.preview import (
    ChangePreview as ChangePreview,
    ChargeLine as ChargeLine,
    NextCharge as NextCharge,
)
from billing_sdk.models.price_objects import (
    Attachment as Attachment,
    CardRate as CardRate,
    ComposedPlan as ComposedPlan,
    LicenceFee as LicenceFee,
    LicensedItem as LicensedItem,
    MeteredItem as MeteredItem,
    ObjectVersion as ObjectVersion,
    RateCard as RateCard,
    ServiceAction as ServiceAction,
)
from billing_sdk.models.pricing_table import (
    CardContent as CardContent,
    PricingCard as PricingCard,
    PricingTable as PricingTable,
)
from billing_sdk.models.problem import read_problem as read_problem
from billing_sdk.models.profile import Profile as Profile
from billing_sdk.models.reservation import Reservation as Reservation
from billing_sdk.models.tax import TaxCode as TaxCode, TaxRate as TaxRate
from billing_sdk.models.test_clock import TestClock as TestClock
from billing_sdk.models.usage_event import (
    RecordedEvent as RecordedEvent,
    UsageEvent as UsageEvent,
    read_results as read_results,
)
from billing_sdk.models.usage_trail import EventCorrection as EventCorrection, StoredUsageEvent as StoredUsageEvent
from billing_sdk.models.user import CreatedUser as CreatedUser, User as User
from billing_sdk.models.webhook_endpoint import (
    EventType as EventType,
    WebhookDelivery as WebhookDelivery,
    WebhookEndpoint as WebhookEndpoint,
)
