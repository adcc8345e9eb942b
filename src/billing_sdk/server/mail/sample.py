"""An invented invoice, for previews of mail that shows one."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from billing_sdk.money import Money
from billing_sdk.server.paper import InvoicePaper, Party, Row, Section, Sum, language_for
from billing_sdk.server.paper.figures import Figures
from billing_sdk.server.paper.languages import words_in


def sample_paper(language: str, number: str) -> InvoicePaper:
    """Return an invoice that never was, in a language or the one that is nearest.

    Args:
        language: a language tag.
        number: what it is called.
    """
    tag = language_for((language,))
    words, figures = words_in(tag), Figures.of(tag)
    net, tax, total = (figures.money(Money(minor, "EUR")) for minor in (4_900, 931, 5_831))
    percent = figures.percent(Decimal(19))
    return InvoicePaper(
        language=tag,
        direction=figures.direction,
        words=words,
        heading=words.invoice,
        name=number,
        status=words.statuses["paid"],
        tone="good",
        is_void=False,
        issued_at=datetime(2026, 3, 5, tzinfo=UTC),
        supplier=Party(words.supplier, ""),
        customer=Party(words.bill_to, ""),
        facts=(),
        sections=(Section("", (Row(1, "Pro", (), "", net),)),),
        sums=(
            Sum(words.subtotal, net),
            Sum(words.tax.format(name="VAT", percent=percent, base=net), tax),
            Sum(words.total, total, is_strong=True),
        ),
        due=Sum(words.amount_due, figures.money(Money(0, "EUR"))),
        notes=(),
    )
