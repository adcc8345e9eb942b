"""Money: whole minor units of one currency, and the only place where a Decimal becomes one.

Amounts that are charged, posted or shown are `Money`. Rates and quantities are `Decimal`. No float comes near
either. A price times a quantity is rounded once, half up, by `round_half_up`; a total is divided by `allocate`,
which keeps its sum.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from billing_sdk.errors import CurrencyMismatch, InvalidAmount

# ISO 4217 lists the digits after the decimal separator; currencies not named here have two.
EXPONENTS = {
    **dict.fromkeys(
        "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(),
        0,
    ),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
}


def exponent(currency: str) -> int:
    """Return how many decimal digits a currency has (ISO 4217)."""
    return EXPONENTS.get(currency, 2)


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount in whole minor units: `Money(1999, "EUR")` is 19.99 euros.

    Raises:
        InvalidAmount: the currency is not three capital letters, or the amount is not an integer.
    """

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if len(self.currency) != 3 or not self.currency.isascii() or not self.currency.isupper():
            raise InvalidAmount(f"{self.currency!r} is not an ISO 4217 currency code")
        if type(self.minor) is not int:
            raise InvalidAmount("an amount is a whole number of minor units")

    def __add__(self, other: Money) -> Money:
        self._require_same_currency(other)
        return Money(self.minor + other.minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._require_same_currency(other)
        return Money(self.minor - other.minor, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def __lt__(self, other: Money) -> bool:
        self._require_same_currency(other)
        return self.minor < other.minor

    def __bool__(self) -> bool:
        return self.minor != 0

    def __str__(self) -> str:
        digits = exponent(self.currency)
        return f"{self.major:,.{digits}f} {self.currency}"

    @property
    def major(self) -> Decimal:
        """The amount in the currency's main unit, exact."""
        return Decimal(self.minor).scaleb(-exponent(self.currency))

    def _require_same_currency(self, other: Money) -> None:
        if self.currency != other.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency} were put together")


def zero(currency: str) -> Money:
    """Return nothing, in a currency."""
    return Money(0, currency)


def total(amounts: Sequence[Money], currency: str) -> Money:
    """Return the sum of amounts that are all of one currency."""
    result = zero(currency)
    for amount in amounts:
        result += amount
    return result


def round_half_up(minor: Decimal, currency: str) -> Money:
    """Make an exact number of minor units whole: half up, away from zero.

    Raises:
        InvalidAmount: the number is not finite.
    """
    if not minor.is_finite():
        raise InvalidAmount("an amount has to be finite")
    return Money(int(minor.quantize(Decimal(1), rounding=ROUND_HALF_UP)), currency)


def allocate(amount: Money, weights: Sequence[int]) -> tuple[Money, ...]:
    """Divide an amount in proportion to weights, keeping its sum.

    What does not divide evenly goes, one minor unit each, to the largest remainders; ties go to the first.

    Raises:
        InvalidAmount: there is no weight above zero, or one below it.
    """
    whole = sum(weights)
    if whole <= 0 or min(weights) < 0:
        raise InvalidAmount("weights have to be zero or more, and one above zero")
    sign = -1 if amount.minor < 0 else 1
    size = abs(amount.minor)
    shares = [size * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(size * weights[i] % whole), i))
    for i in by_remainder[: size - sum(shares)]:
        shares[i] += 1
    return tuple(Money(sign * share, amount.currency) for share in shares)
