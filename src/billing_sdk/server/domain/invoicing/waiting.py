"""What is kept of an invoice while it gathers or waits, to put it together when it is issued."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from billing_sdk.server.domain.invoicing.derivation import of_period
from billing_sdk.server.domain.invoicing.invoice import Invoice
from billing_sdk.server.domain.periods import Period


def covering(basis: Mapping[str, Any], period: Period) -> dict[str, Any]:
    """Return the basis of an invoice that bills a period besides what it bills already."""
    billed = _period_in(basis) or period
    both = Period(min(billed.start, period.start), max(billed.end, period.end))
    return {**basis, "period": of_period(both)}


def period_billed(invoice: Invoice) -> Period:
    """Return which period an invoice bills that is not issued yet; the instant it was made where it bills none."""
    return _period_in(invoice.basis) or Period(invoice.created_at, invoice.created_at)


def _period_in(basis: Mapping[str, Any]) -> Period | None:
    written = basis.get("period")
    return None if written is None else Period(*(datetime.fromisoformat(written[name]) for name in ("start", "end")))
