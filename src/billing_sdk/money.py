"""Money: whole minor units of one currency, and the only place where an exact number becomes one.

Amounts that are charged, posted or shown are `Money`. Rates and quantities are `Decimal`, shares of a period are
`Fraction`. No float comes near any of them. What they come to is rounded once, by `round_money`; a total is divided
by `allocate`, which keeps its sum.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Context, Decimal, DivisionByZero, Inexact, InvalidOperation, Overflow
from fractions import Fraction
from typing import Literal

from billing_sdk.errors import CurrencyMismatch, InvalidAmount

Rounding = Literal["half_up", "half_even", "up", "down"]

# Sums and products of quantities, prices and percentages in here are exact: the default of 28 digits would round them
# in silence. What does not fit 200 digits raises.
EXACT = Context(prec=200, traps=[Inexact, InvalidOperation, DivisionByZero, Overflow])

# Far above any real amount, and far below what a database column or a JSON number can hold.
MAX_MINOR = 10**15

# What ISO 4217 lists as money that is paid with: no metals, funds, bonds or test codes, such as XAU and XXX.
CURRENCIES = frozenset(
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD "
    "CAD CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD "
    "GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT "
    "LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR "
    "NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP "
    "STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VES VND VUV WST XAF XCD XCG "
    "XOF XPF YER ZAR ZMW ZWG".split()
)

# ISO 4217 lists the digits after the decimal separator; currencies not named here have two.
EXPONENTS = {
    **dict.fromkeys(
        "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF".split(),
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
        InvalidAmount: there is no such currency, or the amount is not an integer.
    """

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if self.currency not in CURRENCIES:
            raise InvalidAmount(f"{self.currency[:40]!r} is not an ISO 4217 currency code")
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


def round_money(minor: Decimal | Fraction, currency: str, rounding: Rounding = "half_up") -> Money:
    """Make an exact number of minor units an amount; see `whole`."""
    return Money(whole(minor, rounding), currency)


def whole(minor: Decimal | Fraction, rounding: Rounding = "half_up") -> int:
    """Make an exact number of minor units whole: the only verb that rounds.

    Args:
        minor: what something comes to.
        rounding: `half_up` takes a half away from zero, `half_even` to the even neighbour; `up` takes any fraction
            away from zero, `down` drops it.

    Raises:
        InvalidAmount: the number is not finite, or above a quadrillion (`MAX_MINOR`).
    """
    if isinstance(minor, Decimal) and not minor.is_finite():
        raise InvalidAmount("an amount has to be finite")
    if not -MAX_MINOR <= minor <= MAX_MINOR:
        raise InvalidAmount(f"an amount of more than {MAX_MINOR} minor units can't be charged")
    numerator, denominator = minor.as_integer_ratio()
    floor, rest = divmod(abs(numerator), denominator)
    match rounding:
        case "half_up":
            is_more = 2 * rest >= denominator
        case "half_even":
            is_more = 2 * rest > denominator or (2 * rest == denominator and floor % 2 == 1)
        case "up":
            is_more = rest > 0
        case "down":
            is_more = False
    size = floor + is_more
    return -size if numerator < 0 else size


def digits_of(number: Decimal) -> str:
    """Return a number in plain digits, exact and without trailing zeros: the one spelling of its value."""
    text = str(number)
    if "E" in text:
        text = f"{number:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def in_main_unit(minor: Decimal, currency: str) -> str:
    """Write an exact number of minor units in the currency's main unit, with as many digits as it needs.

    A price of 0.04 cents reads `0.0004 USD`; 150 cents read `1.50 USD`, because the currency has two digits at least.
    """
    decimals = len(digits_of(minor).partition(".")[2])
    digits = exponent(currency)
    return f"{minor.scaleb(-digits, EXACT):,.{digits + decimals}f} {currency}"


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
