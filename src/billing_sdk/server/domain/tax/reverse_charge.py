"""Reverse charge: a business in another country accounts for the tax itself.

Source: Council Directive 2006/112/EC, articles 44 and 196; VAT Notice 741A of HM Revenue and Customs for the United
Kingdom. Both say that the invoice has to name it.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from billing_sdk.server.domain.tax.location import EUROPEAN_UNION
from billing_sdk.server.domain.tax.rate import AppliedRate
from billing_sdk.server.domain.tax.vat_number import is_vat_number

AREA = EUROPEAN_UNION | {"GB"}
# What an invoice shows in place of rates.
REVERSE_CHARGE = AppliedRate("reverse_charge", "Reverse charge", Decimal(0))


def is_reverse_charged(*, supplier_country: str | None, country: str, tax_ids: Iterable[str]) -> bool:
    """Tell whether a customer accounts for the tax itself.

    Args:
        supplier_country: where the business that sells is; None where it is not known.
        country: where the customer is.
        tax_ids: the customer's tax numbers, of whatever kind; one that looks like a VAT number of the country counts.
    """
    if supplier_country not in AREA or country not in AREA or supplier_country == country:
        return False
    return any(is_vat_number(tax_id, country=country) for tax_id in tax_ids)
