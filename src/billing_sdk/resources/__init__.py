"""The operations of the billing server, one noun a file.

Owns what is sent and how answers are read, described once for both colours. Does not own sending (the transport does)
or verifying (auth and webhooks do). Operations under `/api/v1` take the client's machine credentials, those under
`/account_api/v1` a user's access token.
"""

from __future__ import annotations

from billing_sdk.resources._backlog import EventJournal as EventJournal
from billing_sdk.resources._buffers import AsyncUsageBuffer as AsyncUsageBuffer, UsageBuffer as UsageBuffer
from billing_sdk.resources._lease import Lease as Lease, Use as Use, exact_count as exact_count
from billing_sdk.resources._leases import Leased as Leased
from billing_sdk.resources._slices import Holder as Holder, Slice as Slice
from billing_sdk.resources.agreements import Agreements as Agreements
from billing_sdk.resources.allowances import Allowances as Allowances
from billing_sdk.resources.billing_profiles import BillingProfiles as BillingProfiles
from billing_sdk.resources.billing_settings import BillingSettings as BillingSettings
from billing_sdk.resources.books import Books as Books
from billing_sdk.resources.coupons import Coupons as Coupons
from billing_sdk.resources.credit_notes import CreditNotes as CreditNotes
from billing_sdk.resources.credits import Credits as Credits
from billing_sdk.resources.customers import Customers as Customers
from billing_sdk.resources.disputes import Disputes as Disputes
from billing_sdk.resources.entitlements import Entitlements as Entitlements
from billing_sdk.resources.features import Features as Features
from billing_sdk.resources.invoices import Invoices as Invoices
from billing_sdk.resources.items import Items as Items
from billing_sdk.resources.keys import Keys as Keys
from billing_sdk.resources.licence_fees import LicenceFees as LicenceFees
from billing_sdk.resources.login import Login as Login
from billing_sdk.resources.meters import Meters as Meters
from billing_sdk.resources.organizations import Organizations as Organizations
from billing_sdk.resources.payment_methods import PaymentMethods as PaymentMethods
from billing_sdk.resources.permissions import Permissions as Permissions, Roles as Roles
from billing_sdk.resources.plan_groups import PlanGroups as PlanGroups
from billing_sdk.resources.plans import Plans as Plans
from billing_sdk.resources.portal import Portal as Portal
from billing_sdk.resources.pricing_tables import PricingTables as PricingTables
from billing_sdk.resources.rate_cards import RateCards as RateCards
from billing_sdk.resources.service_actions import ServiceActions as ServiceActions
from billing_sdk.resources.taxes import TaxCodes as TaxCodes, TaxRates as TaxRates
from billing_sdk.resources.test_clocks import TestClocks as TestClocks
from billing_sdk.resources.tokens import Tokens as Tokens
from billing_sdk.resources.usage import Usage as Usage
from billing_sdk.resources.users import Users as Users
from billing_sdk.resources.webhook_endpoints import WebhookEndpoints as WebhookEndpoints
from billing_sdk.resources.webhooks import Webhooks as Webhooks
