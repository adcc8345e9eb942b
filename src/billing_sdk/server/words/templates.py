"""Template environments: one for each language, so that a template needs no argument to speak it.

Everything that a template prints is escaped, and loses the characters that would rearrange the text around it
(Unicode Technical Report 36, section 2.6). No template is ever made from data.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from billing_sdk.money import Money, digits_of, exponent, in_main_unit
from billing_sdk.server.ids import new_nonce
from billing_sdk.server.paper import INVISIBLE
from billing_sdk.server.words.languages import Language
from billing_sdk.server.words.phrases import Phrase

ISOLATES = {"\u2068": "<bdi>", "\u2067": '<bdi dir="rtl">', "\u2066": '<bdi dir="ltr">', "\u2069": "</bdi>"}


@lru_cache(maxsize=64)
def environment(package: str, language: Language) -> Environment:
    """Return the environment of the `templates` of a package, in one language.

    `_("...")`, `ngettext` and `{% trans %}` translate; a phrase that is printed says itself. Filters: `money` (an
    amount with its currency), `amount` (without), `quantity`, `percent`, `day`, `moment`, `rate`, `initial`,
    `in_fours`, `isolating`, `apart` (a phrase whose values turn nothing around them). `new_key()` is another one
    each time.
    """
    made = Environment(
        loader=PackageLoader(package),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalizing(language),
        extensions=["jinja2.ext.i18n"],
    )
    made.install_gettext_translations(language.translations, newstyle=True)  # type: ignore[attr-defined] # the extension adds it
    made.globals["language"] = language
    made.globals["new_key"] = new_nonce
    made.filters.update(
        amount=amount,
        apart=lambda said: isolating(language.say_apart(said)),
        day=language.figures.day,
        in_fours=in_fours,
        initial=initial,
        isolating=isolating,
        moment=language.figures.moment,
        money=language.figures.money,
        percent=language.figures.percent,
        quantity=lambda value: language.figures.quantity(Decimal(value)),
        rate=rate,
    )
    return made


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


def _finalizing(language: Language) -> Any:
    def visible(value: Any) -> Any:
        said = language.say(value) if isinstance(value, Phrase) else value
        # Markup as well: a translated sentence comes as such, with names in it that nobody has looked at.
        return said.translate(INVISIBLE) if isinstance(said, str) and not said.isascii() else said

    return visible
