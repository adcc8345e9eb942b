"""Who is billed.

It owns the customer: a person or an organization that has signed up to pay, where it is, and how it pays. It does not
own what the customer agreed to (agreements) nor what is owed (invoicing).
"""

from billing_sdk.server.domain.customers.address import (
    LANGUAGE as LANGUAGE,
    Address as Address,
    checked_tax_ids as checked_tax_ids,
)
from billing_sdk.server.domain.customers.customer import Customer as Customer, CustomerKind as CustomerKind
from billing_sdk.server.domain.customers.payment_method import PaymentMethod as PaymentMethod
