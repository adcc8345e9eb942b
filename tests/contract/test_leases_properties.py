"""Whatever holders of leases do, and in whatever order they say so: what they let in stays within the limit."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from hypothesis import given, settings, strategies as st

from billing_sdk.errors import LimitReached
from billing_sdk.server.domain.metering import Reservation
from billing_sdk.server.usecases.commit_reservation import commit_reservation, report_lease
from billing_sdk.server.usecases.reserve_usage import lease_usage
from billing_sdk.server.usecases.subscribe import subscribe
from tests.engines import IN_MEMORY, advance, engine_on, payer

LIMIT = 1_000
FREE_SECONDS = 360


@dataclass
class Holder:
    """What the holder of a lease knows: how much it has let in, and the most that it has told."""

    lease: Reservation
    let_in: Decimal = Decimal(0)
    told: Decimal = Decimal(0)


# What happens: somebody gets a lease of so much, lets so much in, says a total that is so much too old, ends a lease,
# or time goes by. The second number says whose lease it is.
deeds = st.tuples(
    st.sampled_from(("get", "get", "let in", "let in", "tell", "end", "wait")),
    st.integers(0, 9),
    st.sampled_from((1, 7, 40, 333)),
)


@settings(max_examples=5, deadline=None, derandomize=True)
@given(st.lists(deeds, min_size=4, max_size=16))
def test_what_is_let_in_stays_within_the_limit_and_what_is_told_counts_once(told: list[tuple[str, int, int]]) -> None:
    with engine_on(IN_MEMORY) as engine:
        agreement = subscribe(engine, customer_id=payer(engine).id, plan_key="free")
        holders: list[Holder] = []
        ended: set[str] = set()
        seconds = 0
        for deed, whose, amount in told:
            holder = holders[whose % len(holders)] if holders else None
            if deed == "get":
                try:
                    lease = lease_usage(
                        engine, feature_key="ai_tokens", units=str(amount), least="1", agreement_id=agreement.id
                    )
                except LimitReached:
                    assert sum(one.lease.units for one in holders if one.lease.id not in ended) > 0
                else:
                    holders.append(Holder(lease))
            elif deed == "wait":
                seconds += 10
                advance(engine, seconds=10)
            elif holder is None:
                continue
            elif deed == "let in":
                if holder.lease.id not in ended and engine.now() < holder.lease.expires_at:
                    holder.let_in = min(holder.let_in + amount, holder.lease.units)
            else:
                total = max(holder.let_in - (amount if deed == "tell" and amount == 1 else 0), Decimal(0))
                names = {"reservation_id": holder.lease.id, "agreement_id": agreement.id}
                if deed == "tell":
                    report_lease(engine, used=str(total), **names)
                else:
                    commit_reservation(engine, units=str(total), **names)
                    ended.add(holder.lease.id)
                holder.told = max(holder.told, total)
            with engine.read() as tx:
                used = tx.usage.total(agreement.id, "ai_tokens", agreement.period_at(engine.now()))
                held = tx.reservations.held(agreement.id, "ai_tokens", at=engine.now())
            assert used == sum(one.told for one in holders)
            assert used + held <= LIMIT
            assert sum(one.let_in for one in holders) <= LIMIT
        assert seconds < FREE_SECONDS, "nothing that was let in came free before it was told"
