"""Policies: what is decided for all plans at once, and how customers without a billing profile are billed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from starlette.responses import Response
from starlette.routing import BaseRoute

from billing_sdk.errors import BillingError
from billing_sdk.server.domain.catalog import BillingSettings, Policies
from billing_sdk.server.domain.collection import BillingProfile, DunningPolicy, TaxSettings
from billing_sdk.server.domain.periods import Duration
from billing_sdk.server.domain.rating import RatingPolicy
from billing_sdk.server.pages.dashboard.seat import Seat, billing_route
from billing_sdk.server.pages.forms import Form
from billing_sdk.server.usecases.billing_profiles import update_profile
from billing_sdk.server.usecases.billing_settings import billing_settings
from billing_sdk.server.usecases.update_billing_settings import update_billing_settings
from billing_sdk.server.usecases.versions import version_of
from billing_sdk.server.words import Phrase, phrase

T = TypeVar("T", bound=str)

POLICIES = "/dashboard/policies"
Choice = tuple[tuple[str, Phrase, Phrase], ...]
UNUSED: Choice = (
    ("retain", phrase("Keep it"), phrase("Whoever leaves in the middle of a period gets nothing back.")),
    ("refund", phrase("Give it back"), phrase("What was paid for the days that are left is credited.")),
)
UNPAID: Choice = (
    ("forgive", phrase("Forgive it"), phrase("Usage that was not billed yet is not charged when a customer leaves.")),
    ("charge", phrase("Charge it"), phrase("A last invoice is made for it.")),
)
PRORATION: Choice = (
    ("second", phrase("To the second"), phrase("A change at noon counts half of the day.")),
    ("day", phrase("By whole days"), phrase("The day of a change counts as a whole.")),
)
LATE: Choice = (
    ("rerate", phrase("When it was used"), phrase("A period that was billed is adjusted a day later.")),
    ("next_period", phrase("When it was reported"), phrase("It stands on the next invoice; what was billed stays.")),
)
ZERO: Choice = (
    ("skip", phrase("Nothing"), phrase("The flat fee of the first tier is charged once something is used.")),
    ("charge", phrase("The flat fee of the first tier"), phrase("Also where nothing was used at all.")),
)
ALIGNMENT: Choice = (
    (
        "anniversary",
        phrase("On the day of the sign-up"),
        phrase("Who starts on the 14th is billed on the 14th."),
    ),
    ("calendar", phrase("With the calendar"), phrase("The first period is shorter, and costs as much less.")),
)
COLLECTION: Choice = (
    ("charge_automatically", phrase("Charge the card"), phrase("An invoice is due when it is issued.")),
    ("send_invoice", phrase("Send an invoice"), phrase("It is paid by other means, until it is due.")),
)
DUNNING_END: Choice = (
    ("cancel", phrase("Cancel the subscription"), phrase("The customer loses the plan for good.")),
    ("pause", phrase("Pause the subscription"), phrase("It goes on when the customer pays.")),
    ("mark_uncollectible", phrase("Write the invoice off"), phrase("The customer keeps the plan.")),
)
TAX: Choice = (
    ("exclusive", phrase("Added to prices"), phrase("A price of 100 at 19%% tax is charged as 119.")),
    ("inclusive", phrase("Included in prices"), phrase("A price of 100 holds its tax already.")),
)
PROVIDER: Choice = (
    ("own", phrase("By the rates that were entered here"), phrase("Each place has a rate of its own.")),
    ("gateway", phrase("By the payment processor"), phrase("It knows the rates of all places where it works.")),
)
ENTER_DAYS = phrase("Enter a number of days, or a duration such as PT12H.")


def show_policies(seat: Seat) -> Response:
    """Show what is decided, each with words about what it does."""
    return _page(seat, Form())


def change_settings(seat: Seat, form: Form) -> Response:
    """Change what counts for all plans."""
    with seat.engine.read() as tx:
        before = billing_settings(tx, seat.engine)
    rating = before.policies.rating
    try:
        update_billing_settings(
            seat.engine,
            default_currency=form.text("default_currency").upper() or None,
            zone=form.text("zone") or None,
            alignment="calendar" if form.text("alignment") == "calendar" else "anniversary",
            policies=Policies(
                unpaid_usage="charge" if form.text("unpaid_usage") == "charge" else "forgive",
                unused_days="refund" if form.text("unused_days") == "refund" else "retain",
                proration="day" if form.text("proration") == "day" else "second",
                late_usage="next_period" if form.text("late_usage") == "next_period" else "rerate",
                rating=RatingPolicy("charge" if form.text("zero_usage") == "charge" else "skip", rating.rounding),
            ),
            versions=form.versions("settings_version"),
            actor=seat.operator.id,
        )
    except BillingError as error:
        return _page(seat, form.refused(error, "zone"))
    return seat.go_to(POLICIES, "saved")


def change_collection(seat: Seat, form: Form) -> Response:
    """Change how customers are billed who have no billing profile of their own."""
    with seat.engine.read() as tx:
        profile = tx.billing_profiles.default()
    try:
        retries = tuple(_duration_of(text) for text in form.text("retry_after").replace(",", " ").split())
        dunning = DunningPolicy(
            retry_after=retries,
            grace=_duration(form, "grace"),
            at_end=_one_of(form, "at_end", ("cancel", "pause", "mark_uncollectible")),
        )
        tax = TaxSettings(
            is_enabled=bool(form.text("tax_enabled")),
            is_enforced=bool(form.text("tax_enforced")),
            default_tax_code=form.text("tax_code") or None,
            behavior=_one_of(form, "tax_behavior", ("exclusive", "inclusive")),
            provider=_one_of(form, "tax_provider", ("own", "gateway")),
        )
        update_profile(
            seat.engine,
            profile.id,
            collection_method=_one_of(form, "collection_method", ("charge_automatically", "send_invoice")),
            dunning=dunning,
            tax=tax,
            is_consolidating=bool(form.text("is_consolidating")),
            language=form.text("language") or profile.language,
            due_after=_duration(form, "due_after"),
            wait_before_sending=_duration(form, "wait_before_sending"),
            wait_for_late_usage=_duration(form, "wait_for_late_usage"),
            versions=form.versions("profile_version"),
            actor=seat.operator.id,
        )
    except _Unreadable as unreadable:
        return _page(seat, form.wrong({unreadable.field: ENTER_DAYS}))
    except BillingError as error:
        return _page(seat, form.refused(error, "retry_after"))
    return seat.go_to(POLICIES, "saved")


class _Unreadable(Exception):
    """A duration can't be read."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


def _page(seat: Seat, form: Form) -> Response:
    with seat.engine.read() as tx:
        settings = billing_settings(tx, seat.engine)
        profile = tx.billing_profiles.default()
        is_locked = tx.billing_settings.is_currency_locked()
    # A form that was sent has the fields of one half; the other half shows what counts. Boxes that were not ticked
    # are no fields at all.
    sent_settings, sent_profile = "alignment" in form.values, "at_end" in form.values
    usual = ({} if sent_settings else _of_settings(settings)) | ({} if sent_profile else _of_profile(profile))
    shown = Form({**usual, **form.values}, form.errors)
    return seat.show("policies/policies", shown, profile=profile, is_currency_locked=is_locked, **_choices())


def _choices() -> Mapping[str, Any]:
    return {
        "unused": UNUSED,
        "unpaid": UNPAID,
        "prorations": PRORATION,
        "late": LATE,
        "zero": ZERO,
        "alignments": ALIGNMENT,
        "collection": COLLECTION,
        "ends": DUNNING_END,
        "taxed": TAX,
        "providers": PROVIDER,
    }


def _of_settings(settings: BillingSettings) -> dict[str, str]:
    policies = settings.policies
    return {
        "settings_version": version_of(settings),
        "default_currency": settings.default_currency,
        "zone": settings.zone,
        "alignment": settings.alignment,
        "unused_days": policies.unused_days,
        "unpaid_usage": policies.unpaid_usage,
        "proration": policies.proration,
        "late_usage": policies.late_usage,
        "zero_usage": policies.rating.zero_usage_flat_fee,
    }


def _of_profile(profile: BillingProfile) -> dict[str, str]:
    dunning, tax = profile.dunning, profile.tax
    return {
        "profile_version": version_of(profile),
        "collection_method": profile.collection_method,
        "due_after": _shown(profile.due_after),
        "wait_before_sending": _shown(profile.wait_before_sending),
        "wait_for_late_usage": _shown(profile.wait_for_late_usage),
        "retry_after": ", ".join(_shown(wait) for wait in dunning.retry_after),
        "grace": _shown(dunning.grace),
        "at_end": dunning.at_end,
        "tax_enabled": "yes" if tax.is_enabled else "",
        "tax_enforced": "yes" if tax.is_enforced else "",
        "tax_code": tax.default_tax_code or "",
        "tax_behavior": tax.behavior,
        "tax_provider": tax.provider,
        "is_consolidating": "yes" if profile.is_consolidating else "",
        "language": profile.language,
    }


def _shown(duration: Duration) -> str:
    """Return a duration as a number of days, or as ISO 8601 writes it where it is none."""
    return str(duration.days) if duration == Duration(days=duration.days) else str(duration)


def _duration(form: Form, field: str) -> Duration:
    try:
        return _duration_of(form.text(field) or "0")
    except BillingError:
        raise _Unreadable(field) from None


def _duration_of(text: str) -> Duration:
    is_days = text.isascii() and text.isdigit() and len(text) <= 5
    return Duration(days=int(text)) if is_days else Duration.parse(text.upper())


def _one_of(form: Form, field: str, allowed: tuple[T, ...]) -> T:
    """Return which of some values was chosen; the first where none was."""
    return next((one for one in allowed if one == form.text(field)), allowed[0])


ROUTES: tuple[BaseRoute, ...] = (
    billing_route(POLICIES, show_policies, change_settings),
    billing_route(f"{POLICIES}/collection", show_policies, change_collection),
)
