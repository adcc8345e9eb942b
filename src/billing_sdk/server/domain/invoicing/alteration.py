"""What other numbers of licences and add-ons mean in the middle of a period.

What is added is charged at once for the rest of the service intervals that are under way, at the prices of the phase
that they are in and as the period was discounted. What is charged already is not charged again: whoever gives seats
up under a policy that gives nothing back can have them again. What is given up is given back, where it is to be, as a
share of what was really paid for that time, so it never comes to more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction

from billing_sdk.money import round_money
from billing_sdk.server.domain.agreements import AgreedDiscount, Agreement, NumberChange
from billing_sdk.server.domain.invoicing.deductions import with_discounts
from billing_sdk.server.domain.invoicing.derivation import explain, of_period
from billing_sdk.server.domain.invoicing.ending import is_in_advance
from billing_sdk.server.domain.invoicing.in_force import BoughtAddOn, Fee, InForce, Lines
from billing_sdk.server.domain.invoicing.invoice import InvoiceLine
from billing_sdk.server.domain.invoicing.naming import Frame, framed
from billing_sdk.server.domain.invoicing.tax_document import given_back
from billing_sdk.server.domain.periods import Period, fraction

Name = tuple[str, bool]  # the key of a fee or of an add-on, and which of the two


@dataclass(frozen=True, slots=True)
class Alteration:
    """Other numbers for an agreement that goes on.

    Attributes:
        before: what is in force until then.
        after: what is in force from then on, with the add-ons that go: there are none of them then.
        at: when.
        paid: the lines of the agreement's paid invoices whose period ends later.
        owed: the lines of those that are open, or not issued yet.
        gives_back: whether what was paid is given back for what is given up.
        is_on_credit: nothing of the period has been invoiced, so nothing is charged or given back before it is.
    """

    before: InForce
    after: InForce
    at: datetime
    paid: Lines
    owed: Lines
    gives_back: bool
    is_on_credit: bool

    @property
    def agreement(self) -> Agreement:
        """The agreement from then on; in a trial, which is not charged, it does not matter what there was."""
        agreement = self.after.agreement
        if agreement.status == "trialing":
            return agreement
        return replace(agreement, number_changes=(*agreement.number_changes, *self.changes.values()))

    @property
    def changes(self) -> Mapping[Name, NumberChange]:
        """The numbers that are others from then on."""
        becomes = _numbers(self.after)
        # There is one of a licence where no number was agreed, and none of an add-on that is not there.
        was = {name: 0 if name[1] else 1 for name in becomes} | _numbers(self.before)
        versions = {(one.version.plan_key, True): one.version.id for one in self.after.add_ons}
        return {
            name: NumberChange(
                *name,
                at=self.at,
                was=was[name],
                becomes=number,
                is_charged=not self.is_on_credit,
                is_given_back=self.gives_back and not self._is_owed(name),
                plan_version_id=versions.get(name),
            )
            for name, number in becomes.items()
            if was[name] != number
        }

    def _is_owed(self, name: Name) -> bool:
        """Tell whether an open invoice asks for it: what is not paid is not given back."""
        owed = {line.component_id for line in self.owed if is_in_advance(line) and line.period.end > self.at}
        fees = [*self.before.fees_at(self.at), *self.after.fees_at(self.at)]
        return any(one.fee.id in owed for one in fees if (one.key, one.is_add_on) == name)


def lines_for_alteration(alteration: Alteration) -> Lines:
    """Return what is charged at once, discounts taken off, and what is given back, as lines below zero.

    Raises:
        InvalidAmount: something comes to more than can be real.
    """
    if alteration.is_on_credit or alteration.before.agreement.status != "active":
        return ()
    changes = alteration.changes
    return tuple(
        line
        for one in alteration.after.fees_at(alteration.at)
        if (change := changes.get((one.key, one.is_add_on))) is not None
        for line in _lines_for(alteration, one, change)
    )


def removed(after: InForce, add_on: BoughtAddOn) -> InForce:
    """Return an add-on that goes as if it were all that ends: what is still to be charged for it is charged as then.

    Args:
        after: what is in force from then on.
        add_on: the add-on, of which there are none from then on.
    """
    agreement = replace(after.agreement, discounts=_percents_off(after.agreement.discounts))
    nothing_else = replace(after.version, components=(), opening_phases=())
    return replace(after, agreement=agreement, version=nothing_else, add_ons=(add_on,))


def _numbers(in_force: InForce) -> dict[Name, int]:
    licences = {(key, False): number for key, number in in_force.agreement.quantities.items()}
    return licences | {(one.version.plan_key, True): one.quantity for one in in_force.add_ons}


def _lines_for(alteration: Alteration, one: Fee, change: NumberChange) -> Lines:
    before, at = alteration.before, alteration.at
    interval = before.schedule_of(one.fee.service).period_at(at)
    if one.fee.charged != "in_advance":
        is_added = one.fee.charged == "once" and before.worth(one, change.becomes) > before.worth(one, change.was)
        # What comes with a period is charged with it.
        is_its_own = is_added and not (one.begins == at == before.agreement.billed_until)
        return _charged(alteration, one, change.was, change.becomes, Period(at, interval.end)) if is_its_own else ()
    is_billed = interval.start <= before.agreement.billed_period.start
    if not is_billed and interval.start == at:
        return ()  # it starts with the new number, and is billed with that
    until_now = replace(one, number=change.was)
    course = before.course(until_now, interval, is_billed=is_billed)
    if before.worth(one, change.becomes) > before.worth(one, course.covered):
        return _charged(alteration, one, course.covered, change.becomes, interval)
    if not change.is_given_back:
        return ()
    later = 0 if is_billed else course.parts[-1][1]
    return tuple(_given_back(alteration, one, course.covered, change.becomes, interval, later))


def _charged(alteration: Alteration, one: Fee, covered: int, becomes: int, interval: Period) -> Lines:
    before, part = alteration.before, Period(alteration.at, interval.end)
    now = before.fee_line(one, becomes, part, interval)
    instead: dict[str, object] = {"quantity": str(covered)}
    amount = now.amount
    if covered:
        was = before.fee_line(one, covered, part, interval)
        instead |= {"rating": was.derivation["rating"], "amount_minor": str(was.amount.minor)}
        amount -= was.amount
    if not amount:
        return ()
    line = replace(
        now,
        amount=amount,
        frames=(*now.frames, _instead_of(becomes, covered)),
        derivation={**now.derivation, "instead_of": instead},
    )
    discounts = _percents_off(before.agreement.billed_discounts)
    return with_discounts((line,), discounts, {**before.plans, **alteration.after.plans})


def _given_back(
    alteration: Alteration, one: Fee, covered: int, becomes: int, interval: Period, later: int
) -> Iterator[InvoiceLine]:
    """Give back a share of what was paid; what the billing date will charge (`later`) was not paid yet."""
    before, rest = alteration.before, Period(alteration.at, interval.end)
    policies, zone = before.policies, before.agreement.zone
    high, low = before.worth(one, covered), before.worth(one, later)
    kept = max(before.worth(one, becomes), low)
    share = (high - kept) / (high - low) if high > low else Fraction(0)
    paid = [
        (line, fraction(rest, line.period, by=policies.proration, zone=zone))
        for line in alteration.paid
        if is_in_advance(line) and _is_for(line, one, interval)
    ]
    sum_paid = sum((line.amount.minor * part for line, part in paid), Fraction(0))
    amount = round_money(sum_paid * share, before.agreement.currency, policies.rating.rounding)
    if amount.minor <= 0:
        return
    yield InvoiceLine(
        subject=one.fee.line_description or one.fee.name,
        frames=(_instead_of(becomes, covered),),
        amount=-amount,
        period=rest,
        plan_version_id=one.plan_version_id,
        component_id=one.fee.id,
        agreement_id=before.agreement.id,
        derivation=explain(
            "licence_fee",
            plan_version_id=one.plan_version_id,
            component_id=one.fee.id,
            period=rest,
            policies=policies,
            instead_of={"quantity": str(covered), "becomes": str(becomes)},
            tax=given_back(paid[-1][0].derivation),
            given_back={
                "of_minor": str(sum_paid),
                "share": str(share),
                "interval": of_period(interval),
                "prices": {"charged": str(high), "kept": str(kept), "charged_later": str(low)},
                "paid": [
                    {"amount_minor": str(line.amount.minor), "fraction": str(part), "period": of_period(line.period)}
                    for line, part in paid
                ],
            },
        ),
    )


def _instead_of(becomes: int, covered: int) -> Frame:
    return framed("instead_of", now=str(becomes), before=str(covered))


def _is_for(line: InvoiceLine, one: Fee, interval: Period) -> bool:
    is_its = (line.plan_version_id, line.component_id) == (one.plan_version_id, one.fee.id)
    return is_its and line.period.within(interval) == line.period


def _percents_off(discounts: tuple[AgreedDiscount, ...]) -> tuple[AgreedDiscount, ...]:
    """Return the discounts in per cent; amounts are taken off once a period, on its own invoice."""
    return tuple(one for one in discounts if one.percent_off is not None)
