"""Credit that pays for metered usage: grants, the order in which they are spent, and what is left of them.

It owns the grant with its lifecycle, its movements, the burn-down and the balance that follow from them. It does not
own the lines that credit pays for (invoicing), what usage comes to (rating), nor the customer's money that is kept
from invoices (the customer balance). A grant counts from `effective_at`, included, to `expires_at`, excluded; usage
belongs to the period that it is billed for, whenever that invoice is written.
"""

from billing_sdk.server.domain.credits.balance import CreditBalance as CreditBalance, balance_of as balance_of
from billing_sdk.server.domain.credits.burn_down import (
    Payable as Payable,
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
    check_grant as check_grant,
    check_number as check_number,
)
from billing_sdk.server.domain.credits.movement import (
    CreditMovement as CreditMovement,
    MovementKind as MovementKind,
    moved as moved,
)
from billing_sdk.server.domain.credits.settings import CreditSettings as CreditSettings, Level as Level
