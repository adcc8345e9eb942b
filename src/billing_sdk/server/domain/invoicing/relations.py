"""Which lines of an invoice lower which: a line that takes something off says what it is about, and not where it is."""

from __future__ import annotations

from collections.abc import Iterator

from billing_sdk.server.domain.invoicing.invoice import Invoice, InvoiceLine

LOWERING = ("discount", "credit_grant")


def lowering(invoice: Invoice, number: int, *kinds: str) -> Iterator[tuple[int, InvoiceLine]]:
    """Yield the lines that take something off a line, with their numbers.

    Args:
        invoice: the invoice.
        number: the line's; the first one is 1.
        kinds: which of them; all that lower something if none is named.
    """
    line = invoice.lines[number - 1]
    for place, other in enumerate(invoice.lines, 1):
        if other.kind in (kinds or LOWERING) and place != number and _is_about(other, line, number):
            yield place, other


def charge_of(invoice: Invoice, number: int) -> int:
    """Return the number of the line that a line of credit has paid; any other line is one of its own."""
    line = invoice.lines[number - 1]
    return int(line.derivation["line"]) if line.kind == "credit_grant" else number


def _is_about(other: InvoiceLine, line: InvoiceLine, number: int) -> bool:
    if other.kind == "credit_grant":
        return int(other.derivation["line"]) == number
    what = (line.agreement_id, line.plan_version_id, line.component_id, line.period)
    return (
        (other.agreement_id, other.plan_version_id, other.component_id, other.period) == what
        and other.derivation.get("of") == line.kind
        and other.derivation.get("of_minor") == str(line.amount.minor)
    )
