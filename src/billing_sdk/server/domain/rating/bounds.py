"""Which numbers a price can be made of: exact, not negative, and of a size that somebody could mean."""

from __future__ import annotations

from decimal import Decimal

from billing_sdk.errors import InvalidAmount, InvalidPrice
from billing_sdk.money import MAX_MINOR, digits_of

MAX_DECIMALS = 12
MAX_QUANTITY = Decimal(10) ** 20
HUNDRED = Decimal(100)


def require_amount(amount: Decimal, member: str) -> None:
    """Refuse what can't be an amount of a price in minor units.

    Raises:
        InvalidAmount: it is not a finite Decimal, negative, above a quadrillion, or finer than 12 decimals.
    """
    if reason := _fault(amount, Decimal(MAX_MINOR)):
        raise InvalidAmount(f"{member} {reason}", member=member)


def require_number(number: Decimal, member: str, *, most: Decimal = MAX_QUANTITY) -> None:
    """Refuse what can't be a quantity or a percentage of a price.

    Raises:
        InvalidPrice: it is not a finite Decimal, negative, above `most`, or finer than 12 decimals.
    """
    if reason := _fault(number, most):
        raise InvalidPrice(f"{member} {reason}", member=member)


def require_positive(number: Decimal, member: str) -> None:
    """Refuse what can't be the size of something.

    Raises:
        InvalidPrice: as `require_number`, or it is zero.
    """
    require_number(number, member)
    if not number:
        raise InvalidPrice(f"{member} is zero", member=member)


def _fault(number: Decimal, most: Decimal) -> str:
    if not isinstance(number, Decimal):
        return "is not a Decimal"
    if not number.is_finite():
        return "is not finite"
    if number < 0:
        return "is negative"
    if number > most:
        return f"is more than {digits_of(most)}"
    # The exponent first: the digits of 1E-999999 would fill a book. Zeros at the end are no decimals.
    if number and (number.adjusted() < -MAX_DECIMALS or len(digits_of(number).partition(".")[2]) > MAX_DECIMALS):
        return f"has more than {MAX_DECIMALS} decimals"
    return ""
