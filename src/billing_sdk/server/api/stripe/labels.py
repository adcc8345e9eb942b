"""What all objects of the catalogue have in common at this door: names, lookup keys, cycles, tax codes and lists."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from billing_sdk.errors import BillingError, InvalidAmount, InvalidCadence, LookupKeyTaken, NotFound, VersionNotFound
from billing_sdk.money import Money
from billing_sdk.server.api.stripe.bodies import Body, View
from billing_sdk.server.api.stripe.ids import Kind, ours
from billing_sdk.server.api.stripe.paging import Cut, Filters, ListObject, Page, Wanted
from billing_sdk.server.api.stripe.problems import refused
from billing_sdk.server.api.stripe.refusals import Refusal
from billing_sdk.server.api.stripe.values import Int64, LookupKey
from billing_sdk.server.domain.catalog.versioned import LATEST
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.storage.paging import Page as Stored, PageRequest
from billing_sdk.server.usecases.create_tax_code import create_tax_code
from billing_sdk.server.usecases.engine import Engine

T = TypeVar("T")
F = TypeVar("F", bound=Filters)

LONGEST_NAME: Final = 250
LONGEST_DESCRIPTION: Final = 500
LONGEST_UNIT: Final = 100
MOST_LOOKUP_KEYS: Final = 10
PUBLISHED_TAX_CODE: Final = re.compile(r"txcd_[0-9]{8}", re.ASCII)
TAKEN: Final[dict[type[BillingError], Refusal]] = {
    LookupKeyTaken: Refusal("lookup_key_already_used", param="lookup_key")
}
Interval = Literal["day", "week", "month", "year"]
TaxBehavior = Literal["inclusive", "exclusive"]


def _at_most(most: int, code: str) -> AfterValidator:
    def check(text: str) -> str:
        if len(text) > most:
            raise PydanticCustomError("too_long", "it has more than {most} characters", {"most": most, "code": code})
        return text

    return AfterValidator(check)


Name = Annotated[str, Field(min_length=1), _at_most(LONGEST_NAME, "display_name_too_long")]
Description = Annotated[str, Field(min_length=1), _at_most(LONGEST_DESCRIPTION, "description_too_long")]
Unit = Annotated[str, Field(min_length=1), _at_most(LONGEST_UNIT, "unit_label_too_long")]


def listed(value: Any) -> Any:
    """Return one text as a list of it: that is what a client means that writes an array of one without a number."""
    return [value] if isinstance(value, str) else value


LookupKeys = Annotated[list[LookupKey], BeforeValidator(listed), Field(min_length=1, max_length=MOST_LOOKUP_KEYS)]


class LookupFilters(Filters):
    """A list that can be filtered by lookup keys."""

    lookup_keys: LookupKeys | None = None


class TaxDetails(Body):
    """How an item is taxed."""

    tax_code: Annotated[str, Field(min_length=1, max_length=100)]


class TaxDetailsView(View):
    """How an item is taxed."""

    tax_code: str


class CycleView(View):
    """How often something is charged or granted."""

    interval: Interval
    interval_count: int


class DeletedView(View):
    """What is left of something that was deleted."""

    id: str
    object: str


class CycleBody(Body):
    """How often something is charged or granted; part of other bodies."""

    service_interval: Interval
    service_interval_count: Annotated[Int64, Field(ge=1)]

    @property
    def cadence(self) -> Cadence:
        """The service interval.

        Raises:
            BillingError: it is longer than ten years.
        """
        try:
            return Cadence(self.service_interval, self.service_interval_count)
        except InvalidCadence as error:
            raise refused("parameter_invalid", error.detail, param="service_interval_count") from error


def version_named(kind: Kind, text: str | None) -> str | None:
    """Return the id of a version that a client names, or `latest`.

    Raises:
        VersionNotFound: it can't be the id of one.
    """
    if text is None or text == LATEST:
        return text
    try:
        return ours(kind, text)
    except NotFound:
        raise VersionNotFound(f"there is no version {text[:64]!r}", version=text[:64]) from None


def known_currency(currency: str) -> str:
    """Return a currency that there is.

    Raises:
        BillingError: there is no such currency.
    """
    try:
        return Money(0, currency).currency
    except InvalidAmount as error:
        raise refused("product_catalog_unsupported_currency", error.detail, param="currency") from error


def keep_tax_code(engine: Engine, details: TaxDetails | None, *, actor: str) -> str | None:
    """Return the tax code that an item names; one of those that Stripe has published need not have been created.

    Raises:
        BillingError: there is no such tax code.
    """
    if details is None:
        return None
    key = details.tax_code
    with engine.read() as tx:
        is_known = any(code.key == key for code in tx.tax_codes.all())
    if not is_known and not PUBLISHED_TAX_CODE.fullmatch(key):
        raise refused(
            "tax_code_invalid",
            f"there is no tax code {key[:64]!r}",
            param="tax_details.tax_code",
            remedy="Name one that you have created, or one of Stripe's: txcd_ and eight digits.",
        )
    if not is_known:
        create_tax_code(engine, key=key, name=key, actor=actor)
    return key


def shown_page(
    wanted: Wanted[F],
    read: Callable[[PageRequest], Stored[T]],
    show: Callable[[T], View],
    place_of: Callable[[T], str],
) -> ListObject | Page:
    """Return a page of what is stored, the newest first.

    Args:
        wanted: which page.
        read: reads it.
        show: shows an item.
        place_of: tells its id.
    """
    request = PageRequest(wanted.limit, starting_after=wanted.after, ending_before=wanted.before, newest_first=True)
    found = read(request)
    places = [place_of(item) for item in found.items]
    is_backwards = wanted.before is not None
    cut = Cut(
        found.items,
        first=places[0] if places else None,
        last=places[-1] if places else None,
        has_next=bool(places) and (is_backwards or found.has_more),
        has_previous=bool(places) and (found.has_more if is_backwards else wanted.after is not None),
    )
    return wanted.shown(cut, [show(item) for item in found.items])
