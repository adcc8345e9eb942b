"""What applications report of customers in a history: events, the same ones again, and corrections."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from billing_sdk.errors import InvalidRequest
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.usecases.correct_event import amend_event, cancel_event
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.follow_usage import follow_usage
from tests.contract.usage_events import report
from tests.histories.deeds import Happened
from tests.histories.shop import TOKENS


class UsageDeeds:
    """Verbs of a world; see `World`."""

    engine: Engine
    clock_id: str
    customers: list[Customer]
    events: list[Happened]

    def _event(self, customer: int, units: int, hours: int) -> None:
        """Report what somebody used a while ago, whatever they had agreed to by then, and send it twice."""
        with self.engine.read() as tx:
            now = tx.clocks.time_of(self.clock_id)
        happened = Happened(customer, now - timedelta(hours=hours), units, told_at=now)
        number, who = str(len(self.events)), self.customers[customer]
        subject = str(who.user_id) if units % 2 else who.id
        sent = [
            report(self.engine, subject, units, happened.at, type=TOKENS, id=number, arrives_at=now) for _ in range(2)
        ]
        assert sent == ["accepted", "duplicate"]
        self.events.append(happened)
        follow_usage(self.engine)

    def _withdraw(self, customer: int, units: int) -> None:
        """Correct the last event of somebody that was reported: it has used so much, or never was."""
        found = [(number, one) for number, one in enumerate(self.events) if one.customer == customer and one.units]
        if not found:
            raise InvalidRequest("nothing was reported")
        number, happened = found[-1]
        if units:
            amend_event(self.engine, source="app", id=str(number), data={"value": units}, reason="a history")
        else:
            cancel_event(self.engine, source="app", id=str(number), reason="a history")
        self.events[number] = replace(happened, units=units, is_corrected=True)
        follow_usage(self.engine)
