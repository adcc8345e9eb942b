"""Stripe: money is collected at the account that a payment app links, through the official client.

It owns how our bills become invoices there, how payers and payment methods are kept there, and what Stripe's answers
mean here. It does not own what is billed nor when it is collected (usecases); what it remembers is the mirror's.
"""

from billing_sdk.server.gateways.stripe.client import stripe_client as stripe_client
from billing_sdk.server.gateways.stripe.failures import answers_of_stripe as answers_of_stripe
from billing_sdk.server.gateways.stripe.gateway import StripeGateway as StripeGateway
from billing_sdk.server.gateways.stripe.link import StripeLink as StripeLink
