"""The promises about billing cadences: one invoice at a time, on their own dates, for what is on them."""

from __future__ import annotations

from collections import Counter, defaultdict

from billing_sdk.server.domain.invoicing import Invoice
from tests.histories.world import Books, World

# An invoice of a change can settle what was on another cadence until then.
OF_DATES = ("renewal", "end", "threshold")


def cadences_hold(world: World, books: Books) -> None:
    """Check every promise about one customer's cadences."""
    with world.engine.read() as tx:
        cadences = {one.id: one for one in tx.billing_cadences.list(customer_id=books.customer.id).items}
    told = [invoice for invoice in (*books.invoices, *books.waiting) if invoice.billing_cadence_id is not None]
    made = Counter((one.billing_cadence_id, one.currency, one.created_at) for one in told if one.reason == "renewal")
    assert not [place for place, count in made.items() if count > 1], "two invoices of one cadence at one instant"
    on = defaultdict(set)
    for agreement in books.agreements:
        on[agreement.billing_cadence_id].add(agreement.id)
        if agreement.billing_cadence_id is not None:
            cadence = cadences[agreement.billing_cadence_id]
            assert agreement.schedule == cadence.schedule, f"{agreement.plan_key} has left the rhythm of its cadence"
    of_dates = [one for one in (*books.invoices, *books.waiting) if one.reason in OF_DATES]
    for invoice in of_dates:
        if invoice.billing_cadence_id is None:
            assert _charged(invoice) <= on[None], f"{invoice.name} bills what is on a cadence, and is not of it"
            continue
        assert invoice.billing_cadence_id in cadences, f"{invoice.name} is of the cadence of somebody else"
        assert _charged(invoice) <= on[invoice.billing_cadence_id], f"{invoice.name} bills what is not on its cadence"


def _charged(invoice: Invoice) -> set[str]:
    return {line.agreement_id for line in invoice.lines if line.agreement_id is not None}
