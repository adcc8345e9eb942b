"""What a line says of tax: the member `tax` of its derivation.

Before its invoice is completed a line says what kind of thing it charges for (`code`) and whether its price includes
tax (`behavior`), each where its component says so. Completed, it says how it was taxed: the place, the rates, and its
share of each. What is given back of it later is taxed by the same rates, whatever has become of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from billing_sdk.money import Money, digits_of
from billing_sdk.server.domain.catalog import TaxBehavior
from billing_sdk.server.domain.tax import AppliedRate, Location, Share, TaxAmount

Document = Mapping[str, Any]
# How a line was taxed: by rates, of which there may be none; not at all, since the customer accounts for it; not at
# all, since nobody knows where the customer is.
Treatment = Literal["rates", "reverse_charge", "location_missing"]


@dataclass(frozen=True, slots=True)
class LineTax:
    """How a line was taxed."""

    behavior: TaxBehavior
    treatment: Treatment
    shares: tuple[Share, ...]

    @property
    def is_inclusive(self) -> bool:
        """Whether the line's amount includes the tax."""
        return self.behavior == "inclusive"

    @property
    def added(self) -> int:
        """What the tax adds to the line's amount, in minor units; nothing where that includes it."""
        return 0 if self.is_inclusive else sum(share.amount.minor for share in self.shares)


def of_component(code: str | None, behavior: TaxBehavior | None) -> Document | None:
    """Return what a line says of tax before its invoice is completed; None where its component says nothing."""
    members = {"code": code, "behavior": behavior}
    return {name: value for name, value in members.items() if value is not None} or None


def of_line(
    before: Document,
    *,
    code: str | None,
    behavior: TaxBehavior,
    treatment: Treatment,
    location: Location | None,
    shares: tuple[Share, ...],
) -> dict[str, Any]:
    """Return what a line says of tax once its invoice is completed."""
    place = {} if location is None else {"country": location.country, "region": location.region}
    members = {**before, "code": code, "behavior": behavior, "treatment": treatment, **place}
    return {
        **{name: value for name, value in members.items() if value is not None},
        "shares": [
            {
                "rate": share.rate.rate_id,
                "name": share.rate.name,
                "percent": digits_of(share.rate.percent),
                "base_minor": str(share.base.minor),
                "amount_minor": str(share.amount.minor),
            }
            for share in shares
        ],
    }


def given_back(derivation: Document) -> Document | None:
    """Return what a line says of tax that gives back some of another line: it is taxed as that one was."""
    tax = derivation.get("tax") or {}
    if "shares" not in tax:
        return None
    return {
        **{name: tax[name] for name in ("code", "behavior", "treatment") if name in tax},
        "as_charged": [{name: share[name] for name in ("rate", "name", "percent")} for share in tax["shares"]],
    }


def rates_as_charged(derivation: Document) -> tuple[AppliedRate, ...] | None:
    """Return the rates of a line that gives something back; None where a line is taxed by today's rates."""
    if derivation.get("kind") != "unused_time" and "given_back" not in derivation:
        return None
    return tuple(_rate(rate) for rate in (derivation.get("tax") or {}).get("as_charged", ()))


def line_tax(derivation: Document, currency: str) -> LineTax | None:
    """Return how a line was taxed; None where there is no tax on its invoice."""
    tax = derivation.get("tax") or {}
    if "shares" not in tax:
        return None
    shares = tuple(
        Share(_rate(share), Money(int(share["base_minor"]), currency), Money(int(share["amount_minor"]), currency))
        for share in tax["shares"]
    )
    return LineTax(tax["behavior"], tax["treatment"], shares)


def tax_amounts(taxes: Iterable[LineTax]) -> tuple[TaxAmount, ...]:
    """Return what each rate comes to on an invoice, in the order in which its lines name them."""
    found: dict[tuple[AppliedRate, bool], TaxAmount] = {}
    for tax in taxes:
        for share in tax.shares:
            key = share.rate, tax.is_inclusive
            one = found.get(key)
            base, amount = (
                (share.base, share.amount) if one is None else (one.base + share.base, one.amount + share.amount)
            )
            found[key] = TaxAmount(share.rate, base, amount, tax.is_inclusive)
    return tuple(found.values())


def _rate(document: Document) -> AppliedRate:
    return AppliedRate(document["rate"], document["name"], Decimal(document["percent"]))
