"""A browser on a journey, without its pages."""

from __future__ import annotations

from billing_sdk.server.domain.identity import Application
from billing_sdk.server.usecases.advance_journey import (
    choose_plan,
    name_organization,
    pay,
    sign_in_in_journey,
    sign_up_in_journey,
)
from billing_sdk.server.usecases.begin_journey import begin_journey, find_journey
from billing_sdk.server.usecases.journey_facts import find_due, offered_table
from billing_sdk.server.usecases.next_step import next_step
from tests.engines import PASSWORD, card

NEW = {"email": "new@example.com", "password": PASSWORD}
ADA = {"email": "ada@example.com", "password": PASSWORD}


class Trip:
    """A browser on a journey."""

    def __init__(self, engine, user_id=None, **parameters):
        self.engine = engine
        with engine.begin() as tx:
            tx.applications.save(Application("app", "App", "web"))
        begun, self.key = begin_journey(
            engine,
            client_id="app",
            redirect_uri="https://app.example/callback",
            parameters=parameters,
            user_id=user_id,
        )
        self.id = begun.id

    @property
    def journey(self):
        return find_journey(self.engine, journey_id=self.id, browser_key=self.key)

    @property
    def step(self):
        return next_step(self.engine, journey=self.journey)

    @property
    def table(self):
        with self.engine.read() as tx:
            table = offered_table(tx, self.engine, self.journey)
        return table and table.key

    def sign_up(self, **person):
        return sign_up_in_journey(self.engine, journey=self.journey, **{**NEW, **person})

    def sign_in(self, **person):
        return sign_in_in_journey(self.engine, journey=self.journey, **{**ADA, **person})

    def name(self, name="Acme"):
        return name_organization(self.engine, journey=self.journey, name=name)

    def choose(self, plan_key):
        return choose_plan(self.engine, journey=self.journey, plan_key=plan_key)

    def pay(self, number="4242424242424242"):
        with self.engine.read() as tx:
            due = find_due(tx, self.engine, self.journey)
        return pay(self.engine, journey=self.journey, terms=due.terms if due else "", card=card(number))

    @property
    def customer(self):
        with self.engine.read() as tx:
            return tx.customers.find_by_user(self.journey.user_id) or tx.customers.find_by_organization(
                self.journey.org_code
            )

    @property
    def plans(self):
        with self.engine.read() as tx:
            return [agreement.plan_key for agreement in tx.agreements.live_of(self.customer.id)]
