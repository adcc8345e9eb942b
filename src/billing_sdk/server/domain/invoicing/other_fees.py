"""Fees that aren't charged at the start of each service interval: once, or when an interval is over.

What is charged in arrears is charged for the time that it was there, by the policy for proration; every number of it
counts for as long as it stood. What is charged once is charged as a whole when it comes, and is never given back by
time.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from billing_sdk.server.domain.invoicing.in_force import Fee, InForce, Lines
from billing_sdk.server.domain.invoicing.invoice import InvoiceLine
from billing_sdk.server.domain.periods import Period, periods_completed


def fees_once(in_force: InForce, at: datetime) -> Lines:
    """Return the fees that are charged once, where what they belong to has come with the period that starts then.

    An add-on that came within the period on credit was not charged when it came, so it is charged with the period.
    """
    if in_force.agreement.status == "paused":
        return ()
    lines = []
    for one in in_force.fees_at(at):
        if one.fee.charged == "once" and one.number:
            interval = in_force.schedule_of(one.fee.service).period_at(at)
            if one.begins == at or (at < one.begins < interval.end and in_force.came_on_credit(one, interval)):
                whole = Period(one.begins, interval.end)
                lines.append(in_force.fee_line(one, one.number, whole, whole))
    return tuple(line for line in lines if line.amount)


def fees_completed(in_force: InForce, after: datetime, until: datetime) -> Lines:
    """Return the fees in arrears for the service intervals that have ended after an instant and by another one."""
    return tuple(
        line
        for one in _in_arrears(in_force, after)
        for interval in periods_completed(in_force.schedule_of(one.fee.service), after, until)
        for line in _lines(in_force, one, interval, interval.end)
    )


def fees_cut_short(in_force: InForce, at: datetime, following: InForce) -> Lines:
    """Return the fees in arrears for the service intervals that are not over, where other prices take over."""
    if in_force.version.id == following.version.id:
        return ()
    return tuple(
        line
        for one in _in_arrears(in_force, in_force.agreement.billed_period.start)
        for interval in (in_force.schedule_of(one.fee.service).period_at(at),)
        if interval.start < at
        for line in _lines(in_force, one, interval, at)
    )


def fees_unbilled(in_force: InForce, until: datetime) -> Lines:
    """Return the fees in arrears for all time before an instant that no billing date before it has billed."""
    after = in_force.agreement.billed_period.start
    unfinished = tuple(
        line
        for one in _in_arrears(in_force, after)
        for interval in (in_force.schedule_of(one.fee.service).period_at(until),)
        if interval.start < until
        for line in _lines(in_force, one, interval, until)
    )
    return fees_completed(in_force, after, until) + unfinished


def _in_arrears(in_force: InForce, at: datetime) -> Iterator[Fee]:
    return (one for one in in_force.fees_at(at) if one.fee.charged == "in_arrears")


def _lines(in_force: InForce, one: Fee, interval: Period, end: datetime) -> Iterator[InvoiceLine]:
    """Return a line for each number that stood in a service interval, which goes as far as an instant."""
    paused_at = in_force.agreement.paused_at
    begin, end = max(interval.start, one.begins), min(end, paused_at or end)
    if begin >= end:
        return
    for stretch, number in _numbers(in_force, one, interval):
        part = stretch.within(Period(begin, end))
        if number and part is not None:
            line = in_force.fee_line(one, number, part, interval)
            if line.amount:
                yield line


def _numbers(in_force: InForce, one: Fee, interval: Period) -> Iterator[tuple[Period, int]]:
    changes = [
        change
        for change in in_force.agreement.number_changes
        if (change.key, change.is_add_on) == (one.key, one.is_add_on) and change.at > interval.start
    ]
    start, number = interval.start, changes[0].was if changes else one.number
    for change in changes:
        end = min(change.at, interval.end)
        if start < end:
            yield Period(start, end), number
        start, number = end, change.becomes
    if start < interval.end:
        yield Period(start, interval.end), number
