"""What plans and the parts of their versions are called, and what each part says, in words for operators."""

from __future__ import annotations

from collections.abc import Iterator

from billing_sdk.server.domain.catalog import (
    Component,
    CreditGrant,
    Entitlement,
    FeeTiming,
    LicenceFee,
    PlanKind,
    PlanStatus,
    PlanVersion,
    Rate,
    TaxBehavior,
    Trial,
    Units,
)
from billing_sdk.server.domain.catalog.version_diff import Part, PartKind
from billing_sdk.server.domain.periods import Alignment, Cadence
from billing_sdk.server.domain.rating import Terms
from billing_sdk.server.pages.price_words import words_of_cadence, words_of_price, words_of_trial
from billing_sdk.server.words import Exact, Phrase, phrase, phrase_of

STATUSES: dict[PlanStatus, tuple[Phrase, str]] = {
    "draft": (phrase("Draft"), "note"),
    "published": (phrase("For sale"), "good"),
    "archived": (phrase("Archived"), "plain"),
}
PLAN_KINDS: dict[PlanKind, Phrase] = {"plan": phrase("Plan"), "add_on": phrase("Add-on")}
PARTS: dict[PartKind, Phrase] = {
    "cadence": phrase("Billed"),
    "alignment": phrase("Periods"),
    "currencies": phrase("Currencies"),
    "trial": phrase("Trial"),
    "phase": phrase("Opening phase"),
    "fee": phrase("Price"),
    "rate": phrase("Price of usage"),
    "grant": phrase("Credit"),
    "entitlement": phrase("Feature"),
}
ALIGNMENTS: dict[Alignment, Phrase] = {
    "anniversary": phrase("Periods begin on the day of the sign-up"),
    "calendar": phrase("Periods begin with the calendar"),
}
TIMINGS: dict[FeeTiming, Phrase] = {
    "in_advance": phrase("Charged at the start of each interval"),
    "in_arrears": phrase("Charged at the end of each interval"),
    "once": phrase("Charged once"),
}
TAXED: dict[TaxBehavior, Phrase] = {
    "exclusive": phrase("Tax is added to it"),
    "inclusive": phrase("Tax is included in it"),
}


def price_of(version: PlanVersion) -> Phrase:
    """Return what a version costs in a few words: `$29.00 per month`, or that it is free."""
    if version.is_free:
        return phrase("Free")
    return phrase("%(price)s %(often)s", price=version.price, often=words_of_cadence(version.cadence))


def lines_of(part: Part) -> tuple[Phrase, ...]:
    """Return what a part of a version says, a line for each thing that can differ."""
    match part:
        case LicenceFee():
            return tuple(_fee(part))
        case Rate():
            return tuple(_rate(part))
        case CreditGrant():
            return tuple(_grant(part))
        case Entitlement():
            return tuple(_entitlement(part))
        case Trial():
            return tuple(_trial(part))
        case Cadence():
            return (words_of_cadence(part),)
        case int():
            return (phrase_of("%(number)s billing period", "%(number)s billing periods", part),)
        case tuple():
            return (phrase("%(listed)s", listed=", ".join(part)),)
        case _:
            return (ALIGNMENTS[part],)


def name_of_unit(component: Component) -> str:
    """Return what a priced component is counted in: the word that stands behind `for each`."""
    return component.name if isinstance(component, LicenceFee | Rate | CreditGrant) else component.feature_name


def _fee(fee: LicenceFee) -> Iterator[Phrase]:
    yield from _priced(fee)
    if fee.charged != "in_advance":
        yield TIMINGS[fee.charged]
    yield from _billed_as(fee)


def _rate(rate: Rate) -> Iterator[Phrase]:
    yield from _priced(rate)
    if rate.card_id is not None:
        yield phrase("As the rate card %(card)s says", card=rate.card_id)
    yield from _billed_as(rate)


def _priced(part: LicenceFee | Rate) -> Iterator[Phrase]:
    for currency, terms in ((part.currency, part.terms), *part.other_currencies):
        lines = words_of_price(terms.price, currency, name_of_unit(part))
        yield from lines or (phrase("Nothing in %(currency)s", currency=currency),)
        yield from _around(terms, currency)
    if part.service is not None:
        yield words_of_cadence(part.service)


def _around(terms: Terms, currency: str) -> Iterator[Phrase]:
    """Say what was agreed around a price."""
    if terms.discount_units:
        yield phrase("The first %(units)s are free", units=terms.discount_units)
    if terms.discount_percent:
        yield phrase("%(percent)s%% off", percent=terms.discount_percent)
    if terms.minimum is not None:
        yield phrase("At least %(amount)s", amount=Exact(terms.minimum, currency))
    if terms.maximum is not None:
        yield phrase("At most %(amount)s", amount=Exact(terms.maximum, currency))
    if terms.conversion is not None:
        yield phrase("Usage is converted by the factor %(factor)s", factor=terms.conversion.factor)


def _billed_as(part: LicenceFee | Rate) -> Iterator[Phrase]:
    if part.line_description:
        yield phrase("Invoices say “%(line)s”", line=part.line_description)
    if part.tax_code is not None:
        yield phrase("Tax code %(code)s", code=part.tax_code)
    if part.tax_behavior is not None:
        yield TAXED[part.tax_behavior]


def _grant(grant: CreditGrant) -> Iterator[Phrase]:
    for amount in (grant.amount, *grant.other_currencies):
        if isinstance(amount, Units):
            yield phrase("%(amount)s of a custom unit", amount=amount.value)
        else:
            yield phrase("%(amount)s", amount=amount)
    if grant.service is not None:
        yield words_of_cadence(grant.service)
    if grant.expires_with_interval:
        yield phrase("What is left at the end of an interval is lost")
    if grant.applies_to:
        yield phrase("Pays for %(features)s", features=", ".join(grant.applies_to))


def _entitlement(entitlement: Entitlement) -> Iterator[Phrase]:
    if entitlement.value is not None:
        yield phrase("Set to %(value)s", value=entitlement.value)
    elif entitlement.limit_max is None:
        yield phrase("Included, without limit")
    else:
        yield phrase_of("Up to %(number)s unit", "Up to %(number)s units", entitlement.limit_max)
    if entitlement.limit_min:
        least = entitlement.limit_min
        yield phrase_of("%(number)s unit is charged at least", "%(number)s units are charged at least", least)
    if entitlement.is_soft:
        yield phrase("Use goes on beyond the limit")
    if entitlement.usage_cadence is not None:
        yield phrase("Counted anew %(often)s", often=words_of_cadence(entitlement.usage_cadence))
    if entitlement.keeps_overage:
        yield phrase("What was used beyond the limit counts in the next period")


def _trial(trial: Trial) -> Iterator[Phrase]:
    yield words_of_trial(trial)
    yield phrase_of(
        "A reminder %(number)s day before the end",
        "A reminder %(number)s days before the end",
        trial.remind_days_before,
    )
