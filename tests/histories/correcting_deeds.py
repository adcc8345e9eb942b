"""What a history does about what was issued and paid: credit notes, and what banks and a processor's dashboard do."""

from __future__ import annotations

from dataclasses import replace

from billing_sdk.errors import InvoiceNotPaid, UnknownDispute
from billing_sdk.money import Money
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.invoicing import CreditDestination, DisputeKind, DisputeStatus, Payment, ToldDispute
from billing_sdk.server.gateways import ManagedGateway, PaymentRefund
from billing_sdk.server.usecases.close_dispute import close_dispute
from billing_sdk.server.usecases.credit_invoice import credit_invoice
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.open_dispute import open_dispute
from billing_sdk.server.usecases.take_outside_refund import take_outside_refund


class Dashboard(ManagedGateway):
    """A processor at which somebody else pays back as well."""

    def __init__(self) -> None:
        super().__init__()
        self.made: dict[str, PaymentRefund] = {}

    def find_refund(self, reference: str) -> PaymentRefund | None:
        """Return what was paid back there."""
        return self.made.get(reference)


class CorrectingDeeds:
    """Verbs of a world; see `World`."""

    engine: Engine
    customers: list[Customer]

    def _credit(self, customer: int, part: int, destination: CreditDestination | None = None, ago: int = 0) -> None:
        """Take back a part in a hundred of what is left of the newest invoice, or of one that was issued before it."""
        customer_id = self.customers[customer].id
        with self.engine.read() as tx:
            newest = tx.invoices.newest_of(customer_id, limit=1 + ago)[ago:]
            left = tx.credit_notes.left_of(newest[0]).whole if newest else None
        if left is None or left.minor * part < 100:
            raise InvoiceNotPaid("there is nothing to credit")
        wanted = Money(left.minor * part // 100, left.currency)
        credit_invoice(self.engine, invoice_id=newest[0].id, wanted=wanted, reason="a history", destination=destination)

    def _dispute(self, customer: int, part: int, kind: DisputeKind, ago: int = 0) -> None:
        """Let a bank ask for a part in a hundred of what is left of a payment."""
        payment, amount = self._paid(customer, part, ago)
        told = ToldDispute(f"du_{len(self._all_disputes())}", amount, "general", kind)
        with self.engine.begin() as tx:
            locked = tx.customers.lock(payment.customer_id)
            at = self.engine.now_for(tx, locked)
            for _ in range(2):
                open_dispute(tx, locked, payment, told, source="admin", actor="bank", at=at)

    def _judge(self, customer: int, outcome: DisputeStatus) -> None:
        """Decide what was disputed first and is not decided."""
        customer_id = self.customers[customer].id
        with self.engine.read() as tx:
            its = [one for one in tx.disputes.page(customer_id=customer_id).items if one.is_open]
        if not its:
            raise UnknownDispute("nothing is disputed")
        close_dispute(self.engine, its[0].id, outcome if its[0].kind == "dispute" else "closed")

    def _pay_back_there(self, customer: int, part: int, ago: int = 0, comes_back: bool = False) -> None:
        """Pay a part in a hundred of what is left of a payment back in the processor's dashboard; it may come back."""
        payment, amount = self._paid(customer, part, ago)
        dashboard = self.engine.gateway
        assert isinstance(dashboard, Dashboard)
        reference = f"re_{len(dashboard.made)}"
        made = PaymentRefund(reference, payment.gateway_reference or "", amount, "succeeded")
        for told in (made, made, replace(made, outcome="failed", decline_code="lost") if comes_back else made):
            dashboard.made[reference] = told
            take_outside_refund(self.engine, "managed", reference)

    def _paid(self, customer: int, part: int, ago: int) -> tuple[Payment, Money]:
        """Return a payment by card, and a part of what a bank can still take of it."""
        with self.engine.read() as tx:
            newest = tx.invoices.newest_of(self.customers[customer].id, limit=50)
            paid = [one for one in newest if one.payment_id is not None][ago : ago + 1]
            if not paid:
                raise InvoiceNotPaid("nothing was paid")
            payment = tx.invoices.get_payment(paid[0].payment_id or "")
            left = payment.amount - tx.disputes.held(paid[0])
            for refund in tx.refunds.of_invoice(paid[0].id):
                left -= refund.amount
        if payment.gateway_reference is None or left.minor * part < 100:
            raise InvoiceNotPaid("nothing is left of what was paid")
        return payment, Money(left.minor * part // 100, left.currency)

    def _all_disputes(self) -> tuple[object, ...]:
        with self.engine.read() as tx:
            return tuple(one for who in self.customers for one in tx.disputes.page(customer_id=who.id).items)
