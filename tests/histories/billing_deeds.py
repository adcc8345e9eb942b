"""What a history does to the way in which customers are billed."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from billing_sdk.errors import InvoiceNotIssued, UnknownAllowance
from billing_sdk.money import Money
from billing_sdk.server.domain.collection import BUILT_IN_ID
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.invoicing import Invoice, Lines, PlannedCharge
from billing_sdk.server.domain.periods import Duration, Period
from billing_sdk.server.domain.rating import Flat, PerUnit, Terms
from billing_sdk.server.ids import new_id
from billing_sdk.server.usecases.add_charge import add_charge
from billing_sdk.server.usecases.advance_clock import advance_clock
from billing_sdk.server.usecases.billing_profiles import update_profile
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.grant_allowance import grant_allowance, void_allowance
from billing_sdk.server.usecases.one_off_charges import OneOff
from billing_sdk.server.usecases.planned_charges import Wished, plan_charge
from billing_sdk.server.usecases.reissue_invoice import reissue_invoice
from billing_sdk.server.usecases.upcoming_invoices import upcoming_invoices
from billing_sdk.server.usecases.void_invoice import void_invoice
from tests.histories.shop import TOKENS

# What is done on its own before an invoice is issued without making another one of it.
FORESEEN = frozenset({"renew", "invoice", "charge", "accrue", "trial_end", "trial_reminder", "overdue"})


class BillingDeeds:
    """Verbs of a world; see `World`."""

    engine: Engine
    clock_id: str
    customers: list[Customer]

    def _charge(self, customer: int, minor: int, bill_now: bool) -> None:
        """Charge somebody once: at once, or with what is billed next."""
        charge = OneOff("Something else", Money(minor, "USD"))
        add_charge(self.engine, customer_id=self.customers[customer].id, charge=charge, bill_now=bill_now)

    def _once(self, customer: int, before_hours: int, after_hours: int, is_flat: bool) -> None:
        """Have somebody charged once when a period is over, that has begun: for its tokens, or a part of an amount."""
        with self.engine.read() as tx:
            now = tx.clocks.time_of(self.clock_id)
        period = Period(now - timedelta(hours=before_hours), now + timedelta(hours=after_hours))
        planned = PlannedCharge(
            new_id("charge"),
            self.customers[customer].id,
            "Burst",
            "USD",
            Terms(Flat(Decimal(997)), discount_percent=Decimal(5)) if is_flat else Terms(PerUnit(Decimal("0.3"))),
            period,
            Period(period.start, period.end + timedelta(days=3)) if is_flat else period,
            period.end,
            None if is_flat else TOKENS,
        )
        plan_charge(self.engine, Wished(planned, "Burst"), actor="history")

    def _allow(
        self, customer: int, units: int, priority: int, days: int | None = None, every: str | None = None
    ) -> None:
        """Let somebody use more tokens than the plan includes."""
        grant_allowance(
            self.engine,
            customer_id=self.customers[customer].id,
            feature_key=TOKENS,
            amount=str(units),
            priority=priority,
            expires_after=None if days is None else f"P{days}D",
            recurrence=every,
            max_rollover=str(units // 2),
        )

    def _disallow(self, customer: int) -> None:
        """Take back what was let to somebody first."""
        with self.engine.read() as tx:
            first = tx.allowances.list(customer_id=self.customers[customer].id).items[:1]
        if not first:
            raise UnknownAllowance("there is nothing to take back")
        void_allowance(self.engine, customer_id=self.customers[customer].id, allowance_id=first[0].id)

    def _bill(self, late_days: int, send_days: int, together: bool) -> None:
        """Decide how invoices wait from now on, and whether agreements are billed together."""
        update_profile(
            self.engine,
            BUILT_IN_ID,
            wait_for_late_usage=Duration(days=late_days),
            wait_before_sending=Duration(days=send_days),
            is_consolidating=together,
        )

    def _foresee(self, customer: int) -> None:
        """Wait until somebody's next invoice is issued, which has to be the one that was foreseen."""
        found = self.customers[customer]
        with self.engine.read() as tx:
            upcoming = upcoming_invoices(tx, self.engine, tx.customers.get(found.id))
            timers = tx.timers.of_customer(found.id)
        if not upcoming:
            return
        first = upcoming[0]
        # An adjustment of that instant is what was foreseen, or comes after it; an earlier one may give money back.
        due = {
            timer.kind
            for timer in timers
            if timer.due_at <= first.issues_at and (timer.kind, timer.due_at) != ("adjust", first.issues_at)
        }
        if len([one for one in upcoming if one.issues_at == first.issues_at]) > 1 or due - FORESEEN:
            return
        advance_clock(self.engine, self.clock_id, to=first.issues_at)
        with self.engine.read() as tx:
            newest = tx.invoices.newest_of(found.id, limit=5)
        came = [_said(invoice.lines) for invoice in newest if invoice.issued_at == first.issues_at]
        if not came and "trial_end" in due:
            return  # no trial goes on that nobody can pay for
        assert _said(first.lines) in came, f"foreseen was {_said(first.lines)}, and there came {came}"

    def _void(self, customer: int) -> None:
        """Make the newest invoice void that is asked for."""
        void_invoice(self.engine, invoice_id=self._asked_for(customer).id)

    def _reissue(self, customer: int, part: int) -> None:
        """Issue the newest invoice anew that is asked for; what it charges first comes to a part in a hundred of it."""
        before = self._asked_for(customer)
        charges = ((number, line.amount) for number, line in enumerate(before.lines, 1) if line.kind == "licence_fee")
        corrected = {number: Money(amount.minor * part // 100, amount.currency) for number, amount in charges}
        first = dict(list(corrected.items())[:1]) if part < 100 else {}
        reissue_invoice(self.engine, invoice_id=before.id, corrected=first)

    def _asked_for(self, customer: int) -> Invoice:
        customer_id = self.customers[customer].id
        with self.engine.read() as tx:
            for invoice in tx.invoices.newest_of(customer_id, limit=50):
                is_whole = not tx.credit_notes.of_invoice(invoice.id)
                if is_whole and (invoice.is_owed or invoice.status == "uncollectible"):
                    return invoice
        raise InvoiceNotIssued("nothing is asked for")


def _said(lines: Lines) -> list[tuple[str, str, Period]]:
    return [(line.description, str(line.amount), line.period) for line in lines]
