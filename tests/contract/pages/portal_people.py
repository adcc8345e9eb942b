"""People in front of the portal's plan pages, on a server whose clock stands still: what they are shown is exact."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.usecases.change_options import AS_DECIDED, ChangeOptions
from billing_sdk.server.usecases.create_portal_link import create_portal_link
from billing_sdk.server.usecases.subscribe import subscribe
from billing_sdk.testing.visitor import Page, Visitor
from tests.engines import payer
from tests.serving import RunningServer


@dataclass(frozen=True)
class Somebody:
    """A customer on a plan, with a browser in the portal."""

    server: RunningServer
    visitor: Visitor
    customer_id: str
    agreement_id: str
    user_id: str

    @property
    def agreement(self) -> Agreement:
        """What was agreed, as it is now."""
        with self.server.engine.read() as tx:
            return tx.agreements.get(self.agreement_id)

    @property
    def paid(self) -> list[str]:
        """What was charged, the first first."""
        with self.server.engine.read() as tx:
            payments = tx.invoices.list_payments(customer_id=self.customer_id).items
        return [f"{payment.status} {payment.amount}" for payment in payments]

    def enter(self) -> Page:
        """Open the portal by a fresh link; a visit is over after half an hour without use."""
        self.visitor.open(create_portal_link(self.server.engine, user_id=self.user_id, sub_nav="plan_details"))
        return self.visitor.submit("Continue")

    def open(self, path: str = "") -> Page:
        """Open a page of the agreement, or the plan page."""
        below = f"/{self.agreement_id}/{path}" if path else ""
        return self.visitor.open(f"{self.server.base_url}/portal/plan_details{below}")


@contextmanager
def on_plan(server: RunningServer, plan_key: str, options: ChangeOptions = AS_DECIDED) -> Iterator[Somebody]:
    """Yield somebody who is on a plan, in the portal."""
    email = f"vera-{secrets.token_hex(6)}@example.com"
    customer = payer(server.engine, email)
    agreement = subscribe(server.engine, customer_id=customer.id, plan_key=plan_key, options=options)
    assert customer.user_id
    with Visitor() as visitor:
        somebody = Somebody(server, visitor, customer.id, agreement.id, customer.user_id)
        somebody.enter()
        yield somebody
