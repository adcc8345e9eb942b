"""Templates: how a value becomes text on a page.

Everything that a template prints is escaped, and loses the characters that would rearrange the text around it
(Unicode Technical Report 36, section 2.6). No template is ever made from data.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from billing_sdk.money import Money, digits_of, exponent, in_main_unit
from billing_sdk.server.paper import INVISIBLE
from billing_sdk.server.web import nonce_of

ISOLATES = {"\u2068": "<bdi>", "\u2066": '<bdi dir="ltr">', "\u2069": "</bdi>"}
# Stands where no application is known that a page could be for.
NOBODY = "Billing"


def show(request: Request, template: str, *, status: int = 200, **values: Any) -> Response:
    """Return a page; `values` are what its template names, every one of them."""
    html = TEMPLATES.get_template(template).render(nonce=nonce_of(request), nobody=NOBODY, **values)
    return HTMLResponse(html, status, {"Cache-Control": "no-store", "Vary": "Cookie"})


def amount(money: Money) -> str:
    """Write an amount without its currency, with the digits that the currency has."""
    return f"{money.major:,.{exponent(money.currency)}f}"


def rate(unit_amount: Decimal, currency: str) -> str:
    """Write a price for one unit, given in minor units, with as many digits as it needs."""
    return in_main_unit(unit_amount, currency)


def quantity(value: Decimal | int) -> str:
    """Write an amount of usage without the zeros that its storage adds."""
    number = Decimal(value)
    places = len(digits_of(number).partition(".")[2])
    return f"{number:,.{places}f}"


def day(at: datetime) -> str:
    """Write a day the same way wherever the reader is: 5 March 2026."""
    return f"{at.day} {at:%B %Y}"


def initial(name: str) -> str:
    """Return the first letter or digit of a name, for the mark beside it."""
    return next((character.upper() for character in name if character.isalnum()), "·")


def in_fours(digits: str) -> str:
    """Write a card number in groups, as cards print it."""
    return " ".join(digits[i : i + 4] for i in range(0, len(digits), 4))


def isolating(label: str) -> Markup:
    """Write a label of a paper, with elements for the marks that keep directions apart in it (`paper.text`)."""
    shown = str(escape(label))
    for mark, element in ISOLATES.items():
        shown = shown.replace(mark, element)
    return Markup(shown.translate(INVISIBLE))  # noqa: S704 - escaped above, and the elements are our own


def _visible(value: Any) -> Any:
    # Markup, which macros return, is text that has passed here before.
    return value.translate(INVISIBLE) if type(value) is str else value


TEMPLATES = Environment(
    loader=PackageLoader("billing_sdk.server.pages"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    finalize=_visible,
)
TEMPLATES.filters.update(amount=amount, rate=rate, quantity=quantity, day=day, initial=initial, in_fours=in_fours)
TEMPLATES.filters["isolating"] = isolating
