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
from billing_sdk.server.domain.customers.method_name import (
    DECLINED_CARD as DECLINED_CARD,
    OTHER_MEANS as OTHER_MEANS,
    PAYMENT_PAGE as PAYMENT_PAGE,
    MethodName as MethodName,
)
from billing_sdk.server.domain.customers.payment_method import PaymentMethod as PaymentMethod
