"""The published test cards, and what each of them stands for.

Source: Stripe documentation, "Testing", which publishes the numbers and what they stand for.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

from billing_sdk.server.domain.invoicing import Grounds

Authentication = Literal["once", "always", "on_session"]


@dataclass(frozen=True, slots=True)
class TestCard:
    """What a test number stands for.

    Attributes:
        declined_when_stored: why the bank refuses it already then.
        declined_when_charged: why it refuses each charge, after its holder has confirmed it where that is asked for.
        declined_when_refunded: why money can't go back to it.
        is_refunded_later: whether the bank takes its time over a refund.
        authentication: when its holder has to confirm a payment: the first one, each one, or those that are made while
            the customer is there.
        disputed_as: why its holder disputes each payment, and whether the bank asks, tells or takes the money.
    """

    __test__ = False  # pytest, this is not a test class

    brand: str
    declined_when_stored: str | None = None
    declined_when_charged: str | None = None
    declined_when_refunded: str | None = None
    is_refunded_later: bool = False
    authentication: Authentication | None = None
    disputed_as: Grounds | None = None


def _all(brand: str, *numbers: str) -> dict[str, TestCard]:
    return dict.fromkeys(numbers, TestCard(brand))


# Of one country each, which changes nothing here.
# fmt: off
BY_COUNTRY = {
    "AR": "4000000320000021", "BR": "4000000760000002", "CA": "4000001240000000", "CL": "4000001520000001",
    "CO": "4000001700000003", "CR": "4000001880000005", "EC": "4000002180000000", "MX": "4000004840008001",
    "PA": "4000005910000000", "PY": "4000006000000066", "PE": "4000006040000068", "UY": "4000008580000003",
    "AE": "4000007840000001", "AT": "4000000400000008", "BE": "4000000560000004", "BG": "4000001000000000",
    "BY": "4000001120000005", "HR": "4000001910000009", "CY": "4000001960000008", "CZ": "4000002030000002",
    "DK": "4000002080000001", "EE": "4000002330000009", "FI": "4000002460000001", "FR": "4000002500000003",
    "DE": "4000002760000016", "GI": "4000002920000005", "GR": "4000003000000030", "HU": "4000003480000005",
    "IE": "4000003720000005", "IT": "4000003800000008", "LV": "4000004280000005", "LI": "4000004380000004",
    "LT": "4000004400000000", "LU": "4000004420000006", "MT": "4000004700000007", "NL": "4000005280000002",
    "NO": "4000005780000007", "PL": "4000006160000005", "PT": "4000006200000007", "RO": "4000006420000001",
    "SA": "4000006820000007", "SI": "4000007050000006", "SK": "4000007030000001", "ES": "4000007240000007",
    "SE": "4000007520000008", "CH": "4000007560000009", "GB": "4000008260000000", "AU": "4000000360000006",
    "CN": "4000001560000002", "HK": "4000003440000004", "IN": "4000003560000008", "JP": "4000003920000003",
    "MY": "4000004580000002", "NZ": "4000005540000008", "SG": "4000007020000003", "TW": "4000001580000008",
    "TH": "4000007640000003",
}
# fmt: on
TEST_CARDS: dict[str, TestCard] = {
    **_all("Visa", "4242424242424242", "4000056655665556", "4000058260000005", "4000057640000008"),
    **_all("Visa", *BY_COUNTRY.values()),
    **_all("Mastercard", "5555555555554444", "2223003122003222", "5200828282828210", "5105105105105100"),
    **_all("Mastercard", "5200007840000022", "5555558265554449"),
    **_all("American Express", "378282246310005", "371449635398431"),
    **_all("Discover", "6011111111111117", "6011000990139424", "6011981111111113"),
    **_all("Diners Club", "3056930009020004", "36227206271667"),
    **_all("BCcard", "6555900000604105"),
    **_all("JCB", "3566002020360505", "3530111333300000"),
    **_all("UnionPay", "6200000000000005", "6200000000000047", "6205500000000000004"),
    **_all("Cartes Bancaires", "4000002500001001", "5555552500001001"),
    **_all("eftpos Australia", "4000050360000001", "5555050360000080"),
    # Declined already when they are stored.
    "4000000000000002": TestCard("Visa", declined_when_stored="generic_decline"),
    "4000000000009995": TestCard("Visa", declined_when_stored="insufficient_funds"),
    "4000000000009987": TestCard("Visa", declined_when_stored="lost_card"),
    "4000000000009979": TestCard("Visa", declined_when_stored="stolen_card"),
    "4000000000000069": TestCard("Visa", declined_when_stored="expired_card"),
    "4000000000000127": TestCard("Visa", declined_when_stored="incorrect_cvc"),
    "4000000000000119": TestCard("Visa", declined_when_stored="processing_error"),
    "4242424242424241": TestCard("Visa", declined_when_stored="incorrect_number"),
    "4000000000006975": TestCard("Visa", declined_when_stored="card_velocity_exceeded"),
    # Stored, and declined when they are charged; the last one for its risk.
    "4000000000000341": TestCard("Visa", declined_when_charged="generic_decline"),
    "4100000000000019": TestCard("Visa", declined_when_charged="fraudulent"),
    # A risk, or a check that fails, which is only noted: no rules are applied that would block them.
    **_all("Visa", "4000000000004954", "4000000000009235", "4000000000000101", "4000000000000036"),
    **_all("Visa", "4000000000000028", "4000000000000010", "4000000000000044"),
    # Their holders have to confirm payments.
    "4000002500003155": TestCard("Visa", authentication="once"),
    "4000002760003184": TestCard("Visa", authentication="always"),
    "4000003800000446": TestCard("Visa", authentication="on_session"),
    "4000008260003178": TestCard("Visa", authentication="always", declined_when_charged="insufficient_funds"),
    "4000000000003220": TestCard("Visa", authentication="always"),
    "4000000000003238": TestCard("Visa", authentication="always"),
    "4000008400001629": TestCard("Visa", authentication="always", declined_when_charged="generic_decline"),
    "4000008400001280": TestCard("Visa", declined_when_charged="processing_error"),
    # They could be confirmed, and need not be.
    **_all("Visa", "4000000000003055", "4000000000003097"),
    # Disputed as soon as they are charged.
    "4000000000000259": TestCard("Visa", disputed_as=Grounds("fraudulent")),
    "4000000000002685": TestCard("Visa", disputed_as=Grounds("product_not_received")),
    "4000000000001976": TestCard("Visa", disputed_as=Grounds("general", kind="inquiry")),
    "4000000000005423": TestCard("Visa", disputed_as=Grounds("fraudulent", kind="fraud_warning")),
    # Paid back to later than the others, or not at all.
    "4000000000007726": TestCard("Visa", is_refunded_later=True),
    "4000000000005126": TestCard("Visa", declined_when_refunded="expired_or_canceled_card"),
    # What they bring is available at once, or later: there is no such balance here.
    **_all("Visa", "4000000000000077", "4000003720000278"),
}

UNKNOWN_CARD = TestCard("", declined_when_charged="invalid_account")

# A token says which test card it stands for by a digest, so no number is kept, not even one of these.
CARDS_BY_DIGEST = {
    hashlib.sha256(number.encode()).hexdigest()[:16]: (number[-4:], card) for number, card in TEST_CARDS.items()
}


def card_of(token: str) -> TestCard:
    """Return what a token stands for; one of another processor is an account that nobody has."""
    return CARDS_BY_DIGEST.get(token.rpartition("_")[2], ("", UNKNOWN_CARD))[1]
