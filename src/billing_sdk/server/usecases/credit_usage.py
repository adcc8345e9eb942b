"""Give back what was billed for usage that there was not, by credit notes for the invoices that have billed it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from billing_sdk.money import Money, total
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.domain.invoicing import (
    BilledLine,
    GivenBack,
    OverBilled,
    RatedInterval,
    billed_line,
    taken_back,
)
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.issue_credit_note import issue_credit_note

REASON = "Usage was corrected"


def credit_usage(
    tx: UnitOfWork,
    engine: Engine,
    customer: Customer,
    less: Iterable[tuple[RatedInterval, Money]],
    *,
    source: EventSource,
    actor: str,
    at: datetime,
) -> Mapping[str, Money]:
    """Issue a credit note for each invoice that has billed too much; what was paid goes to the customer's balance.

    Args:
        tx: the transaction.
        engine: the engine.
        customer: whose invoices they are; locked by the caller.
        less: for each interval how much too much was billed, before discounts.
        source: who caused it, as events name them.
        actor: who caused it, as the audit names them.
        at: the customer's present.

    Returns:
        How much of each interval is given back, before discounts, by its id: less than was billed too much where
        credit notes have taken its lines back before, or where it was given up for lost.

    Raises:
        Conflict: a payment of one of the invoices is under way.
    """
    given: dict[str, Money] = {}
    wanted: defaultdict[str, list[GivenBack]] = defaultdict(list)
    for one, gross in less:
        back = tuple(taken_back(_lines_of(tx, one), gross))
        given[one.id] = total([part.gross for part in back], gross.currency)
        for part in back:
            wanted[part.line.invoice_id].append(part)
    for invoice_id, parts in sorted(wanted.items()):
        money = {part.line.number: part.money for part in parts if part.money}
        credit = {number: amount for part in parts for number, amount in part.credit.items()}
        invoice = tx.invoices.get(invoice_id)
        if money or credit:
            issue_credit_note(
                tx,
                engine,
                customer=customer,
                invoice=invoice,
                wanted=OverBilled(money, credit),
                reason=REASON,
                destination=None if invoice.is_owed else "balance",
                source=source,
                actor=actor,
                at=at,
            )
    return given


def _lines_of(tx: UnitOfWork, one: RatedInterval) -> Iterator[BilledLine]:
    for place in tx.rated_intervals.billed_by(one):
        invoice = tx.invoices.get(place.invoice_id)
        # What was given up for lost was not paid, and is not given back.
        if invoice.status != "uncollectible":
            yield billed_line(invoice, tx.credit_notes.of_invoice(invoice.id), place.line)
