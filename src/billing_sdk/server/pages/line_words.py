"""What a line of an invoice is called: its subject as it was named, with the reader's words around it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from billing_sdk.server.domain.invoicing import TOP_UP, Form, Frame, InvoiceLine
from billing_sdk.server.words import Phrase, Value, phrase

BOUGHT: Final = phrase("Credit top-up")
WORDS: Final[Mapping[Form, Phrase]] = {
    "instead_of": phrase("%(name)s, %(number)s instead of %(before)s"),
    "adjusted": phrase("%(name)s, adjusted"),
    "discount": phrase("Discount %(coupon)s: %(name)s"),
    "unused_time": phrase("Unused time on %(name)s"),
    "credited": phrase("Credited: %(name)s"),
    "credit_grant": phrase("%(credit)s: %(name)s"),
    "top_up_used": phrase("%(credit)s: %(name)s"),
    "overage": phrase("%(price)s: %(name)s"),
    "tax": phrase("%(name)s %(percent)s%%"),
    "balance_used": phrase("Credit balance"),
    "balance_kept": phrase("Kept as credit balance"),
    "credits": phrase("Credited"),
    "top_up": BOUGHT,
    "payment": phrase("Payment"),
}


def line_name(line: InvoiceLine) -> Phrase:
    """Return what a line is called."""
    name = phrase("%(name)s", name=line.subject)
    for frame in line.frames:
        name = Phrase(WORDS[frame.form].message, {**_values(frame), "name": name})
    return name


def credit_name(name: str) -> Value:
    """Return what credit is called: as it was named, or the reader's words for what nobody has named."""
    return BOUGHT if name == TOP_UP else name


def _values(frame: Frame) -> Mapping[str, Value]:
    facts = frame.facts
    match frame.form:
        case "instead_of":
            return {"number": Decimal(facts["now"]), "before": Decimal(facts["before"])}
        case "discount":
            return {"coupon": facts["coupon"]}
        case "credit_grant":
            return {"credit": facts["grant"]}
        case "top_up_used":
            return {"credit": BOUGHT}
        case "overage":
            return {"price": facts["rate"]}
        case "tax":
            return {"percent": Decimal(facts["percent"])}
        case _:
            return {}
