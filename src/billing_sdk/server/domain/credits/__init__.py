"""Credit that pays for metered usage: grants, the order in which they are spent, and what is left of them.

It owns the grant with its lifecycle, its movements, the burn-down and the balance that follow from them. It does not
own the lines that credit pays for (invoicing), what usage comes to (rating), nor the customer's money that is kept
from invoices (the customer balance). A grant counts from `effective_at`, included, to `expires_at`, excluded; usage
belongs to the period that it is billed for, whenever that invoice is written.
"""

from billing_sdk.server.domain.credits.adjustment import (
    CreditAdjustment as CreditAdjustment,
    Deduction as Deduction,
    deductions as deductions,
)
from billing_sdk.server.domain.credits.balance import (
    CreditBalance as CreditBalance,
    CreditStanding as CreditStanding,
    balance_of as balance_of,
    standing_of as standing_of,
)
from billing_sdk.server.domain.credits.burn_down import (
    Share as Share,
    burn_down as burn_down,
    spent_by as spent_by,
    uncovered as uncovered,
)
from billing_sdk.server.domain.credits.expiry import expires_now as expires_now
from billing_sdk.server.domain.credits.grant import (
    MOST_UNUSED as MOST_UNUSED,
    CreditGrant as CreditGrant,
    GrantCategory as GrantCategory,
    GrantSource as GrantSource,
    GrantStatus as GrantStatus,
    Settlement as Settlement,
    check_end as check_end,
    check_grant as check_grant,
    check_number as check_number,
)
from billing_sdk.server.domain.credits.movement import (
    CreditMovement as CreditMovement,
    MovementKind as MovementKind,
    moved as moved,
)
from billing_sdk.server.domain.credits.payable import Payable as Payable
from billing_sdk.server.domain.credits.price import bought_for as bought_for, price_of as price_of
from billing_sdk.server.domain.credits.settings import CreditSettings as CreditSettings, Level as Level
from billing_sdk.server.domain.credits.settlement import settled_as as settled_as
