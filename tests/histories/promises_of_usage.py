"""The promises about usage, however late it is reported: a service interval's lines come to what was used."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from decimal import Decimal

from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.invoicing import InvoiceLine, RatedInterval, billed_line, rate_again
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.load_in_force import policies_of, used_under
from tests.histories.world import Books, Happened, World

METERED = ("usage", "adjustment")
Lines = list[InvoiceLine]


def usage_holds(world: World, books: Books) -> None:
    """Check every service interval of every agreement of one customer that was billed."""
    with world.engine.read() as tx:
        for agreement in books.agreements:
            kept = {one.key: one for one in tx.rated_intervals.of_agreement(agreement.id)}
            lines = _lines_by_interval(books, agreement)
            assert not lines.keys() - kept.keys(), f"{agreement.plan_key}: billed, and nothing is kept of it"
            for key, one in kept.items():
                _comes_to_what_was_used(
                    world, books, tx, agreement, one, lines[key], _events_of(world, books, agreement)
                )


def adjustments_are_planned(world: World, books: Books) -> None:
    """Check that what is still to be adjusted will be, and that nothing waits for an adjustment that is not there."""
    with world.engine.read() as tx:
        for agreement in books.agreements:
            is_late = any(one.is_dirty and one.is_closed for one in tx.rated_intervals.of_agreement(agreement.id))
            assert (tx.timers.find("adjust", agreement.id) is not None) is is_late, agreement.plan_key


def _comes_to_what_was_used(
    world: World,
    books: Books,
    tx: UnitOfWork,
    agreement: Agreement,
    one: RatedInterval,
    lines: Lines,
    events: list[Happened],
) -> None:
    billed = sum(line.amount.minor for line in lines)
    is_corrected = any(used.is_total for used in world.used if used.agreement_id == agreement.id)
    is_corrected |= any(event.is_corrected for event in events)
    # What was used at the instant of an end goes over to a plan that is taken again at that very instant.
    begins = {other.started_at for other in books.agreements if other.id != agreement.id}
    is_corrected |= agreement.status == "cancelled" and agreement.ended_at in begins
    # What was billed too much is on credit notes, after discounts.
    assert billed == one.billed.minor or (is_corrected and billed > one.billed.minor), f"{one} and its lines differ"
    assert all(line.amount.minor > 0 for line in lines)
    if one.is_dirty or not one.is_closed:
        return
    reported = sum(event.units for event in events if one.counted.contains(event.at))
    assert one.quantity == _used(world, one) + reported, f"{one} is not what was used"
    version = tx.catalog.get_version(one.plan_version_id).in_currency(agreement.currency)
    left, _ = rate_again(one, version, used_under(tx, agreement), policies_of(tx))
    assert left.amount.minor <= 0, f"{left.amount} of {one} is not billed"
    if left.amount:
        _nothing_is_left_of_its_lines(tx, one)


def _nothing_is_left_of_its_lines(tx: UnitOfWork, one: RatedInterval) -> None:
    """What was billed too much is given back, unless notes have taken it back before, or it was given up for lost."""
    for place in tx.rated_intervals.billed_by(one):
        invoice = tx.invoices.get(place.invoice_id)
        left = billed_line(invoice, tx.credit_notes.of_invoice(invoice.id), place.line).gross_left
        assert not left or invoice.status == "uncollectible", f"{left} of {invoice.name} is billed too much"


def _lines_by_interval(books: Books, agreement: Agreement) -> defaultdict[object, Lines]:
    found: defaultdict[object, Lines] = defaultdict(list)
    for invoice in books.charged:
        for line in invoice.lines:
            if line.kind in METERED and line.agreement_id == agreement.id:
                found[line.plan_version_id, line.component_id, line.period.start].append(line)
    return found


def _events_of(world: World, books: Books, agreement: Agreement) -> list[Happened]:
    """Return what the customer used while the agreement was live, and at its very end if no other one was live then."""
    return [
        event
        for event in world.events
        if world.customers[event.customer].id == books.customer.id
        and (_has(agreement, event.at) or _has_ended_last(books, agreement, event.at))
    ]


def _has(agreement: Agreement, at: datetime) -> bool:
    ends = [end for end in (agreement.ended_at, agreement.paused_at) if end is not None]
    is_paused = any(pause.contains(at) for pause in agreement.pauses)
    return agreement.started_at <= at and all(at < end for end in ends) and not is_paused


def _has_ended_last(books: Books, agreement: Agreement, at: datetime) -> bool:
    ended = [one for one in books.agreements if one.ended_at == at and one.paused_at is None]
    return ended[-1:] == [agreement] and not any(_has(one, at) for one in books.agreements)


def _used(world: World, one: RatedInterval) -> Decimal:
    """Return what was used in an interval: the last total, and what came after it."""
    total = 0
    counted = [used for used in world.used if used.agreement_id == one.agreement_id and one.counted.contains(used.at)]
    for used in sorted(counted, key=lambda used: used.at):
        total = used.units if used.is_total else total + used.units
    return Decimal(total)
