"""Whatever is reported late or corrected, what was billed less what was credited comes to what was used."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from hypothesis import given, settings, strategies as st

from billing_sdk.server.domain.rating import Graduated, Package, PerUnit, Price, Terms, Tier, Usage, Volume, charge
from billing_sdk.server.usecases.run_due import run_due
from billing_sdk.server.usecases.subscribe import subscribe
from tests.contract.agreements import balance_of, invoices_of
from tests.contract.late import TOKENS, notes_of, rated_of, sell_by_use, use
from tests.engines import IN_MEMORY, NOON, advance, engine_on, payer

TIERS = (Tier(Decimal(50), Decimal("3.3")), Tier(None, Decimal(1), Decimal(20)))
PRICES: tuple[Price, ...] = (
    PerUnit(Decimal("0.335")),
    Graduated(TIERS),
    Volume(TIERS),
    Package(Decimal(30), Decimal(70)),
)
# A report: how many days after the begin of the first month it is for, whether it is a total, how much, and how many
# days go by after it.
reports = st.tuples(st.integers(0, 27), st.booleans(), st.integers(0, 120), st.sampled_from((0, 0, 2)))


@settings(max_examples=10, deadline=None, derandomize=True)
@given(st.sampled_from(PRICES), st.integers(0, 200), st.lists(reports, min_size=1, max_size=5))
def test_invoices_less_credit_notes_come_to_what_was_used(
    price: Price, first: int, told: list[tuple[int, bool, int, int]]
) -> None:
    with engine_on(IN_MEMORY) as engine:
        customer = payer(engine)
        sell_by_use(engine, price=price)
        agreement = subscribe(engine, customer_id=customer.id, plan_key="metered")
        use(engine, agreement, first)
        advance(engine, days=28, hours=1)
        run_due(engine)
        for day, is_total, units, days in told:
            kind = "absolute" if is_total else "delta"
            use(engine, agreement, units, NOON + timedelta(days=day, hours=1), kind=kind)
            advance(engine, days=days)
            run_due(engine)
        advance(engine, days=2)
        run_due(engine)

        (one,) = rated_of(engine, agreement)
        with engine.read() as tx:
            total = tx.usage.total(agreement.id, TOKENS, one.counted)
        lines = [line for invoice in invoices_of(engine, customer) for line in invoice.lines]
        usage = [line.amount.minor for line in lines if line.kind != "credit_balance"]
        credited = sum(sum(lines.values()) for _, _, lines in notes_of(engine, customer))
        expected = charge(Terms(price), Usage(total), currency="USD").amount.minor
        assert sum(usage) - credited == expected == one.billed.minor
        assert not one.is_dirty
        assert balance_of(engine, customer) <= credited
