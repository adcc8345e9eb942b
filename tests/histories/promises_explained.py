"""The promise that every amount can be computed again by whoever has read its explanation."""

from __future__ import annotations

from billing_sdk.server.usecases.explain_line import explain_line
from tests.explaining import recomputed_amount
from tests.histories.world import Books, World


def every_amount_follows_from_its_explanation(world: World, books: Books) -> None:
    """Explain each line of a customer's invoices, none of them twice: what was issued does not change."""
    with world.engine.read() as tx:
        for invoice in books.invoices:
            for number, line in enumerate(invoice.lines, 1):
                if (invoice.id, number) in world.explained:
                    continue
                told = explain_line(tx, invoice.id, number)
                assert recomputed_amount(told) == line.amount.minor, f"{invoice.number}, line {number}: {told}"
                world.explained.add((invoice.id, number))
