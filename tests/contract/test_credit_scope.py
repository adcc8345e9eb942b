"""Credit for some metered items, or for the charges of some rate cards; two items may be of one meter."""

from __future__ import annotations

from decimal import Decimal

import pytest

from billing_sdk.errors import InvalidRequest, NotFound
from billing_sdk.money import Money
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.domain.rating import PerUnit, Terms
from billing_sdk.server.usecases.attach_component import attach_component
from billing_sdk.server.usecases.create_item import create_metered_item
from billing_sdk.server.usecases.create_plan import create_plan
from billing_sdk.server.usecases.create_rate_card import create_rate_card
from billing_sdk.server.usecases.create_service_action import create_service_action
from billing_sdk.server.usecases.credit_invoice import credit_invoice
from billing_sdk.server.usecases.grant_credit import grant_credit
from billing_sdk.server.usecases.look_up_credit import look_up_credit
from billing_sdk.server.usecases.modify_rates import NewRate, add_rate
from billing_sdk.server.usecases.next_invoice import next_invoice
from billing_sdk.server.usecases.publish_plan import publish_plan
from billing_sdk.server.usecases.record_usage import record_usage
from billing_sdk.server.usecases.run_due import run_due
from billing_sdk.server.usecases.subscribe import subscribe
from tests.engines import IN_MEMORY, advance, engine_on, payer

MONTH = Cadence("month")
PLAN = "models"
CARDS = {"Small models": ("small", "mini"), "Large models": ("large",)}


@pytest.fixture
def engine():
    """A plan with two rate cards for three models; all are counted by one meter, and a token is a cent of each."""
    with engine_on(IN_MEMORY) as opened:
        create_plan(opened, key=PLAN, name="Models")
        for name, models in CARDS.items():
            card = create_rate_card(opened, name=name, currency="USD", service=MONTH, lookup_key=name.split()[0])
            for model in models:
                item = create_metered_item(
                    opened, name=model, feature_key="ai_tokens", conditions={"model": model}, lookup_key=model
                )
                add_rate(opened, card_id=card.id, rate=NewRate(item.id, Terms(PerUnit(Decimal(1)))))
            attach_component(opened, plan_key=PLAN, kind="rate_card", object_id=card.id)
        yield opened


def join(engine):
    publish_plan(engine, plan_key=PLAN)
    return subscribe(engine, customer_id=payer(engine).id, plan_key=PLAN)


def use(engine, agreement, **tokens: int) -> None:
    for model, count in tokens.items():
        record_usage(
            engine,
            agreement_id=agreement.id,
            feature_key="ai_tokens",
            value=str(count),
            dimensions={"model": model},
        )


def month_of(engine, agreement) -> list[tuple[str, int]]:
    """Let a month pass, and return what its invoice says."""
    advance(engine, days=31)
    run_due(engine)
    with engine.read() as tx:
        newest = tx.invoices.newest_of(agreement.customer_id)[0]
    return [(line.description, line.amount.minor) for line in newest.lines]


def test_a_service_action_for_one_item_leaves_another_item_of_the_same_meter_to_be_paid(engine):
    action = create_service_action(engine, name="Tokens", amount=Money(1_000, "USD"), service=MONTH, item_ids=["large"])
    attach_component(engine, plan_key=PLAN, kind="service_action", object_id=action.id)
    agreement = join(engine)
    use(engine, agreement, small=300, large=700)
    (balance,) = look_up_credit(engine, customer_id=agreement.customer_id)
    assert (balance.pending.minor, balance.available.minor) == (700, 300)
    assert month_of(engine, agreement) == [("small", 300), ("large", 700), ("Tokens: large", -700)]


def test_a_grant_for_a_rate_card_pays_the_charges_of_that_card_alone(engine):
    agreement = join(engine)
    grant_credit(
        engine, customer_id=agreement.customer_id, name="Gift", amount=Money(5_000, "USD"), cards=["Small", "Small"]
    )
    use(engine, agreement, small=300, mini=20, large=700)
    said = month_of(engine, agreement)
    assert said[:3] == [("small", 300), ("mini", 20), ("large", 700)]
    assert said[3:] == [("Gift: small", -300), ("Gift: mini", -20)]


@pytest.mark.parametrize(
    ("scope", "refused"),
    [
        ({"items": ["nothing"]}, NotFound),
        ({"cards": ["nothing"]}, NotFound),
        ({"applies_to": ["ai_tokens"] * 21, "cards": []}, None),
    ],
)
def test_what_a_scope_names_has_to_be_there(engine, scope, refused):
    customer = payer(engine)
    given = {"customer_id": customer.id, "name": "Gift", "amount": Money(1, "USD"), **scope}
    if refused is None:
        assert grant_credit(engine, **given).applies_to == ("ai_tokens",)
        return
    with pytest.raises(refused):
        grant_credit(engine, **given)
    with engine.read() as tx:
        assert tx.grants.all_of(customer.id) == ()


def test_a_scope_names_at_most_twenty_items(engine):
    items = [create_metered_item(engine, name=f"Item {one}", feature_key="ai_tokens").id for one in range(21)]
    customer = payer(engine)
    with pytest.raises(InvalidRequest) as refused:
        grant_credit(engine, customer_id=customer.id, name="Gift", amount=Money(1, "USD"), items=items)
    assert refused.value.facts["parameter"] == "items"


def test_a_preview_spends_no_credit_and_a_credit_note_gives_none_back(engine):
    agreement = join(engine)
    gift = grant_credit(
        engine, customer_id=agreement.customer_id, name="Gift", amount=Money(5_000, "USD"), cards=["Small"]
    )
    use(engine, agreement, small=300, large=700)
    with engine.read() as tx:
        foreseen = next_invoice(tx, tx.customers.get(agreement.customer_id), agreement)
        assert [line.amount.minor for line in foreseen.lines] == [300, 700, -300]
        assert tx.grants.get(gift.id).left.minor == 5_000
    month_of(engine, agreement)
    with engine.read() as tx:
        invoice = tx.invoices.newest_of(agreement.customer_id)[0]
    credit_invoice(engine, invoice_id=invoice.id, reason="goodwill")
    with engine.read() as tx:
        assert tx.grants.get(gift.id).left.minor == 4_700
