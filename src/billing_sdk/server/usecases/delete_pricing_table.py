"""Delete a pricing table."""

from __future__ import annotations

from billing_sdk.server.usecases.engine import Engine


def delete_pricing_table(engine: Engine, *, key: str, actor: str = "operator") -> None:
    """Delete a table with everything that was written for it; plans and customers stay as they are.

    Raises:
        UnknownPricingTable: there is no such table.
    """
    with engine.begin() as tx:
        table = tx.pricing_tables.get(key)
        tx.pricing_tables.delete(table.id)
        tx.audit.record(actor, "pricing_table.delete", table.id, engine.now(), before=table)
