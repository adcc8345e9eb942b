"""Currencies: which there are, and the least that can be charged (Stripe documentation, "Supported currencies")."""

from __future__ import annotations

from billing_sdk.testing.stripe.errors import invalid

CURRENCIES = frozenset(
    """
    usd aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bif bmd bnd bob brl bsd bwp byn bzd cad cdf chf clp cny
    cop crc cve czk djf dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gnf gtq gyd hkd hnl htg huf idr ils inr isk jmd
    jpy kes kgs khr kmf krw kyd kzt lak lbp lkr lrd lsl mad mdl mga mkd mmk mnt mop mur mvr mwk mxn myr mzn nad ngn nio
    nok npr nzd pab pen pgk php pkr pln pyg qar ron rsd rub rwf sar sbd scr sek sgd shp sle sos srd std szl thb tjs top
    try ttd twd tzs uah ugx uyu uzs vnd vuv wst xaf xcd xof xpf yer zar zmw jod kwd bhd omr tnd
    """.split()
)
THREE_PLACES = frozenset({"jod", "kwd", "bhd", "omr", "tnd"})
# Written with two zeros that are never anything else.
HUNDREDS = frozenset({"isk", "ugx", "huf", "twd"})
MINIMUM = {
    "usd": 50, "aed": 200, "aud": 50, "bgn": 100, "brl": 50, "cad": 50, "chf": 50, "czk": 1500, "dkk": 250, "eur": 50,
    "gbp": 30, "hkd": 400, "huf": 17500, "inr": 50, "jpy": 50, "mxn": 1000, "myr": 200, "nok": 300, "nzd": 50,
    "pln": 200, "ron": 200, "sek": 300, "sgd": 50, "thb": 1000, "try": 2000,
}  # fmt: skip
MAX_AMOUNT = 99_999_999


def currency_of(text: str, param: str = "currency") -> str:
    """Return a currency in small letters.

    Raises:
        Refusal: there is no such one here.
    """
    code = text.lower()
    if code not in CURRENCIES:
        raise invalid(
            f"Invalid currency: {code}. Stripe currently supports these currencies: {', '.join(sorted(CURRENCIES))}",
            param=param,
        )
    return code


def check_charge(amount: int, currency: str) -> None:
    """Refuse an amount that no card can be charged.

    Raises:
        Refusal: too small, too large, or not a whole number of the smallest coins that are paid out.
    """
    least = MINIMUM.get(currency, 50)
    if amount < least:
        raise invalid(
            f"Amount must be at least {least} of the smallest unit of {currency}",
            param="amount",
            code="amount_too_small",
        )
    if amount > MAX_AMOUNT:
        raise invalid(f"Amount must be no more than {MAX_AMOUNT}", param="amount", code="amount_too_large")
    check_coins(amount, currency)


def check_coins(amount: int, currency: str) -> None:
    """Refuse an amount with a last place that is not paid out.

    Raises:
        Refusal: it has one.
    """
    step = 10 if currency in THREE_PLACES else 100 if currency in HUNDREDS else 1
    if amount % step:
        raise invalid(f"Invalid amount: in {currency} it must be a multiple of {step}", param="amount")
