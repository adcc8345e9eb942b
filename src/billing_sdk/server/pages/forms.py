"""Forms: what was typed, what is wrong with it, and which field says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Self

from billing_sdk.errors import BillingError, InvalidRequest, PreconditionFailed
from billing_sdk.server.domain.catalog.coupon import MOST_PERIODS, MOST_REDEMPTIONS
from billing_sdk.server.domain.metering.meter import LONGEST_TYPE
from billing_sdk.server.domain.tax.location import LONGEST_REGION
from billing_sdk.server.usecases.passwords import MAX_LENGTH as MAX_PASSWORD_LENGTH, MIN_LENGTH
from billing_sdk.server.usecases.people import MAX_NAME_LENGTH
from billing_sdk.server.usecases.versions import version_of
from billing_sdk.server.words import Phrase, phrase, told

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

# Never sent back to a browser, whatever was wrong with the form.
SECRET = frozenset({"password", "new_password", "repeated", "number", "expiry", "cvc"})
MAX_LENGTH = 256
# Where a use case refuses a value in the terms of an API, a person reads what to type instead.
NAME = phrase("Use at most %(number)s characters, in one line.", number=MAX_NAME_LENGTH)
WORDS = {
    "key": phrase("Use letters and digits, with _ . or - between them, and none of these at the beginning."),
    "email": phrase("Enter a whole e-mail address, such as name@example.com."),
    "name": NAME,
    "given_name": NAME,
    "family_name": NAME,
    "password": phrase(
        "Choose a password of %(least)s to %(most)s characters.", least=MIN_LENGTH, most=MAX_PASSWORD_LENGTH
    ),
    "handle": phrase("Use the letters a to z, digits, and hyphens between them."),
    "language": phrase("Enter a language tag, such as en or pt-BR."),
    "region": phrase("Use at most %(number)s characters.", number=LONGEST_REGION),
    "event_type": phrase("Use at most %(number)s characters.", number=LONGEST_TYPE),
    "value_path": phrase("Enter where the value is, unless events themselves are counted."),
    "periods": phrase("Enter a number from 1 to %(most)s where it counts for several periods.", most=MOST_PERIODS),
    "max_redemptions": phrase("Enter a number from 1 to %(most)s, or nothing.", most=MOST_REDEMPTIONS),
}
# The same for readers of other languages, where the reason that is given in English says more.
OTHERWISE = {
    "url": phrase("Enter a whole https address that can be reached, such as https://example.com/webhooks."),
    "redirect_uris": phrase("Enter whole https addresses, one on each line; a machine has none."),
}
CHANGED = phrase("Somebody else has changed this meanwhile. Open the page again, and change what is there now.")
CORRECT = phrase("Please correct the following")
# The status of a page that shows a form again because of what was typed (RFC 9110, section 15.5.21).
WRONG = 422


@dataclass(frozen=True, slots=True)
class Form:
    """The state of one form.

    Attributes:
        values: what to show in its fields.
        errors: a sentence for each field that needs another value; the empty name stands for the whole form.
        headline: what the summary of the errors is called.
    """

    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    errors: Mapping[str, Phrase] = field(default_factory=dict)
    headline: Phrase = CORRECT

    @property
    def is_overtaken(self) -> bool:
        """Whether somebody else has changed the thing meanwhile, so that its page has to be opened again."""
        return self.errors.get("") == CHANGED

    def value(self, name: str) -> str:
        """Return what a field shows: what was typed, unless it is secret."""
        return "" if name in SECRET else self.values.get(name, "")

    def showing(self, name: str, value: str) -> Self:
        """Return the form with what a field shows where nothing was typed into it."""
        return self if name in self.values else replace(self, values={**self.values, name: value})

    def of_version(self, thing: DataclassInstance | None, name: str = "version") -> Self:
        """Return the form with the version of the thing that it is made from, unless it was sent with one."""
        return self.showing(name, version_of(thing))

    def text(self, name: str) -> str:
        """Return what was typed into a field, without the spaces around it."""
        return self.values.get(name, "").strip()

    def versions(self, name: str = "version") -> tuple[str, ...] | None:
        """Return the version of the thing that the form was made from; None for a form that does not say."""
        return (self.text(name),) if name in self.values else None

    def wrong(self, errors: Mapping[str, Phrase], headline: Phrase | None = None) -> Self:
        """Return the form with sentences about what is wrong."""
        return replace(self, errors={**self.errors, **errors}, headline=headline or self.headline)

    def refused(self, error: BillingError, field_name: str = "") -> Self:
        """Return the form with what a use case said, beside one field or above all of them."""
        if isinstance(error, PreconditionFailed):
            return self.wrong({"": CHANGED})
        named = str(error.facts.get("parameter", field_name))
        if named not in self.values:
            named = ""
        words = WORDS.get(named) if isinstance(error, InvalidRequest) else None
        if words is None and isinstance(error, InvalidRequest) and named in OTHERWISE:
            words = replace(OTHERWISE[named], in_english=told(error).in_english)
        return self.wrong({named: words or told(error)})


def require(form: Form, labels: Mapping[str, Phrase]) -> Form:
    """Return the form with a sentence for each named field that is empty or far too long.

    Args:
        form: as it was sent.
        labels: what to enter, by the name of the field, such as `phrase("your e-mail address")`.
    """
    errors = {}
    for name, label in labels.items():
        if not form.values.get(name, "").strip():
            errors[name] = phrase("Enter %(what)s.", what=label)
    for name, value in form.values.items():
        if len(value) > MAX_LENGTH:
            errors[name] = phrase("Use at most %(number)s characters.", number=MAX_LENGTH)
    return form.wrong(errors)
