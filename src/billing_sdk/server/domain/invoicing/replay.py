"""What an agreement would have been billed on another version of a plan, from its first day on.

Every billing date goes through the steps of a renewal. What is not known of the past is taken as it can be: the numbers
of licences are those that were billed, and count from the next billing date; a pause that is over is not seen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from billing_sdk.server.domain.agreements import AgreedDiscount, Agreement
from billing_sdk.server.domain.catalog import PlanVersion, Policies
from billing_sdk.server.domain.invoicing.boundary import lines_at_boundary, usage_at_boundary
from billing_sdk.server.domain.invoicing.ending import lines_at_end, unused_time, usage_at_end
from billing_sdk.server.domain.invoicing.in_force import InForce, Lines
from billing_sdk.server.domain.invoicing.invoice import InvoiceLine
from billing_sdk.server.domain.invoicing.renewal import renewed
from billing_sdk.server.domain.invoicing.usage_interval import Used
from billing_sdk.server.domain.periods import calendar_anchor


@dataclass(frozen=True, slots=True)
class Past:
    """What is known of the time that is replayed.

    Attributes:
        used: how much of a feature was used in a period.
        numbers: how many licences of each fee, by its key, were billed at an instant.
        discounts: what coupons took off at a billing date.
        gave_back: the customer got back what was paid for days after the end.
    """

    used: Used
    numbers: Callable[[datetime], Mapping[str, int]]
    discounts: Callable[[datetime], tuple[AgreedDiscount, ...]]
    gave_back: bool = False


def replay(agreement: Agreement, version: PlanVersion, policies: Policies, past: Past) -> Lines:
    """Return every line that an agreement would have been billed, without its add-ons.

    Args:
        agreement: as it is; a trial was free and stays so.
        version: to be billed by, in the agreement's currency.
        policies: of today.
        past: what was used, and on what terms.

    Raises:
        InvalidAmount: something comes to more than can be real.
    """
    if agreement.status == "trialing":
        return ()
    # Everything that begins before the end of what was billed in fact.
    until = agreement.ended_at or agreement.billed_until
    state = _on(agreement, version)
    at = state.charged_from
    if at >= until:
        return ()
    state = replace(_with_numbers(state, past, at), billed_until=state.period_at(at).end)
    lines = lines_at_boundary(_in_force(state, version, policies, past, at), after=None, at=at)
    while (at := state.billed_until) < until:
        before = _in_force(state, version, policies, past, at)
        state = _with_numbers(renewed(state, version), past, at)
        following = replace(before, agreement=state)
        after = before.agreement.billed_period.start
        usage = usage_at_boundary(before, past.used, after=after, at=at, following=following)
        lines += lines_at_boundary(before, usage, after=after, at=at, following=following)
    if agreement.ended_at is not None:
        end = _in_force(state, version, policies, past, agreement.ended_at)
        if past.gave_back:
            lines += unused_time(lines, at=agreement.ended_at, zone=agreement.zone, policies=policies)
        is_charged = policies.unpaid_usage == "charge"
        usage = usage_at_end(end, past.used, at=agreement.ended_at, is_usage_charged=is_charged)
        lines += lines_at_end(end, usage, at=agreement.ended_at)
    return lines


def billed_at(line: InvoiceLine) -> datetime:
    """Return when a line is billed at the earliest: what is in arrears when its time is over, else when it begins."""
    is_usage = line.kind in ("usage", "adjustment") or line.derivation.get("of") == "usage"
    is_over = is_usage or line.derivation.get("charged") == "in_arrears"
    return line.period.end if is_over else line.period.start


def _in_force(state: Agreement, version: PlanVersion, policies: Policies, past: Past, at: datetime) -> InForce:
    return InForce(replace(state, discounts=past.discounts(at)), version, (), policies)


def _with_numbers(state: Agreement, past: Past, at: datetime) -> Agreement:
    return replace(state, quantities={**state.quantities, **past.numbers(at)})


def _on(agreement: Agreement, version: PlanVersion) -> Agreement:
    """Return an agreement as it would have begun on a version, with nothing planned."""
    anchor, cadence = agreement.anchor, agreement.cadence
    if agreement.billing_cadence_id is None and version.cadence != cadence:
        cadence = version.cadence
        aligned, begin = version.alignment == "calendar", agreement.charged_from
        anchor = calendar_anchor(begin, cadence, agreement.zone) if aligned else begin
    return replace(
        agreement,
        plan_key=version.plan_key,
        plan_version_id=version.id,
        status="active",
        cadence=cadence,
        anchor=anchor,
        ended_at=None,
        paused_at=None,
        version_since=None,
        next_version_id=None,
        pending_change=None,
        cancel_at=None,
        cancellation=None,
        add_ons=(),
        discounts=(),
        number_changes=(),
        billed_discounts=(),
    )
