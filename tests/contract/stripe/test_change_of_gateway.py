"""The gateway is changed under a running business: plans go on, what is owed is paid anew, what was paid goes back."""

from __future__ import annotations

from billing_sdk.server.usecases.add_card import add_card
from billing_sdk.server.usecases.collect_pending import changes_unpaid, collect_pending
from billing_sdk.server.usecases.credit_invoice import credit_invoice
from billing_sdk.server.usecases.enable_billing import enable_billing
from billing_sdk.server.usecases.payment_methods import list_methods
from billing_sdk.server.usecases.run_due import run_due
from tests.engines import card
from tests.stripe_loop import check_out, clear_up, enable, fail, lose_the_card, new_loop, renew, sign_up, subscribe


def test_what_is_owed_is_paid_through_the_new_gateway_and_what_was_paid_goes_back_through_the_old():
    with new_loop() as loop:
        for step in (enable, sign_up, check_out, subscribe, renew, lose_the_card, fail):
            step(loop)
        engine, stripe = loop.engine, loop.stripe
        since = engine.workspace.billing_enabled_at
        *_, owed = loop.invoices()
        assert [one["status"] for one in stripe.all("invoice")].count("open") == 1
        enable_billing(engine, gateway="managed", actor="operator")
        assert (engine.workspace.billing_enabled_at, list_methods(engine, customer_id=loop.customer_id)) == (since, ())
        with engine.read() as tx:
            [agreement] = tx.agreements.live_of(loop.customer_id)
            customer = tx.customers.get(loop.customer_id)
        assert agreement.plan_key == "pro_monthly"
        add_card(engine, customer_id=loop.customer_id, card=card())
        with engine.read() as tx:
            [change] = changes_unpaid(tx, customer, at=engine.now())
        collect_pending(engine, customer_id=loop.customer_id, terms=change.terms)
        with engine.read() as tx:
            paid = tx.invoices.get(owed.id)
            payment = tx.invoices.get_payment(paid.payment_id or "")
        assert (paid.status, payment.gateway) == ("paid", "managed")
        run_due(engine)
        # Nobody can pay it a second time on Stripe's page.
        assert [one["status"] for one in stripe.all("invoice")].count("open") == 0
        credit_invoice(engine, invoice_id=loop.invoices()[0].id, reason="A gift", destination="refund")
        clear_up(engine)
        [refund] = stripe.all("refund")
        assert refund["amount"] == 2_900
        methods = {one["id"] for one in stripe.all("payment_method")}
        enable_billing(engine, gateway="stripe_platform", actor="operator")
        found = list_methods(engine, customer_id=loop.customer_id)
        assert (len(found) > 0, {one.gateway_token for one in found} <= methods) == (True, True)
