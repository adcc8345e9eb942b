"""Which tax is due on what is sold, and what it comes to.

It owns tax codes, tax rates and where they hold, VAT numbers and reverse charge, and the arithmetic of tax. It does
not own invoices (invoicing maps its lines onto what is assessed here), where a customer lives (customers), nor whether
tax is asked for at all (billing profiles). A rate has the time from which it holds; tax is assessed at an instant.
"""

from billing_sdk.server.domain.tax.assessment import (
    Assessment as Assessment,
    Share as Share,
    Taxable as Taxable,
    TaxAmount as TaxAmount,
    assess as assess,
)
from billing_sdk.server.domain.tax.code import TaxCode as TaxCode
from billing_sdk.server.domain.tax.engine import RateTable as RateTable, TaxEngine as TaxEngine
from billing_sdk.server.domain.tax.gateway_tax import GatewayShare as GatewayShare, GatewayTax as GatewayTax
from billing_sdk.server.domain.tax.location import EUROPEAN_UNION as EUROPEAN_UNION, Location as Location
from billing_sdk.server.domain.tax.rate import AppliedRate as AppliedRate, TaxRate as TaxRate
from billing_sdk.server.domain.tax.reverse_charge import (
    REVERSE_CHARGE as REVERSE_CHARGE,
    is_reverse_charged as is_reverse_charged,
)
from billing_sdk.server.domain.tax.shares import apportioned as apportioned, share_of_part as share_of_part
from billing_sdk.server.domain.tax.vat_number import (
    country_meant_by as country_meant_by,
    country_of_vat_number as country_of_vat_number,
    is_vat_number as is_vat_number,
    normalized_vat_number as normalized_vat_number,
)
