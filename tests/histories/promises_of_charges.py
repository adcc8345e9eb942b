"""The promises about charges that were planned: each is billed once, when its time has come, for what it was for."""

from __future__ import annotations

from decimal import Decimal

from billing_sdk.server.domain.catalog import Policies
from billing_sdk.server.domain.invoicing import InvoiceLine, PlannedCharge
from billing_sdk.server.domain.rating import Usage
from billing_sdk.server.usecases.load_in_force import policies_of
from billing_sdk.server.usecases.planned_charges import KnownCharge, charges_of
from tests.histories.deeds import Happened, Used
from tests.histories.world import Books, World


def charges_hold(world: World, books: Books) -> None:
    """Check every charge that was planned for one customer."""
    with world.engine.read() as tx:
        known = charges_of(tx, books.customer, at=tx.clocks.time_of(world.clock_id))
        policies = policies_of(tx)
        waiting = {one.subject_id for one in tx.timers.of_customer(books.customer.id) if one.kind == "charge"}
    for one in known:
        planned = one.planned
        lines = _lines_of(books, planned)
        assert (planned.billed_at is None) is (planned.id in waiting), f"{planned} is not billed, or is billed again"
        assert len(lines) == (planned.invoice_id is not None), f"{planned} has {len(lines)} lines"
        if planned.billed_at is None:
            assert one.status in ("created", "active")
            continue
        assert planned.billed_at >= planned.invoice_at, f"{planned} was billed too early"
        _is_for_what_was_used(world, books, one, lines)
        for line in lines:
            charged = planned.charged(Usage(line.quantity or Decimal(0)), policies)
            assert (line.amount, line.period) == (charged.amount, planned.period), f"{line} is not {planned}"


def _is_for_what_was_used(world: World, books: Books, one: KnownCharge, lines: list[InvoiceLine]) -> None:
    """Check the quantity, where it is known: totals and corrections tell other histories."""
    if one.planned.feature_key is None:
        assert len(lines) == 1, "an amount is always charged"
        return
    own = {agreement.id for agreement in books.agreements}
    events = [event for event in world.events if world.customers[event.customer].id == books.customer.id]
    used = [reading for reading in world.used if reading.agreement_id in own]
    if any(event.is_corrected for event in events) or any(reading.is_total for reading in used):
        return
    told_of: list[Happened | Used] = [*events, *used]
    counted = [told for told in told_of if one.planned.period.contains(told.at)]
    billed_at = one.planned.billed_at
    assert billed_at is not None
    # What was told at the very instant of the bill came before it or after it.
    before = sum(told.units for told in counted if (told.told_at or told.at) < billed_at)
    with_it = sum(told.units for told in counted if (told.told_at or told.at) <= billed_at)
    charged = sum(line.amount.minor for line in lines)
    possible = {one.planned.charged(Usage(Decimal(units)), Policies()).amount.minor for units in (before, with_it)}
    assert charged in possible, f"{charged} is charged, and {before} was used by {billed_at}"


def _lines_of(books: Books, planned: PlannedCharge) -> list[InvoiceLine]:
    return [line for invoice in books.charged for line in invoice.lines if line.derivation.get("charge") == planned.id]
