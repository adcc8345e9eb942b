"""Deleting an account while money is on its way: no charge ends up paying for a plan of nobody."""

from __future__ import annotations

from dataclasses import replace

import pytest

from billing_sdk.errors import Conflict
from billing_sdk.server.gateways import ManagedGateway
from billing_sdk.server.usecases.add_card import add_card
from billing_sdk.server.usecases.become_customer import become_customer
from billing_sdk.server.usecases.create_organization import create_organization
from billing_sdk.server.usecases.delete_organization import delete_organization
from billing_sdk.server.usecases.delete_user import delete_user
from billing_sdk.server.usecases.subscribe import subscribe
from tests.engines import card, events_of, payer


class Meanwhile(ManagedGateway):
    """A processor that takes so long to answer that something else happens."""

    def __init__(self, act):
        super().__init__()
        self.act = act

    def collect(self, bill, *, idempotency_key):
        self.act()
        return super().collect(bill, idempotency_key=idempotency_key)


def live_of(engine, customer):
    with engine.read() as tx:
        return [agreement.plan_key for agreement in tx.agreements.live_of(customer.id)]


def test_a_person_can_not_be_deleted_while_a_charge_is_under_way(engine):
    customer = payer(engine)

    def delete():
        with pytest.raises(Conflict):
            delete_user(engine, user_id=customer.user_id)

    subscribe(replace(engine, gateway=Meanwhile(delete)), customer_id=customer.id, plan_key="pro_monthly")

    with engine.read() as tx:
        assert tx.users.find(customer.user_id) is not None
    assert live_of(engine, customer) == ["pro_monthly"]
    delete_user(engine, user_id=customer.user_id)
    assert live_of(engine, customer) == []


def test_an_organization_can_not_be_deleted_while_a_charge_is_under_way(engine):
    organization = create_organization(engine, name="Acme")
    customer = become_customer(engine, org_code=organization.code, billing_email="acme@example.com")
    add_card(engine, customer_id=customer.id, card=card())

    def delete():
        with pytest.raises(Conflict):
            delete_organization(engine, code=organization.code)

    subscribe(replace(engine, gateway=Meanwhile(delete)), customer_id=customer.id, plan_key="team_pro")

    with engine.read() as tx:
        assert tx.organizations.find(organization.code) is not None
    assert live_of(engine, customer) == ["team_pro"]
    delete_organization(engine, code=organization.code)
    assert live_of(engine, customer) == []


def test_a_payment_for_an_account_that_is_gone_is_on_record_and_leaves_no_live_plan(engine):
    customer = payer(engine)

    def vanish():
        with engine.begin() as tx:
            tx.users.remove(customer.user_id)

    subscribe(replace(engine, gateway=Meanwhile(vanish)), customer_id=customer.id, plan_key="pro_monthly")

    with engine.read() as tx:
        (invoice,) = tx.invoices.page(customer_id=customer.id).items
        (payment,) = tx.invoices.list_payments(customer_id=customer.id).items
    assert (live_of(engine, customer), invoice.payment_id, payment.status) == ([], payment.id, "succeeded")
    assert events_of(engine, customer.id)[-2:] == ["customer.payment_succeeded", "customer.agreement_cancelled"]
