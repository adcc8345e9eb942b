"""Fill a draft with the lines of its bill: those that are there are left out, whoever has added them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from stripe import Invoice, InvoiceLineItem

from billing_sdk.server.gateways.bills import Bill, BillLine
from billing_sdk.server.gateways.stripe.amounts import to_stripe
from billing_sdk.server.gateways.stripe.asking import ask_once
from billing_sdk.server.gateways.stripe.failures import answers_of_stripe
from billing_sdk.server.gateways.stripe.lines import (
    as_item,
    blocks,
    fingerprint,
    is_sent_alone,
    lines_to_send,
    position_of,
    to_line,
)
from billing_sdk.server.gateways.stripe.link import StripeLink, metadata_of
from billing_sdk.server.gateways.stripe.payments import WHOLE

PAGE = 100


def fill(link: StripeLink, bill: Bill, invoice: Invoice, *, is_new: bool) -> Invoice:
    """Add the lines that a draft lacks, and return it as it is then; another process may have made it final meanwhile.

    Args:
        link: the linked account.
        bill: what the lines are of.
        invoice: a draft.
        is_new: it was made a moment ago, and has no lines.

    Raises:
        CurrencyNotSupported: Stripe can't say an amount.
    """
    wanted = {line.position: line for line in lines_to_send(bill)}
    there = {} if is_new else _present(link, invoice)
    wrong = [line for position, line in there.items() if not _is_same(wanted.get(position), line)]
    if wrong:
        # What is billed has changed since, while it was still a draft.
        _remove(link, bill, invoice, wrong)
        there = {position: line for position, line in there.items() if line not in wrong}
    lines = tuple(wanted.values())
    together = [line for line in lines if not is_sent_alone(bill, line)]
    alone = [line for line in lines if is_sent_alone(bill, line)]
    for number, block in enumerate(blocks(together), start=1):
        missing = [line for line in block if line.position not in there]
        if missing:
            _add(link, bill, invoice, missing, number)
    for line in alone:
        if line.position not in there:
            _add_alone(link, bill, invoice, line)
    with answers_of_stripe(link.app):
        return link.client.v1.invoices.retrieve(invoice.id, {"expand": WHOLE})


def _present(link: StripeLink, invoice: Invoice) -> dict[int, InvoiceLineItem]:
    """Return the lines that are there, by their position; those that nobody of us has added have one below zero."""
    with answers_of_stripe(link.app):
        found = tuple(link.client.v1.invoices.line_items.list(invoice.id, {"limit": PAGE}).auto_paging_iter())
    there: dict[int, InvoiceLineItem] = {}
    for strange, line in enumerate(found, start=1):
        position = position_of(metadata_of(line))
        there[-strange if position is None or position in there else position] = line
    return there


def _is_same(wanted: BillLine | None, line: InvoiceLineItem) -> bool:
    return wanted is not None and to_stripe(wanted.amount) == line.amount


def _add(link: StripeLink, bill: Bill, invoice: Invoice, missing: Sequence[BillLine], number: int) -> None:
    sent = [to_line(bill, line) for line in missing]
    key = link.keys.key("lines", bill.id, number, _print(sent))

    def ask(key: str) -> bool:
        link.client.v1.invoices.add_lines(invoice.id, {"lines": sent}, {"idempotency_key": key})
        return True

    def look() -> bool | None:
        there = _present(link, invoice)
        return True if all(line.position in there for line in missing) else None

    with answers_of_stripe(link.app):
        ask_once(key, ask, look=look)


def _add_alone(link: StripeLink, bill: Bill, invoice: Invoice, line: BillLine) -> None:
    params = as_item(bill, line, invoice=invoice.id, customer=_customer_of(invoice))
    key = link.keys.key("line", bill.id, line.position, _print([params]))

    def ask(key: str) -> bool:
        link.client.v1.invoice_items.create(params, {"idempotency_key": key})
        return True

    with answers_of_stripe(link.app):
        ask_once(key, ask, look=lambda: True if line.position in _present(link, invoice) else None)


def _remove(link: StripeLink, bill: Bill, invoice: Invoice, lines: Sequence[InvoiceLineItem]) -> None:
    sent = [{"id": line.id, "behavior": "delete"} for line in lines]
    key = link.keys.key("remove", bill.id, _print(sent))
    params: Any = {"lines": sent}

    def ask(key: str) -> bool:
        link.client.v1.invoices.remove_lines(invoice.id, params, {"idempotency_key": key})
        return True

    gone = {line.id for line in lines}

    def look() -> bool | None:
        return None if gone & {line.id for line in _present(link, invoice).values()} else True

    with answers_of_stripe(link.app):
        ask_once(key, ask, look=look)


def _print(sent: Sequence[Mapping[str, Any]]) -> str:
    return fingerprint(sent)


def _customer_of(invoice: Invoice) -> str:
    found = invoice.customer
    return str(found if found is None or isinstance(found, str) else found.id)
