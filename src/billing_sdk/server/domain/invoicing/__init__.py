"""What a customer is asked to pay.

It owns the invoice and its lines. It does not own how the money is collected (gateways) nor usage (metering).
An invoice has the time when it was issued; a line has the period that it pays for.
"""

from billing_sdk.server.domain.invoicing.change import (
    credit_for_unused as credit_for_unused,
    lines_in_arrears as lines_in_arrears,
    with_credit as with_credit,
)
from billing_sdk.server.domain.invoicing.charge import ChargeSource as ChargeSource, PendingCharge as PendingCharge
from billing_sdk.server.domain.invoicing.credit import (
    BALANCE as BALANCE,
    CreditEntry as CreditEntry,
    CreditReason as CreditReason,
    balance_change as balance_change,
)
from billing_sdk.server.domain.invoicing.invoice import (
    Invoice as Invoice,
    InvoiceLine as InvoiceLine,
    InvoiceStatus as InvoiceStatus,
    Payment as Payment,
    lines_in_advance as lines_in_advance,
)
