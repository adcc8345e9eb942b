"""Pricing tables: plans of one group as a visitor sees them."""

from __future__ import annotations

from billing_sdk._operation import C, Call, Flow, Resource, operation
from billing_sdk.models import PricingTable
from billing_sdk.resources._base import MANAGEMENT, every, one, segment

PATH = f"{MANAGEMENT}/billing/pricing_tables"
TABLE = one("pricing_table", PricingTable.read)


class PricingTables(Resource[C]):
    """Pricing tables; an extension that only our own server has. Takes the machine credentials."""

    @operation
    def list(self) -> Flow[tuple[PricingTable, ...]]:
        """Return every table (extension)."""
        return every(PATH, "pricing_tables", PricingTable.read)

    @operation
    def get(self, code: str) -> Call[PricingTable]:
        """Return one table (extension).

        Raises:
            UnknownPricingTable: there is none with this code.
        """
        return Call("GET", f"{PATH}/{segment('code', code)}", TABLE, credential="machine")
