"""The lines of a bill as Stripe writes them; nothing in here asks Stripe."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from billing_sdk.errors import TooManyLines
from billing_sdk.money import total
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.gateways.bills import Bill, BillLine
from billing_sdk.server.gateways.stripe.amounts import to_stripe

if TYPE_CHECKING:
    from stripe.params import InvoiceAddLinesParamsLine, InvoiceItemCreateParams

# Stripe documentation, "Invoices": so many lines an invoice has at most, and so long a description is.
MOST_LINES: Final = 250
LONGEST_DESCRIPTION: Final = 500
LONGEST_NAME: Final = 250
AT_ONCE: Final = 100
# Stripe documentation, "Product tax codes": of what is not taxed anywhere.
NONTAXABLE: Final = "txcd_00000000"
# Where there is tax, so many lines are kept free for what completes an invoice, and for lines that add up others.
MOST_LAST: Final = 10
MOST_GROUPS: Final = 10
NO_LINES: Final[tuple[BillLine, ...]] = ()


def lines_to_send(bill: Bill) -> tuple[BillLine, ...]:
    """Return the lines that stand on Stripe's invoice, in their order.

    Where Stripe works out the tax, its own tax lines are left out, which come from there. Of more lines than Stripe
    takes, those that are taxed alike are added up at the end; all of them stand on our own invoice.

    Raises:
        TooManyLines: what would be added up is taxed in too many ways.
    """
    return tuple(
        parts[0] if len(parts) == 1 else _added_up(parts, bill.currency) for parts in stands_for(bill).values()
    )


def stands_for(bill: Bill) -> Mapping[int, tuple[BillLine, ...]]:
    """Return which lines of a bill each line at Stripe stands for, by its position there.

    With tax it is the same before and after the invoice is completed: what comes last is not taxed, and stands alone.
    """
    lines, last, most = bill.lines, NO_LINES, MOST_LINES
    if bill.tax != "none":
        lines, last = _taxed_and_last(tuple(line for line in bill.lines if line.kind != "tax"))
        most = MOST_LINES - MOST_LAST
    shown, rest = _shown_and_rest(lines, most, bill) if len(lines) > most else (lines, ())
    groups = (*((line,) for line in shown), *rest, *((line,) for line in last))
    return {parts[0].position: parts for parts in groups}


def _shown_and_rest(
    lines: tuple[BillLine, ...], most: int, bill: Bill
) -> tuple[tuple[BillLine, ...], Sequence[tuple[BillLine, ...]]]:
    """Divide lines into those that stand alone, and groups of those that are taxed alike."""
    places = 1 if bill.tax == "none" else MOST_GROUPS
    shown, rest = lines[: most - places], lines[most - places :]
    groups: dict[tuple[str | None, bool], tuple[BillLine, ...]] = {}
    for line in rest:
        way = (None, False) if bill.tax == "none" else (line.tax_code, line.is_tax_included)
        groups[way] = (*groups.get(way, ()), line)
    if len(groups) > places:
        raise TooManyLines(f"an invoice at Stripe has up to {MOST_LINES} lines, and {len(lines)} were asked for")
    return shown, tuple(groups.values())


def _taxed_and_last(lines: tuple[BillLine, ...]) -> tuple[tuple[BillLine, ...], tuple[BillLine, ...]]:
    end = len(lines)
    while end and lines[end - 1].tax_code == NONTAXABLE and len(lines) - end < MOST_LAST:
        end -= 1
    return lines[:end], lines[end:]


def blocks(lines: Sequence[BillLine]) -> Iterator[Sequence[BillLine]]:
    """Yield the lines in blocks, each of which is sent at once; a line is in the same one whenever this is asked."""
    for start in range(0, len(lines), AT_ONCE):
        yield lines[start : start + AT_ONCE]


def is_sent_alone(bill: Bill, line: BillLine) -> bool:
    """Tell whether a line is sent by itself: of several at once, those below zero can't say how they are taxed."""
    return bill.tax != "none" and line.amount.minor < 0


def to_line(bill: Bill, line: BillLine) -> InvoiceAddLinesParamsLine:
    """Return a line as Stripe takes it, several at once.

    Raises:
        CurrencyNotSupported: Stripe can't say its amount.
    """
    units = to_stripe(line.amount)
    said = line.description[:LONGEST_DESCRIPTION]
    sent: InvoiceAddLinesParamsLine = {
        "description": said,
        "period": {"start": int(line.period.start.timestamp()), "end": int(line.period.end.timestamp())},
        "metadata": _metadata(bill, line),
    }
    if bill.tax == "none":
        return {**sent, "amount": units, "discountable": False}
    product: Any = {"name": said[:LONGEST_NAME] or "Charge"}
    if line.tax_code is not None:
        product["tax_code"] = line.tax_code
    return {
        **sent,
        "quantity": 1,
        "price_data": {
            "currency": bill.currency.lower(),
            "product_data": product,
            "tax_behavior": _behavior(line),
            "unit_amount": units,
        },
    }


def as_item(bill: Bill, line: BillLine, *, invoice: str, customer: str) -> InvoiceItemCreateParams:
    """Return a line as Stripe takes it by itself, onto a draft."""
    sent: InvoiceItemCreateParams = {
        "invoice": invoice,
        "customer": customer,
        "currency": bill.currency.lower(),
        "amount": to_stripe(line.amount),
        "description": line.description[:LONGEST_DESCRIPTION],
        "period": {"start": int(line.period.start.timestamp()), "end": int(line.period.end.timestamp())},
        "metadata": _metadata(bill, line),
        "tax_behavior": _behavior(line),
        "discountable": False,
    }
    return sent if line.tax_code is None else {**sent, "tax_code": line.tax_code}


def position_of(metadata: Mapping[str, str]) -> int | None:
    """Return which line of a bill one at Stripe is; None where it is none of ours."""
    said = metadata.get("billing_position", "")
    return int(said) if said.isascii() and said.isdigit() else None


def fingerprint(sent: Sequence[Mapping[str, Any]]) -> str:
    """Return 12 hexadecimal digits that tell what is sent from anything else."""
    return hashlib.sha256(json.dumps(sent, sort_keys=True).encode()).hexdigest()[:12]


def _metadata(bill: Bill, line: BillLine) -> dict[str, str]:
    return {"billing_id": bill.id, "billing_position": str(line.position)}


def _behavior(line: BillLine) -> str:
    return "inclusive" if line.is_tax_included else "exclusive"


def _added_up(rest: Sequence[BillLine], currency: str) -> BillLine:
    period = Period(min(line.period.start for line in rest), max(line.period.end for line in rest))
    amount = total([line.amount for line in rest], currency)
    return replace(rest[0], description=f"{len(rest)} further items", amount=amount, kind="charge", period=period)
